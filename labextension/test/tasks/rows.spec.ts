// @vitest-environment node
import { describe, expect, it } from 'vitest';

import { formatAttempt, getDuration, findFirstTask, getTaskName, toCsv, listRows } from '../../src/tasks/rows';
import { task } from '../run/samples';

const NOW = Date.parse('2026-03-12T09:20:00Z');
const at = (clock: string): string => `2026-03-12T${clock}Z`;
const BY_START = { column: 'started', descending: false } as const;
const NONE: ReadonlySet<string> = new Set();

const check = task('check', 'SUCCEEDED', { start_time: at('09:14:02'), end_time: at('09:14:03'), attempt: 1 });
const load = task('load', 'FAILED', {
  start_time: at('09:14:04'),
  end_time: at('09:14:42'),
  attempt: 2,
  max_attempts: 2,
  reason: 'file not found'
});
const train = task('train', 'SKIPPED', { reason: 'load failed' });
const names = (rows: ReturnType<typeof listRows>): string[] => rows.map(row => row.task.task_id);

describe('taskRows', () => {
  it('sorts by start and puts what has not started last, either way', () => {
    expect(names(listRows([train, load, check], BY_START, NONE, NOW))).toEqual(['check', 'load', 'train']);
    const descending = { column: 'started', descending: true } as const;
    expect(names(listRows([train, load, check], descending, NONE, NOW))).toEqual(['load', 'check', 'train']);
  });

  it.each([
    ['state', ['load', 'train', 'check']],
    ['task', ['check', 'load', 'train']],
    ['took', ['check', 'load', 'train']],
    ['try', ['check', 'load', 'train']],
    ['reason', ['load', 'train', 'check']]
  ] as const)('sorts by %s', (column, expected) => {
    expect(names(listRows([train, check, load], { column, descending: false }, NONE, NOW))).toEqual(expected);
  });

  it('sorts names with numbers as people do', () => {
    const tasks = ['fold-10', 'fold-2'].map(id => task(id, 'PENDING'));
    expect(names(listRows(tasks, { column: 'task', descending: false }, NONE, NOW))).toEqual(['fold-2', 'fold-10']);
  });

  it('calls the turn of a loop by its number', () => {
    const turn = task('t', 'RUNNING', { type: 'LOOP_ITERATION', name: 'iteration-0', display_name: 'for-loop-2 iteration 0' });
    expect(getTaskName(turn)).toBe('iteration-0');
  });

  it('nests tasks below their parent, counts what has ended, and folds', () => {
    const loop = task('loop', 'RUNNING');
    const one = task('one', 'SUCCEEDED', { parent_task_id: 'loop' });
    const two = task('two', 'RUNNING', { parent_task_id: 'loop' });
    const rows = listRows([two, loop, one], BY_START, NONE, NOW);
    expect(rows.map(row => [row.task.task_id, row.depth])).toEqual([
      ['loop', 0],
      ['two', 1],
      ['one', 1]
    ]);
    expect(rows[0]).toMatchObject({ children: 2, done: 1 });
    expect(names(listRows([two, loop, one], BY_START, new Set(['loop']), NOW))).toEqual(['loop']);
  });

  it('shows tasks of unknown parents and ends on circles', () => {
    const lost = task('lost', 'PENDING', { parent_task_id: 'gone' });
    const self = task('self', 'PENDING', { parent_task_id: 'self' });
    expect(names(listRows([lost, self], BY_START, NONE, NOW))).toEqual(['lost', 'self']);
  });
});

describe('a task', () => {
  it('counts up while it runs and shows nothing where there is nothing', () => {
    expect(getDuration(load, NOW)).toBe(38);
    expect(getDuration(task('x', 'RUNNING', { start_time: at('09:19:00') }), NOW)).toBe(60);
    expect(getDuration(task('x', 'RUNNING', { start_time: '1970-01-01T00:00:00Z' }), NOW)).toBeNull();
    expect(getDuration(task('x', 'CACHED', { start_time: at('09:19:00') }), NOW)).toBeNull();
    expect([formatAttempt(check), formatAttempt(load), formatAttempt(train)]).toEqual(['1', '2/2', '']);
  });
});

describe('firstTask', () => {
  it('is the one that explains the state of the run', () => {
    const running = task('running', 'RUNNING');
    expect(findFirstTask([check, running, load])?.task_id).toBe('load');
    expect(findFirstTask([check, running])?.task_id).toBe('running');
    expect(findFirstTask([check])).toBeUndefined();
    expect(findFirstTask([check, load], 'check')?.task_id).toBe('check');
  });

  it('looks into groups', () => {
    const group = task('group', 'FAILED');
    const inner = task('inner', 'FAILED', { parent_task_id: 'group' });
    expect(findFirstTask([group, inner])?.task_id).toBe('inner');
  });
});

describe('taskCsv', () => {
  it('quotes, and lets no spreadsheet run a cell', () => {
    const odd = task('=1+1', 'FAILED', { reason: 'a "b", c' });
    const csv = toCsv(listRows([odd], BY_START, NONE, NOW), ['State', 'Task'], NOW);
    expect(csv).toBe('State,Task\r\nFAILED,\'=1+1,,,,"a ""b"", c"\r\n');
  });
});
