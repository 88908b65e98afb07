import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { EVERYTHING } from '../src/filter';
import { mergeRuns } from '../src/model/rows';
import { RunManager } from '../src/model/manager';
import type { Run, Status } from '../src/api/types';
import type { IRunChange } from '../src/tokens';
import { FakeStream, fakeApi, json, run, status, waitFor } from './samples';
import type { Answer } from './samples';

const AT = '2026-03-12T14:02:07Z';
let manager: RunManager;
let asked: Request[];
let stream: FakeStream;
let server: { status: Status; runs: Run[]; more: Record<string, Answer> };

beforeEach(() => {
  asked = [];
  stream = new FakeStream();
  server = { status: status(), runs: [], more: {} };
});

afterEach(() => manager.dispose());

/** A manager after its first responses; watched by default. */
async function begin(runs: Run[] = [], watched = true): Promise<void> {
  server.runs = runs;
  const page = (request: Request): Response => {
    const archived = new URL(request.url).searchParams.get('archived') === 'true';
    const rows = server.runs.filter(each => (each.storage_state === 'ARCHIVED') === archived);
    return json({ runs: rows, total_size: rows.length, next_page_token: '' });
  };
  const api = fakeApi(
    {
      'GET status': () => json(server.status),
      'GET namespaces/team-a/runs': page,
      'GET namespaces/team-b/runs': page,
      'GET namespaces/team-a/events': () => stream.response,
      'POST namespaces/team-a/runs': () => json(run({ run_id: 'new', created_at: '2026-03-12T15:00:00Z' })),
      ...server.more
    },
    asked
  );
  manager = new RunManager({ api, pages: null, isPageVisible: () => true });
  if (watched) {
    manager.watch();
  }
  await manager.ready;
}

function ids(): string[] {
  return manager.list.runs.map(each => each.run_id);
}

function streams(): number {
  return asked.filter(request => request.url.includes('/events')).length;
}

it('shows where it is and the runs there', async () => {
  await begin([run({ run_id: 'a' })]);
  expect([manager.connection.state, manager.connection.namespace, ids()]).toEqual(['connected', 'team-a', ['a']]);
});

it('applies streamed changes, newest first, and keeps the rows that did not change', async () => {
  const old = run({ run_id: 'a' });
  await begin([old, run({ run_id: 'b', created_at: '2026-03-12T13:00:00Z' })]);
  const [kept] = manager.list.runs;
  const newer = run({ run_id: 'c', created_at: '2026-03-12T14:30:00Z' });
  stream.send('runs', { namespace: 'team-a', runs: [newer, old], removed: ['b'], at: AT });
  await waitFor(() => expect(ids()).toEqual(['c', 'a']));
  expect(manager.list.runs[1]).toBe(kept);
});

it('counts its rows as fresh at every sign of life from the server', async () => {
  await begin([run({ run_id: 'a' })]);
  await waitFor(() => expect(streams()).toBe(1));
  const before = manager.list.updatedAt;
  await waitFor(() => expect(Date.now()).toBeGreaterThan(before));
  stream.keepAlive();
  await waitFor(() => expect(manager.list.updatedAt).toBeGreaterThan(before));
});

it('ignores changes in another namespace', async () => {
  await begin([run({ run_id: 'a' })]);
  stream.send('runs', { namespace: 'team-b', runs: [run({ run_id: 'x' })], removed: ['a'], at: AT });
  stream.send('runs', { namespace: 'team-a', runs: [run({ run_id: 'y' })], removed: [], at: AT });
  await waitFor(() => expect(ids()).toContain('y'));
  expect(ids()).not.toContain('x');
});

it('emits each change of a run once, with the phase before', async () => {
  await begin([run({ run_id: 'a' })]);
  const changes: string[] = [];
  manager.runChanged.connect((_, { run: each, previous }: IRunChange) => changes.push(`${previous}→${each.phase}`));
  const done = run({ run_id: 'a', phase: 'SUCCEEDED' });
  stream.send('runs', { namespace: 'team-a', runs: [done], removed: [], at: AT });
  stream.send('runs', { namespace: 'team-a', runs: [done], removed: [], at: AT });
  stream.send('reset', {});
  await waitFor(() => expect(changes).toEqual(['RUNNING→SUCCEEDED', 'SUCCEEDED→RUNNING']));
});

it('opens no stream while no view is open', async () => {
  await begin([run({ run_id: 'a' })], false);
  expect(streams()).toBe(0);
  const watch = manager.watch();
  await waitFor(() => expect(streams()).toBe(1));
  watch.dispose();
  await waitFor(() => expect(stream.cancelled).toBe(true));
});

it('keeps listening while a run of mine is active, even if no view is open', async () => {
  await begin([], false);
  const { run_id } = await manager.verbs.submit({ source: { kind: 'example' } });
  expect([manager.verbs.isMine(run_id), ids()]).toEqual([true, ['new']]);
  await waitFor(() => expect(streams()).toBe(1));
});

it('keeps the streamed state when it arrives before the response to a submit', async () => {
  const done = run({ run_id: 'new', phase: 'SUCCEEDED' });
  const answered = new Promise<Response>(resolve => {
    setTimeout(() => resolve(json(run({ run_id: 'new', phase: 'PENDING' }))), 100);
  });
  server.more = { 'POST namespaces/team-a/runs': () => answered };
  await begin();
  const heard: IRunChange[] = [];
  manager.runChanged.connect((_, change: IRunChange) => heard.push(change));
  const submitted = manager.verbs.submit({ source: { kind: 'example' } });
  stream.send('runs', { namespace: 'team-a', runs: [done], removed: [], at: AT });
  await submitted;
  expect(manager.list.find('new')?.phase).toBe('SUCCEEDED');
  expect(manager.verbs.isMine(heard[heard.length - 1]?.run.run_id ?? '')).toBe(true);
});

describe('a submit without a clear answer', () => {
  const unclear = run({ run_id: 'new', phase: 'UNCONFIRMED' });
  let lost: string[];

  async function sendUnclear(): Promise<void> {
    server.more = { 'POST namespaces/team-a/runs': () => json(unclear, 202) };
    await begin([run({ run_id: 'a' })]);
    await waitFor(() => expect(streams()).toBe(1));
    lost = [];
    manager.verbs.submitLost.connect((_, { run_id }) => lost.push(run_id));
    await manager.verbs.submit({ source: { kind: 'example' }, submit_key: 'key' });
  }

  it('is on the list until it is confirmed', async () => {
    await sendUnclear();
    expect(manager.list.find('new')?.phase).toBe('UNCONFIRMED');
    stream.send('runs', { namespace: 'team-a', runs: [run({ run_id: 'new' })], removed: [], at: AT });
    await waitFor(() => expect(manager.list.find('new')?.phase).toBe('RUNNING'));
    stream.send('runs', { namespace: 'team-a', runs: [], removed: ['new'], at: AT }, '2');
    await waitFor(() => expect(manager.list.find('new')).toBeUndefined());
    expect(lost).toEqual([]);
  });

  it('did not start when it leaves the list, and can be sent again', async () => {
    await sendUnclear();
    stream.send('runs', { namespace: 'team-a', runs: [], removed: ['new'], at: AT });
    await waitFor(() => expect(lost).toEqual(['new']));
    await manager.verbs.submitAgain('new');
    const bodies = asked.filter(({ method }) => method === 'POST').map(request => request.text());
    expect(new Set(await Promise.all(bodies)).size).toBe(1);
  });

  it('did not start when a page of all runs does not have it', async () => {
    await sendUnclear();
    manager.list.setFilter({ states: ['FAILED'] });
    await waitFor(() => expect(asked.some(({ url }) => url.includes('state=FAILED'))).toBe(true));
    expect(lost).toEqual([]);
    manager.list.setFilter({ states: [] });
    await waitFor(() => expect(lost).toEqual(['new']));
  });
});

it('believes the stream when it was faster than the answer to a terminate', async () => {
  const answered = new Promise<Response>(resolve => {
    setTimeout(() => resolve(json(run({ run_id: 'a', phase: 'CANCELING' }))), 100);
  });
  server.more = { 'POST namespaces/team-a/runs/a/terminate': () => answered };
  await begin([run({ run_id: 'a' })]);
  const terminated = manager.verbs.terminate('a');
  stream.send('runs', { namespace: 'team-a', runs: [run({ run_id: 'a', phase: 'CANCELED' })], removed: [], at: AT });
  await terminated;
  expect(manager.list.find('a')?.phase).toBe('CANCELED');
});

it('loads another namespace and forgets the first', async () => {
  await begin([run({ run_id: 'a' })]);
  server.runs = [run({ run_id: 'b', namespace: 'team-b' })];
  server.status = status({ namespace: 'team-b' });
  await manager.connection.setNamespace('team-b');
  expect([manager.connection.namespace, ids()]).toEqual(['team-b', ['b']]);
});

describe('a filter', () => {
  it('sorts what is streamed as the server sorts', async () => {
    await begin([run({ run_id: 'a', display_name: 'Beta' }), run({ run_id: 'b', display_name: 'gamma' })]);
    manager.list.setFilter({ sort: { field: 'display_name', descending: false } });
    await waitFor(() => expect(asked.some(({ url }) => url.includes('sort_by=display_name+asc'))).toBe(true));
    await waitFor(() => expect(manager.list.loading).toBe(false));
    const runs = [run({ run_id: 'c', display_name: 'alpha', created_at: '2020-01-01T00:00:00Z' })];
    stream.send('runs', { namespace: 'team-a', runs, removed: [], at: AT });
    await waitFor(() => expect(ids()).toEqual(['c', 'a', 'b']));
  });

  it('leaves the numbers of the chips and of all runs as they are', async () => {
    await begin([run({ run_id: 'a' }), run({ run_id: 'b', phase: 'FAILED' })]);
    manager.list.setFilter({ search: 'nothing' });
    server.runs = [];
    await waitFor(() => expect(ids()).toEqual([]));
    expect([manager.list.counts, manager.list.totalOfAll]).toEqual([{ active: 1, failed: 1 }, 2]);
  });

  it('applies at once to what is known, then asks', async () => {
    await begin([run({ run_id: 'a' }), run({ run_id: 'b', phase: 'FAILED' })]);
    manager.list.setFilter({ states: ['FAILED'] });
    expect(ids()).toEqual(['b']);
    await waitFor(() => expect(asked.some(request => request.url.includes('state=FAILED'))).toBe(true));
  });

  it('keeps out streamed changes of other runs', async () => {
    await begin([run({ run_id: 'a', display_name: 'train' })]);
    server.runs = [];
    manager.list.setFilter({ search: 'TRAIN' });
    stream.send('runs', {
      namespace: 'team-a',
      runs: [run({ run_id: 'b', display_name: 'other' }), run({ run_id: 'c', display_name: 'train 2' })],
      removed: [],
      at: AT
    });
    await waitFor(() => expect(ids()).toContain('c'));
    expect(ids()).not.toContain('b');
  });

  it('leaves out archived runs when they are archived', async () => {
    const archived = run({ run_id: 'a', storage_state: 'ARCHIVED' });
    server.more = { 'POST namespaces/team-a/runs/a/archive': () => json(archived) };
    await begin([run({ run_id: 'a' })]);
    await manager.verbs.archive('a');
    expect(ids()).toEqual([]);
  });
});

describe('trouble', () => {
  const refused = { code: 'forbidden', message: 'You may not list runs in team-a.' };

  it('with the connection is reported with its reason', async () => {
    const error = { code: 'no-kubeflow', message: 'No', why: '', next: '', command: '', details: '', request_id: '' };
    server.status = status({ connected: false, namespace: '', error });
    await begin();
    expect([manager.connection.state, manager.connection.error?.code, streams()]).toEqual(['lost', 'no-kubeflow', 0]);
  });

  it('with the rights of one namespace is not taken for a lost connection', async () => {
    server.more = { 'GET namespaces/team-a/runs': () => json(refused, 403) };
    await begin();
    expect([manager.connection.state, manager.connection.error?.code]).toEqual(['connected', 'forbidden']);
  });

  it('keeps the rows when the stream is lost', async () => {
    await begin([run({ run_id: 'a' })]);
    stream.close();
    await waitFor(() => expect(manager.connection.state).not.toBe('connected'));
    expect(ids()).toEqual(['a']);
    expect(manager.connection.retryAt).toBeGreaterThan(0);
  });
});

it('starts the embedded server and goes where it says', async () => {
  server.status = status({ connected: false, namespace: '' });
  server.more = { 'POST embedded': () => json(status({ namespace: 'team-b', embedded: true })) };
  await begin([run({ run_id: 'b' })]);
  await manager.connection.startEmbedded();
  expect([manager.connection.state, manager.connection.namespace, ids()]).toEqual(['connected', 'team-b', ['b']]);
});

it('lets the next row be the active one when the active one goes, else the last', async () => {
  await begin(['a', 'b', 'c'].map((run_id, index) => run({ run_id, created_at: `2026-03-12T1${3 - index}:00:00Z` })));
  manager.list.selection.set(['b'], 'b');
  manager.list.hide('b', true);
  expect([manager.list.selection.active, manager.list.selection.ids.size]).toEqual(['c', 0]);
  manager.list.hide('c', true);
  expect(manager.list.selection.active).toBe('a');
});

it('takes a run off the list before it is deleted, and puts it back', async () => {
  await begin([run({ run_id: 'a' })]);
  manager.list.hide('a', true);
  expect(ids()).toEqual([]);
  manager.list.hide('a', false);
  expect(ids()).toEqual(['a']);
});

describe('rights that are not known at first', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    server.status = status({ can_run: null });
  });

  afterEach(() => void vi.useRealTimers());

  it('are asked for once more, soon', async () => {
    await begin();
    server.status = status({ can_run: true });
    await vi.advanceTimersByTimeAsync(2000);
    expect(manager.connection.status?.can_run).toBe(true);
  });

  it('are not requested by a disposed page', async () => {
    await begin();
    const before = asked.length;
    manager.dispose();
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked).toHaveLength(before);
  });
});

it('keeps the order of the server for runs of one second', () => {
  const known = ['c', 'a'].map(run_id => run({ run_id }));
  const ids = (runs: readonly Run[]): string[] => runs.map(({ run_id }) => run_id);
  const changed = run({ run_id: 'a', phase: 'SUCCEEDED' });
  expect(ids(mergeRuns(known, [changed], [], EVERYTHING))).toEqual(['c', 'a']);
  expect(ids(mergeRuns(known, [run({ run_id: 'b' })], [], EVERYTHING))).toEqual(['b', 'c', 'a']);
  expect(ids(mergeRuns(known, [run({ run_id: 'd' })], [], EVERYTHING, true))).toEqual(['c', 'a', 'd']);
});
