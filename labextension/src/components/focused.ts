import type * as React from 'react';

import type { Run } from '../api/types';

/** Return the index of the row in which a key was pressed; of the active row where it was not in one.
 *
 * The row with the focus may not be the active one yet: assistive technology moves the focus without a key.
 */
export function findFocused(runs: readonly Run[], event: React.KeyboardEvent, active: number): number {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-run-id]') : null;
  const index = runs.findIndex(({ run_id }) => run_id === row?.dataset['runId']);
  return index < 0 ? active : index;
}
