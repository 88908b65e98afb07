import type { TranslationBundle } from '@jupyterlab/translation';

import type { BulkVerb } from './api/types';

/** The words of a change of many runs. */
export interface IBulkWords {
  /** While `count` of `total` runs have been changed. */
  readonly doing: (count: number, total: number) => string;
  /** After all; without it nothing is said. */
  readonly done?: (count: number) => string;
  /** How many runs were left as they were. */
  readonly failed: (count: number) => string;
}

/** Return the words of a change of many runs. */
export function describeBulk(verb: BulkVerb, trans: TranslationBundle): IBulkWords {
  switch (verb) {
    case 'terminate':
      return {
        doing: (count, total) => trans.__('%1 of %2 terminated', count, total),
        done: count => trans._n('%1 run is being terminated.', '%1 runs are being terminated.', count),
        failed: count => trans._n('%1 run was not terminated.', '%1 runs were not terminated.', count)
      };
    case 'retry':
      return {
        doing: (count, total) => trans.__('%1 of %2 retried', count, total),
        done: count => trans._n('%1 run retried.', '%1 runs retried.', count),
        failed: count => trans._n('%1 run was not retried.', '%1 runs were not retried.', count)
      };
    case 'archive':
      return {
        doing: (count, total) => trans.__('%1 of %2 archived', count, total),
        failed: count => trans._n('%1 run was not archived.', '%1 runs were not archived.', count)
      };
    case 'unarchive':
      return {
        doing: (count, total) => trans.__('%1 of %2 restored', count, total),
        done: count => trans._n('%1 run restored.', '%1 runs restored.', count),
        failed: count => trans._n('%1 run was not restored.', '%1 runs were not restored.', count)
      };
    case 'delete':
      return {
        doing: (count, total) => trans.__('%1 of %2 deleted', count, total),
        done: count => trans._n('%1 run deleted.', '%1 runs deleted.', count),
        failed: count => trans._n('%1 run was not deleted.', '%1 runs were not deleted.', count)
      };
  }
}
