// @vitest-environment node
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Endings } from '../src/model/endings';
import type { INotice } from '../src/model/endings';
import { Awaited } from '../src/plugins/awaited';
import type { Phase } from '../src/api/types';
import { format, run } from './samples';

let notices: INotice[];
let inFront: string;
let visible: boolean;
/** What a page of the browser has told. */
let claimed: Set<string>;
let awaited: Awaited;

beforeEach(() => {
  notices = [];
  inFront = '';
  visible = true;
  claimed = new Set();
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text) };
  awaited = new Awaited(storage, 'http://jupyter/');
  vi.useFakeTimers({ now: Date.parse('2026-03-12T14:05:00Z') });
});

afterEach(() => vi.useRealTimers());

function endings(notify: 'mine' | 'all' | 'none' = 'mine'): Endings {
  return new Endings({
    format,
    // the notices that are on the page: one that replaces another has its place
    show: (notice, inPlaceOf) => {
      const at = inPlaceOf === '' ? notices.length : Number(inPlaceOf);
      notices[at] = notice;
      return String(at);
    },
    notify: () => notify,
    reasonOf: ({ failed_task }) => Promise.resolve(`Task ${failed_task} stopped.`),
    isMine: id => id.startsWith('mine'),
    isInFront: id => id === inFront,
    claim: name => Promise.resolve(!claimed.has(name) && claimed.add(name).has(name)),
    isVisible: () => visible,
    awaited
  });
}

function change(run_id: string, previous: Phase | null, phase: Phase, failed_task = ''): Parameters<Endings['note']>[0] {
  const finished_at = phase === 'RUNNING' ? null : '2026-03-12T14:00:02Z';
  return { run: run({ run_id, phase, finished_at, failed_task }), previous };
}

async function texts(): Promise<string[]> {
  await vi.advanceTimersByTimeAsync(5000);
  return notices.map(notice => notice.text);
}

it('shows a notice at the start and at the end of a run of mine', async () => {
  const all = endings();
  all.note(change('mine', null, 'RUNNING'));
  await vi.advanceTimersByTimeAsync(1000);
  all.note(change('mine', 'RUNNING', 'SUCCEEDED'));
  expect(await texts()).toEqual(['mine started in team-a.', 'mine succeeded in 2 s.']);
});

it('keeps a failure with its reason until it is read, and offers Retry', async () => {
  endings().note(change('mine', 'RUNNING', 'FAILED', 'load'));
  expect(await texts()).toEqual(['mine failed: Task load stopped.']);
  expect(notices[0]).toMatchObject({ type: 'error', autoClose: false, actions: ['open', 'retry'] });
});

it('shows one notice for an end that is reported twice', async () => {
  const all = endings();
  all.note(change('mine', 'RUNNING', 'SUCCEEDED'));
  all.note(change('mine', null, 'SUCCEEDED'));
  expect((await texts()).length).toBe(1);
});

it('shows a notice again for a retried run', async () => {
  const all = endings();
  all.note(change('mine', 'RUNNING', 'FAILED'));
  all.note(change('mine', 'FAILED', 'RUNNING'));
  all.note(change('mine', 'RUNNING', 'SUCCEEDED'));
  expect((await texts()).length).toBeGreaterThan(0);
  expect(notices.some(notice => notice.text.includes('2 runs ended'))).toBe(true);
});

it('shows no notice of start or failure of the run that is in front', async () => {
  inFront = 'mine';
  const all = endings();
  all.note(change('mine', null, 'RUNNING'));
  await vi.advanceTimersByTimeAsync(1000);
  all.note(change('mine', 'RUNNING', 'FAILED', 'load'));
  expect(await texts()).toEqual([]);
});

it('puts ends that follow at once into the notice of the first', async () => {
  const all = endings();
  all.note(change('mine-1', 'RUNNING', 'SUCCEEDED'));
  await vi.advanceTimersByTimeAsync(1500);
  all.note(change('mine-2', 'RUNNING', 'SUCCEEDED'));
  expect(await texts()).toEqual(['2 runs ended: 2 succeeded, 0 failed.']);
});

it('says in one place what became of a submit without a clear answer', async () => {
  const all = endings();
  all.note(change('mine', null, 'UNCONFIRMED'));
  expect(await texts()).toEqual(['mine: not confirmed yet.']);
  all.note(change('mine', 'UNCONFIRMED', 'RUNNING'));
  expect(await texts()).toEqual(['mine did start.']);
});

it('offers to send again what KFP has no record of', async () => {
  const all = endings();
  all.note(change('mine', null, 'UNCONFIRMED'));
  all.noteLost(run({ run_id: 'mine' }));
  expect(await texts()).toEqual(['mine did not start. KFP has no record of it.']);
  expect(notices[0]?.actions).toEqual(['again']);
});

it('has 140 characters at most, with names cut in the middle', async () => {
  endings().note({ run: run({ run_id: 'mine', display_name: 'n'.repeat(300), phase: 'FAILED', failed_task: 't'.repeat(300) }), previous: 'RUNNING' });
  const [text] = await texts();
  expect(text?.length).toBe(140);
});

it('shows one notice for several ends', async () => {
  const all = endings();
  for (const id of ['mine-1', 'mine-2', 'mine-3']) {
    all.note(change(id, 'RUNNING', id === 'mine-3' ? 'FAILED' : 'SUCCEEDED'));
  }
  expect(await texts()).toEqual(['3 runs ended: 2 succeeded, 1 failed.']);
});

it.each([
  ['mine', 0],
  ['none', 0],
  ['all', 1]
] as const)('with “%s” tells %i ends of runs of others', async (notify, count) => {
  endings(notify).note(change('theirs', 'RUNNING', 'SUCCEEDED'));
  expect((await texts()).length).toBe(count);
});

it('shows a notice of a run that this server started elsewhere once it is seen to end', async () => {
  const all = endings();
  const theirs = change('kernel', 'RUNNING', 'SUCCEEDED');
  all.note({ run: { ...theirs.run, mine: true }, previous: null });
  expect(await texts()).toEqual([]);
  all.note({ run: { ...theirs.run, run_id: 'cell', mine: true }, previous: 'RUNNING' });
  expect(await texts()).toEqual(['kernel succeeded in 2 s.']);
});

it('says nothing of runs that had ended before they were seen', async () => {
  endings('all').note(change('theirs', null, 'FAILED'));
  expect(await texts()).toEqual([]);
});

it('counts canceled runs as what they are', async () => {
  const all = endings('all');
  for (const id of ['a', 'b']) {
    all.note(change(id, 'RUNNING', 'CANCELED'));
  }
  expect(await texts()).toEqual(['2 runs were canceled.']);
  all.note(change('c', 'RUNNING', 'CANCELED'));
  all.note(change('d', 'RUNNING', 'SUCCEEDED'));
  expect((await texts()).at(-1)).toBe('2 runs ended: 1 succeeded, 0 failed, 1 canceled.');
});

it('shows a notice on the page that is seen, however many there are', async () => {
  const [seen, hidden] = [endings(), endings()];
  visible = false;
  hidden.note(change('mine', 'RUNNING', 'SUCCEEDED'));
  visible = true;
  seen.note(change('mine', 'RUNNING', 'SUCCEEDED'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(notices.map(({ text }) => text)).toEqual(['mine succeeded in 2 s.']);
  expect(await texts()).toEqual(['mine succeeded in 2 s.']);
});

it('says of a submit that was settled at once that it has started', async () => {
  const all = endings();
  all.note(change('mine', null, 'UNCONFIRMED'));
  all.note(change('mine', 'UNCONFIRMED', 'RUNNING'));
  expect(await texts()).toEqual(['mine started in team-a.']);
});

it('keeps which runs are awaited until their end is announced', async () => {
  const all = endings();
  all.note(change('mine', null, 'RUNNING'));
  all.note(change('mine-too', null, 'RUNNING'));
  all.note(change('mine', 'RUNNING', 'SUCCEEDED'));
  expect(awaited.list('team-a')).toEqual(['mine-too']);
  await texts();
  const { run: ended } = change('mine-too', 'RUNNING', 'FAILED', 'load');
  endings().noteEnd(ended); // on the next page
  expect((await texts()).at(-1)).toBe('mine-too failed: Task load stopped.');
  expect(awaited.list('team-a')).toEqual([]);
});
