/** The filter of the runs list: what it asks the server for, and the same rule for runs at hand. */
import type { IRunQuery } from './api/client';
import type { Run } from './api/types';
import { ACTIVE, isActive, isArchived } from './rules';
import type { IRunFilter } from './tokens';

/** A filter that shows every run that is not archived. */
export const EVERYTHING: IRunFilter = { search: '', only: 'all', experiment: null, archived: false };

/** Whether `filter` shows every run that is not archived; the first page then has those not confirmed. */
export function isPlain(filter: IRunFilter): boolean {
  return filter.search === '' && filter.only === 'all' && filter.experiment === null && !filter.archived;
}

const STATES: Readonly<Record<IRunFilter['only'], string>> = {
  all: '',
  active: ACTIVE.join(','),
  failed: 'FAILED'
};

/** Return the filter as the REST interface takes it. */
export function toQuery(filter: IRunFilter): IRunQuery {
  return {
    search: filter.search,
    state: STATES[filter.only],
    experiment_id: filter.experiment?.experiment_id ?? '',
    archived: filter.archived
  };
}

/** Whether `run` is shown under `filter`; the same rule as the server's. */
export function passes(run: Run, filter: IRunFilter): boolean {
  return (
    isArchived(run) === filter.archived &&
    (filter.only !== 'active' || isActive(run.phase)) &&
    (filter.only !== 'failed' || run.phase === 'FAILED') &&
    (filter.experiment === null || run.experiment_id === filter.experiment.experiment_id) &&
    run.display_name.toLowerCase().includes(filter.search.toLowerCase())
  );
}
