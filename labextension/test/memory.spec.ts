import { StateDB } from '@jupyterlab/statedb';
import { afterEach, expect, it } from 'vitest';

import { RunManager } from '../src/model/manager';
import { Memory } from '../src/plugins/memory';
import { fakeApi, json, status, waitFor } from './samples';

const pages: RunManager[] = [];

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
  before.list.setFilter({ only: 'failed', search: 'x' });
  await before.connection.setNamespace('team-b');
  expect(before.list.filter.only).toBe('all');
  const after = await open(state);
  expect([after.connection.namespace, after.list.filter.only]).toEqual(['team-b', 'all']);
  await after.connection.setNamespace('team-a');
  await waitFor(() => expect(after.list.filter).toMatchObject({ only: 'failed', search: '' }));
});

it.each([null, 'text', { namespace: 'gone', filters: [] }, { namespace: 7, filters: { 'team-a': { only: 'odd' } } }])(
  'starts afresh if the kept place cannot be used: %j',
  async kept => {
    const state = new StateDB();
    await state.save('jupyter-kfp-mt:place', kept);
    const page = await open(state);
    expect([page.connection.namespace, page.list.filter.only]).toEqual(['team-a', 'all']);
  }
);
