/** What KFP runs on a cluster before the first task: the driver of the run itself. */
import type { RunView, Task } from '../api/types';
import { createTask } from './graph';

/** The id of the driver in the paths of `server/routes.py`; no task is called so. */
export const DRIVER = '-';

/** Return the driver as a task, while there is no other whose pod says what happens. */
export function createDriver({ run, tasks, has_pods, failure }: RunView): Task | undefined {
  if (tasks.length > 0 || !has_pods || run.phase === 'UNCONFIRMED') {
    return undefined;
  }
  const waits = run.phase === 'RUNNING' && failure !== null;
  return createTask(run, DRIVER, { name: 'driver', type: 'RUNTIME', phase: waits ? 'PENDING' : run.phase });
}
