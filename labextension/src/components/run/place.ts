/** What a run view shows where nobody has chosen. */
import type { RunView, Task } from '../../api/types';
import { isActive } from '../../rules';
import { createDriver, DRIVER } from '../../tasks/driver';
import { findFirstTask } from '../../tasks/rows';
import { hasPod } from './TaskPane';
import type { IRunPlace, IRunTab, TaskTab } from './tab';

/**
 * Return the id of the task that is shown: the chosen one, else the failed one, else the one the view opened with.
 *
 * #### Notes
 * A log that is being read is not replaced by that of the next task. Before the first task it is KFP's driver.
 */
export function chooseTask(view: RunView, place: IRunPlace): string {
  if (place.task === null && createDriver(view)) {
    return DRIVER;
  }
  const first = findFirstTask(view.tasks, view.failure?.task_id)?.task_id ?? '';
  const opened = place.opened === DRIVER ? '' : place.opened;
  return place.task ?? (view.run.phase === 'FAILED' ? first : opened || first);
}

/** Return the tab of the task's pane: the chosen one, else the events of what waits, else the log. */
export function chooseTaskTab(view: RunView, place: IRunPlace, shown: string): TaskTab {
  if (place.taskTab !== null) {
    return place.taskTab;
  }
  const task = findTask(view, shown);
  const waits = task?.task_id === DRIVER || task?.phase === 'PENDING' || view.failure?.task_id === shown;
  return view.has_pods && isActive(view.run.phase) && task && hasPod(task) && waits ? 'events' : 'log';
}

/** Return the task with this id, or KFP's driver. */
export function findTask(view: RunView, id: string): Task | undefined {
  return id === DRIVER ? createDriver(view) : view.tasks.find(({ task_id }) => task_id === id);
}

/** Return the tab at this place; the first where the place's own is gone. */
export function findTab({ tab }: IRunPlace, tabs: readonly IRunTab[]): IRunTab | undefined {
  return tabs.find(({ id }) => id === tab) ?? tabs[0];
}
