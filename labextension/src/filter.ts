/** The filter of the runs list: what it asks the server for, and the same rule for runs at hand. */
import type { IRunQuery } from './api/client';
import type { Phase, Run } from './api/types';
import { instant } from './format';
import { ACTIVE, isActive, isArchived } from './rules';
import type { INotebookRef, IRunFilter, IRunSort } from './tokens';

export const NEWEST_FIRST: IRunSort = { field: 'created_at', descending: true };

/** A filter that shows every run that is not archived, the newest first. */
export const EVERYTHING: IRunFilter = {
  search: '',
  states: [],
  experiment: null,
  pipeline: null,
  recurring: null,
  notebook: null,
  since: 'any',
  archived: false,
  sort: NEWEST_FIRST
};

/** The phases by which people filter; the others are no states of a run in KFP. */
export const FILTERABLE: readonly Phase[] = [
  'PENDING',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'CANCELING',
  'CANCELED',
  'SKIPPED',
  'PAUSED',
  'UNKNOWN'
];

/** Whether `filter` shows every run that is not archived; the first page then has those not confirmed. */
export function isPlain(filter: IRunFilter): boolean {
  const { search, states, experiment, pipeline, recurring, notebook, since, archived } = filter;
  const named = experiment ?? pipeline ?? recurring ?? notebook;
  return search === '' && states.length === 0 && named === null && since === 'any' && !archived;
}

/** Whether `filter` is set to active runs, or to failed ones. */
export function isOnly(which: 'active' | 'failed', { states }: IRunFilter): boolean {
  const wanted = which === 'active' ? ACTIVE : FAILED;
  return states.length === wanted.length && wanted.every(phase => states.includes(phase));
}

/** Return the phases of active runs, or of failed ones. */
export function listPhases(which: 'active' | 'failed'): readonly Phase[] {
  return which === 'active' ? ACTIVE : FAILED;
}

const FAILED: readonly Phase[] = ['FAILED'];

/** Return the filter as the REST interface takes it. */
export function toQuery(filter: IRunFilter, now = Date.now()): IRunQuery {
  const since = findStart(filter.since, now);
  return {
    search: filter.search,
    state: filter.states.join(','),
    experiment_id: filter.experiment?.experiment_id ?? '',
    pipeline_id: filter.pipeline?.pipeline_id ?? '',
    recurring_run_id: filter.recurring?.recurring_run_id ?? '',
    notebook: filter.notebook?.path ?? '',
    notebook_id: filter.notebook?.id ?? '',
    created_after: since === null ? '' : new Date(since).toISOString(),
    archived: filter.archived,
    sort_by: `${filter.sort.field} ${filter.sort.descending ? 'desc' : 'asc'}`
  };
}

/** Whether `run` is shown under `filter`; the same rule as the server's. */
export function passes(run: Run, filter: IRunFilter, now = Date.now()): boolean {
  const { experiment, pipeline, recurring, notebook } = filter;
  return (
    isArchived(run) === filter.archived &&
    (filter.states.length === 0 || filter.states.includes(run.phase)) &&
    (experiment === null || run.experiment_id === experiment.experiment_id) &&
    (pipeline === null || run.pipeline_version_reference?.pipeline_id === pipeline.pipeline_id) &&
    (notebook === null || isFrom(run, notebook)) &&
    (recurring === null || run.recurring_run_id === recurring.recurring_run_id) &&
    (instant(run.created_at) ?? now) >= (findStart(filter.since, now) ?? 0) &&
    run.display_name.toLowerCase().includes(filter.search.toLowerCase())
  );
}

/** Whether `run` was started from a notebook, wherever that was then. */
function isFrom({ origin }: Run, { path, id }: INotebookRef): boolean {
  if (!origin) {
    return false;
  }
  // Where both have an id, it decides: a file may be moved, and another one take its place.
  return id !== '' && origin.notebook_id !== '' ? origin.notebook_id === id : origin.path === path;
}

/** Return the first moment of “today” or of the last seven days; null for ever. */
function findStart(since: IRunFilter['since'], now: number): number | null {
  if (since === 'any') {
    return null;
  }
  const start = new Date(now);
  start.setHours(0, 0, 0, 0);
  if (since === 'week') {
    start.setDate(start.getDate() - 6);
  }
  return start.getTime();
}

/** Compare runs in an order, as far as a page can know it: only the server knows that of equal ones. */
export function compareRuns(one: Run, other: Run, { field, descending }: IRunSort): number {
  const compared =
    field === 'display_name'
      ? compareTexts(one.display_name.toLowerCase(), other.display_name.toLowerCase())
      : (instant(one[field]) ?? 0) - (instant(other[field]) ?? 0);
  return descending ? -compared : compared;
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Whether something can still happen to a run that is seen, and whether one failed: the numbers of the chips. */
export function countRuns(runs: Iterable<Run>): { readonly active: number; readonly failed: number } {
  let [active, failed] = [0, 0];
  for (const run of runs) {
    active += !isArchived(run) && isActive(run.phase) ? 1 : 0;
    failed += !isArchived(run) && run.phase === 'FAILED' ? 1 : 0;
  }
  return { active, failed };
}
