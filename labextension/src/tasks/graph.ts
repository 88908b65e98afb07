/** The graph of a run: its reported and planned tasks, and which waits for which. */
import type { Run, RunView, Task } from '../api/types';
import { isActive } from '../rules';
import { getTaskName } from './rows';

/** An edge from a task to one that waits for it. */
export interface ITaskEdge {
  readonly from: string;
  readonly to: string;
}

/** The graph that the graph view draws and the tables count. */
export interface ITaskGraph {
  /** Reported tasks first, then those of the plan that were not reported. */
  readonly tasks: readonly Task[];
  readonly edges: readonly ITaskEdge[];
}

/** Return the graph of a run; without a plan it has no edges. */
export function createGraph(view: RunView): ITaskGraph {
  const byName = new Map<string, Task[]>();
  for (const task of view.tasks) {
    byName.set(task.name, [...(byName.get(task.name) ?? []), task]);
  }
  const coming = view.plan.filter(({ name }) => !byName.has(name)).map(({ name }) => createPlanned(name, view));
  coming.forEach(task => byName.set(task.name, [task]));
  const around = listGroups(view);
  const edges = view.plan.flatMap(({ name, needs }) =>
    (byName.get(name) ?? []).flatMap(task =>
      needs
        .flatMap(need => findNearest(task, byName.get(need) ?? [], around))
        .map(from => ({ from: from.task_id, to: task.task_id }))
    )
  );
  return { tasks: [...view.tasks, ...coming], edges };
}

/** Return the graph without groups: the tasks they hold replace them, each under the name of its iteration. */
export function removeGroups({ tasks, edges }: ITaskGraph, groups: readonly Task[] = []): ITaskGraph {
  const parents = new Set(tasks.map(({ parent_task_id }) => parent_task_id));
  const leaves = tasks.filter(({ task_id }) => !parents.has(task_id));
  const around = [...tasks, ...groups];
  return { tasks: leaves.map(task => nameInLoop(task, around)), edges };
}

/** Return `task` under a name that tells it from the same task in other iterations, as `lists.py` names it. */
export function nameInLoop(task: Task, groups: readonly Task[]): Task {
  const known = new Map(groups.map(group => [group.task_id, group]));
  const path: string[] = [];
  for (let group = known.get(task.parent_task_id); group; group = known.get(group.parent_task_id)) {
    known.delete(group.task_id);
    if (group.type === 'LOOP_ITERATION') {
      path.unshift(getTaskName(group));
    }
  }
  return path.length ? { ...task, display_name: `${getTaskName(task)} (${path.join('/')})` } : task;
}

/** Return the tasks that each pending task still waits for. */
export function listWaits({ tasks, edges }: ITaskGraph): ReadonlyMap<string, readonly Task[]> {
  const known = new Map(tasks.map(task => [task.task_id, task]));
  const waits = new Map<string, Task[]>();
  for (const { from, to } of edges) {
    const source = known.get(from);
    if (known.get(to)?.phase === 'PENDING' && source && isActive(source.phase)) {
      waits.set(to, [...(waits.get(to) ?? []), source]);
    }
  }
  return waits;
}

/** Return the edges that lead to a failed task. */
export function findFailedPath({ tasks, edges }: ITaskGraph): ReadonlySet<ITaskEdge> {
  const path = new Set<ITaskEdge>();
  const pending = tasks.filter(({ phase }) => phase === 'FAILED').map(({ task_id }) => task_id);
  const seen = new Set(pending);
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    for (const edge of edges.filter(({ to }) => to === id)) {
      path.add(edge);
      if (!seen.has(edge.from)) {
        seen.add(edge.from);
        pending.push(edge.from);
      }
    }
  }
  return path;
}

/** Of several tasks with one name (one per loop iteration), keep those in the innermost group that `task` is in too. */
function findNearest(
  task: Task,
  sources: readonly Task[],
  around: ReadonlyMap<string, ReadonlySet<string>>
): readonly Task[] {
  for (const group of around.get(task.task_id) ?? []) {
    const near = sources.filter(source => around.get(source.task_id)?.has(group));
    if (near.length) {
      return near;
    }
  }
  return sources;
}

/** List the groups around each task, from the inside out. */
function listGroups({ tasks, groups }: RunView): ReadonlyMap<string, ReadonlySet<string>> {
  const parents = new Map([...tasks, ...groups].map(task => [task.task_id, task.parent_task_id]));
  const around = new Map<string, ReadonlySet<string>>();
  for (const task of tasks) {
    const found = new Set<string>();
    for (let id = task.parent_task_id; id && !found.has(id); id = parents.get(id) ?? '') {
      found.add(id);
    }
    around.set(task.task_id, found);
  }
  return around;
}

/** Return a task for one that was not reported: pending, or skipped if the run has ended. */
function createPlanned(name: string, { run }: RunView): Task {
  return createTask(run, `planned:${name}`, { name, phase: isActive(run.phase) ? 'PENDING' : 'SKIPPED' });
}

/** Return a task of which nothing else was reported. */
export function createTask(run: Pick<Run, 'run_id'>, id: string, known: Pick<Task, 'name' | 'phase'> & Partial<Task>): Task {
  return {
    run_id: run.run_id,
    task_id: id,
    display_name: known.name,
    create_time: null,
    start_time: null,
    end_time: null,
    state: known.phase,
    error: null,
    state_history: [],
    parent_task_id: '',
    child_tasks: [],
    type: '',
    attempt: 0,
    max_attempts: 1,
    exit_code: null,
    reason: '',
    cached_from_run_id: '',
    inputs: { parameters: {}, artifacts: {} },
    outputs: { parameters: {}, artifacts: {} },
    outputs_unread: '',
    ...known
  };
}
