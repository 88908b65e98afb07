/** The rows of a list of runs, as pure functions over arrays of runs. */
import { compareRuns, passes } from '../filter';
import type { Run } from '../api/types';
import type { IRunFilter } from '../tokens';

/** Whether two states of a run are equal. */
export function isSameRun(one: Run, other: Run): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Merge `runs` into `rows` and drop `removed`; a row that did not change stays the same object, and the array
 * stays the same if nothing changed. Of runs that are equal in the order, such as those of one second, new ones
 * come first, unless they are a page `below`; the others keep the server's order.
 */
export function mergeRuns(
  rows: readonly Run[],
  runs: readonly Run[],
  removed: readonly string[],
  filter: IRunFilter,
  below = false
): readonly Run[] {
  const byId = new Map(rows.map(run => [run.run_id, run]));
  let changed = false;
  for (const run of runs) {
    const known = byId.get(run.run_id);
    if (!passes(run, filter)) {
      changed = byId.delete(run.run_id) || changed;
    } else if (!known || !isSameRun(known, run)) {
      byId.set(run.run_id, run);
      changed = true;
    }
  }
  for (const runId of removed) {
    changed = byId.delete(runId) || changed;
  }
  if (!changed) {
    return rows;
  }
  const known = new Set(rows.map(run => run.run_id));
  const all = [...byId.values()];
  const added = all.filter(run => !known.has(run.run_id));
  const kept = all.filter(run => known.has(run.run_id));
  return (below ? [...kept, ...added] : [...added, ...kept]).sort((one, other) => compareRuns(one, other, filter.sort));
}

/** Replace the rows with a page; rows that did not change stay the same objects. */
export function replaceRuns(rows: readonly Run[], page: readonly Run[]): readonly Run[] {
  const known = new Map(rows.map(run => [run.run_id, run]));
  const next = page.map(run => {
    const old = known.get(run.run_id);
    return old && isSameRun(old, run) ? old : run;
  });
  const same = next.length === rows.length && next.every((run, index) => run === rows[index]);
  return same ? rows : next;
}
