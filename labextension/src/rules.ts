/**
 * The rules about runs and tasks: which are active, what may be done with them, which tasks are groups.
 *
 * `jupyter_kfp_mt/run_rules.py` has the same rules and names their sources; both are tested against the cases in
 * `test/data/run_rules.json`.
 */
import type { Phase, Run, Task } from './api/types';

/** What can be done with a run; each is a command of the same name. */
export type RunAction = 'terminate' | 'retry' | 'archive' | 'restore' | 'delete' | 'clone';

/** The states of KFP; a phase is one of them or one of ours. */
const STATES: readonly string[] = [
  'PENDING',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'CANCELING',
  'CANCELED',
  'SKIPPED',
  'PAUSED'
] satisfies Phase[];

/** The phases in which something can still happen; a state that a later KFP adds counts as active. */
export const ACTIVE: readonly Phase[] = ['PENDING', 'RUNNING', 'CANCELING', 'PAUSED', 'UNKNOWN', 'UNCONFIRMED'];

const GROUPS: readonly string[] = [
  'ROOT',
  'DAG',
  'LOOP',
  'LOOP_ITERATION',
  'CONDITION',
  'CONDITION_BRANCH',
  'EXIT_HANDLER'
];

/** Whether something can still happen to what is in `phase`. */
export function isActive(phase: Phase): boolean {
  return ACTIVE.includes(phase);
}

/** Whether a list shows how long `run` took or has taken; only the page asks, so Python has no such rule. */
export function isTimed({ phase, finished_at }: Pick<Run, 'phase' | 'finished_at'>): boolean {
  if (phase === 'RUNNING' || phase === 'CANCELING') {
    return true;
  }
  return !!finished_at && !isActive(phase) && phase !== 'SKIPPED';
}

/** Return the phase of a state of KFP, which reports none before Argo's first. */
export function toPhase(state: string): Phase {
  if (state === '' || state === 'RUNTIME_STATE_UNSPECIFIED') {
    return 'PENDING';
  }
  return STATES.includes(state) ? (state as Phase) : 'UNKNOWN';
}

/** Whether `action` may be done with `run`; KFP may not have one that is not confirmed. */
export function mayDo(action: RunAction, run: Pick<Run, 'phase' | 'storage_state'>): boolean {
  const { phase } = run;
  if (phase === 'UNCONFIRMED') {
    return false;
  }
  switch (action) {
    case 'terminate':
      return isActive(phase) && phase !== 'CANCELING';
    case 'retry':
      return phase === 'FAILED' || phase === 'CANCELED';
    case 'archive':
      return !isArchived(run);
    case 'restore':
      return isArchived(run);
    case 'delete':
    case 'clone':
      return true;
  }
}

/** Whether `run` is in the archive. */
export function isArchived(run: Pick<Run, 'storage_state'>): boolean {
  return run.storage_state === 'ARCHIVED';
}

/** Whether a task only holds other tasks. */
export function isGroup({ type }: Pick<Task, 'type'>): boolean {
  return GROUPS.includes(type);
}

/** Whether a task runs a program: groups do not, nor do importers. A server may leave the type out. */
export function runsProgram(task: Pick<Task, 'type'>): boolean {
  return !isGroup(task) && task.type !== 'IMPORTER';
}
