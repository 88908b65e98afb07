import { StateDB } from '@jupyterlab/statedb';
import { afterEach, expect, it } from 'vitest';

import { EVERYTHING } from '../src/filter';
import { RunManager } from '../src/model/manager';
import { Memory } from '../src/plugins/memory';
import { fakeApi, json, status, waitFor } from './samples';

const pages: RunManager[] = [];
const BY_NAME = { field: 'display_name', descending: false } as const;

afterEach(() => pages.splice(0).forEach(page => page.dispose()));

/** A page that is opened with what the last one left behind. */
async function open(state: StateDB): Promise<RunManager> {
  const none = (): Response => json({ runs: [], total_size: 0, next_page_token: '' });
  const api = fakeApi({
    'GET status': ({ url }) => json(status({ namespace: new URL(url).searchParams.get('namespace') ?? 'team-a' })),
    'GET namespaces/team-a/runs': none,
    'GET namespaces/team-b/runs': none
  });
  const manager = new RunManager({ api, pages: null, isPageVisible: () => true });
  pages.push(manager);
  await new Memory(manager, state).begin();
  return manager;
}

it('restores the namespace and the filter of each', async () => {
  const state = new StateDB();
  const before = await open(state);
  before.list.setFilter({ states: ['FAILED', 'SKIPPED'], sort: BY_NAME, search: 'x' });
  await before.connection.setNamespace('team-b');
  expect(before.list.filter).toEqual(EVERYTHING);
  const after = await open(state);
  expect([after.connection.namespace, after.list.filter]).toEqual(['team-b', EVERYTHING]);
  await after.connection.setNamespace('team-a');
  await waitFor(() => expect(after.list.filter).toMatchObject({ states: ['FAILED', 'SKIPPED'], sort: BY_NAME, search: '' }));
});

it.each([null, 'text', { namespace: 'gone', filters: [] }, { namespace: 7, filters: { 'team-a': { states: 'odd', sort: 7, experiment: [] } } }])(
  'starts afresh if the kept place cannot be used: %j',
  async kept => {
    const state = new StateDB();
    await state.save('jupyter-kfp-mt:place', kept);
    const page = await open(state);
    expect([page.connection.namespace, page.list.filter]).toEqual(['team-a', EVERYTHING]);
  }
);
