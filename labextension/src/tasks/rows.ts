/** The tasks of a run as the task table shows them: nested, folded, sorted. */
import type { Phase, Task } from '../api/types';
import { compareCells, encodeCsv } from '../cells';
import { instant } from '../format';
import { isActive } from '../rules';

/** A column that the table can be sorted by. */
export type TaskColumn = 'state' | 'task' | 'started' | 'took' | 'try' | 'reason';

/** The order of the table. */
export interface ITaskSort {
  readonly column: TaskColumn;
  readonly descending: boolean;
}

/** A task at its place in the table. */
export interface ITaskRow {
  readonly task: Task;
  readonly depth: number;
  /** Tasks directly below it, and how many of them have ended. */
  readonly children: number;
  readonly done: number;
  readonly folded: boolean;
}

/** The order of states: worst first. */
const SEVERITY: readonly Phase[] = [
  'FAILED',
  'CANCELED',
  'CANCELING',
  'UNKNOWN',
  'UNCONFIRMED',
  'PAUSED',
  'RUNNING',
  'PENDING',
  'SKIPPED',
  'CACHED',
  'SUCCEEDED'
];

/** Return the name of `task` for people. */
export function getTaskName(task: Task): string {
  if (task.type === 'LOOP_ITERATION' && task.name) {
    return task.name; // shown below its loop, whose name the display name repeats
  }
  return task.display_name || task.name || task.task_id;
}

/** Return the seconds a task took, or has taken until `now`; null before its start and for cached results. */
export function getDuration(task: Task, now: number): number | null {
  const start = instant(task.start_time);
  const end = instant(task.end_time);
  if (start === null || task.phase === 'CACHED' || task.phase === 'SKIPPED') {
    return null;
  }
  if (end === null && !isActive(task.phase)) {
    return null;
  }
  return Math.max(0, ((end ?? now) - start) / 1000);
}

/** Return “2/3”, or "" before the first attempt or if the server reports none. */
export function formatAttempt(task: Task): string {
  if (!task.attempt) {
    return '';
  }
  return task.max_attempts > 1 ? `${task.attempt}/${task.max_attempts}` : String(task.attempt);
}

/** Return the rows in order; tasks with an unknown parent are on the first level. */
export function listRows(tasks: readonly Task[], sort: ITaskSort, folded: ReadonlySet<string>, now: number): ITaskRow[] {
  const ids = new Set(tasks.map(task => task.task_id));
  const below = new Map<string, Task[]>();
  for (const task of tasks) {
    const parent = ids.has(task.parent_task_id) && task.parent_task_id !== task.task_id ? task.parent_task_id : '';
    below.set(parent, [...(below.get(parent) ?? []), task]);
  }
  const rows: ITaskRow[] = [];
  const seen = new Set<string>();
  const add = (parent: string, depth: number): void => {
    for (const task of [...(below.get(parent) ?? [])].sort(createComparer(sort, now))) {
      if (seen.has(task.task_id)) {
        continue;
      }
      seen.add(task.task_id);
      const children = below.get(task.task_id) ?? [];
      const done = children.filter(child => !isActive(child.phase)).length;
      rows.push({ task, depth, children: children.length, done, folded: folded.has(task.task_id) });
      if (!folded.has(task.task_id)) {
        add(task.task_id, depth + 1);
      }
    }
  };
  add('', 0);
  return rows;
}

/** Return the task to open with: the one that explains the state of the run. */
export function findFirstTask(tasks: readonly Task[], preferred = ''): Task | undefined {
  const parents = new Set(tasks.map(task => task.parent_task_id));
  const leaves = tasks.filter(task => !parents.has(task.task_id));
  return (
    tasks.find(task => preferred !== '' && task.task_id === preferred) ??
    leaves.find(task => task.phase === 'FAILED') ??
    leaves.find(task => task.phase === 'RUNNING')
  );
}

/** The table as CSV (RFC 4180), oldest column order, with times as the server gave them. */
export function toCsv(rows: readonly ITaskRow[], header: readonly string[], now: number): string {
  const lines = rows.map(({ task }) => [
    task.phase,
    getTaskName(task),
    instant(task.start_time) === null ? '' : (task.start_time ?? ''),
    getDuration(task, now)?.toFixed(1) ?? '',
    formatAttempt(task),
    task.reason
  ]);
  return encodeCsv([header, ...lines]);
}

/** Compare by the chosen column, then by start, else keep the server's order; unknown values come last. */
function createComparer(sort: ITaskSort, now: number): (one: Task, other: Task) => number {
  const sign = sort.descending ? -1 : 1;
  return (one, other) =>
    sign * compareCells(keyOf(one, sort.column, now), keyOf(other, sort.column, now), sign) ||
    compareCells(startOf(one), startOf(other), 1);
}

function keyOf(task: Task, column: TaskColumn, now: number): number | string | null {
  switch (column) {
    case 'state':
      return SEVERITY.indexOf(task.phase);
    case 'task':
      return getTaskName(task);
    case 'started':
      return instant(task.start_time);
    case 'took':
      return getDuration(task, now);
    case 'try':
      return task.attempt || null;
    case 'reason':
      return task.reason || null;
  }
}

function startOf(task: Task): number | null {
  return instant(task.start_time) ?? instant(task.create_time);
}
