import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Endings } from '../src/model/endings';
import type { INotice } from '../src/model/endings';
import type { Phase } from '../src/api/types';
import { format, run } from './samples';

let told: INotice[];

beforeEach(() => {
  told = [];
  vi.useFakeTimers({ now: Date.parse('2026-03-12T14:05:00Z') });
});

afterEach(() => vi.useRealTimers());

function endings(notify: 'mine' | 'all' | 'none' = 'mine'): Endings {
  return new Endings({
    format,
    tell: notice => told.push(notice),
    notify: () => notify,
    reasonOf: ({ failed_task }) => Promise.resolve(`Task ${failed_task} stopped.`),
    isMine: id => id.startsWith('mine')
  });
}

function change(run_id: string, previous: Phase | null, phase: Phase, failed_task = ''): Parameters<Endings['note']>[0] {
  const finished_at = phase === 'RUNNING' ? null : '2026-03-12T14:00:02Z';
  return { run: run({ run_id, phase, finished_at, failed_task }), previous };
}

function texts(): string[] {
  vi.advanceTimersByTime(5000);
  return told.map(notice => notice.text);
}

it('tells the start and the end of a run of mine', () => {
  const all = endings();
  all.note(change('mine', null, 'RUNNING'));
  all.note(change('mine', 'RUNNING', 'SUCCEEDED'));
  expect(texts()).toEqual(['mine started in team-a.', 'mine succeeded in 2 s.']);
});

it('keeps a failure with its reason until it is read, and offers Retry', async () => {
  endings().note(change('mine', 'RUNNING', 'FAILED', 'load'));
  await vi.advanceTimersByTimeAsync(5000);
  expect(texts()).toEqual(['mine failed: Task load stopped.']);
  expect(told[0]).toMatchObject({ type: 'error', autoClose: false, retry: true });
});

it('tells an end once, though it is heard twice', () => {
  const all = endings();
  all.note(change('mine', 'RUNNING', 'SUCCEEDED'));
  all.note(change('mine', null, 'SUCCEEDED'));
  expect(texts().length).toBe(1);
});

it('tells of a retried run again', () => {
  const all = endings();
  all.note(change('mine', 'RUNNING', 'FAILED'));
  all.note(change('mine', 'FAILED', 'RUNNING'));
  all.note(change('mine', 'RUNNING', 'SUCCEEDED'));
  expect(texts().length).toBeGreaterThan(0);
  expect(told.some(notice => notice.text.includes('2 runs ended'))).toBe(true);
});

it('tells several ends as one', () => {
  const all = endings();
  for (const id of ['mine-1', 'mine-2', 'mine-3']) {
    all.note(change(id, 'RUNNING', id === 'mine-3' ? 'FAILED' : 'SUCCEEDED'));
  }
  expect(texts()).toEqual(['3 runs ended: 2 succeeded, 1 failed.']);
});

it.each([
  ['mine', 0],
  ['none', 0],
  ['all', 1]
] as const)('with “%s” tells %i ends of runs of others', (notify, count) => {
  endings(notify).note(change('theirs', 'RUNNING', 'SUCCEEDED'));
  expect(texts().length).toBe(count);
});

it('says nothing of runs that had ended before they were seen', () => {
  endings('all').note(change('theirs', null, 'FAILED'));
  expect(texts()).toEqual([]);
});
