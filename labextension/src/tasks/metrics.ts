/** The artifacts of a run's tasks: addresses, scalar metrics and confusion matrices. */
import type { Artifact, Task } from '../api/types';
import { getTaskName } from './rows';

/** An artifact with the task that made it. */
export interface ITaskArtifact {
  readonly task: string;
  readonly taskId: string;
  readonly output: string;
  readonly artifact: Artifact;
}

/** Tasks whose outputs are not known, for one reason. */
export interface IUnread {
  readonly reason: string;
  readonly tasks: readonly string[];
}

/** A number that a task reported. */
export interface IMetric {
  readonly task: string;
  readonly name: string;
  readonly value: number;
}

/** A confusion matrix. */
export interface IConfusionMatrix {
  readonly title: string;
  readonly categories: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

/** Return the artifacts in the order of the tasks; a nested pipeline repeats those of its tasks. */
export function listArtifacts(tasks: readonly Task[]): readonly ITaskArtifact[] {
  const seen = new Set<string>();
  const found: ITaskArtifact[] = [];
  for (const task of [...tasks].sort((one, other) => getDepth(tasks, other) - getDepth(tasks, one))) {
    for (const [output, artifacts] of Object.entries(task.outputs.artifacts)) {
      for (const artifact of artifacts) {
        if (!artifact.uri || !seen.has(artifact.uri)) {
          seen.add(artifact.uri);
          found.push({ task: getTaskName(task), taskId: task.task_id, output, artifact });
        }
      }
    }
  }
  const order = tasks.map(task => task.task_id);
  return found.sort((one, other) => order.indexOf(one.taskId) - order.indexOf(other.taskId));
}

/** Return why the outputs of tasks are not known, with the names of these tasks. */
export function listUnread(tasks: readonly Task[]): readonly IUnread[] {
  const named = new Map<string, string[]>();
  for (const task of tasks) {
    if (task.outputs_unread) {
      named.set(task.outputs_unread, [...(named.get(task.outputs_unread) ?? []), getTaskName(task)]);
    }
  }
  return [...named].map(([reason, names]) => ({ reason, tasks: names }));
}

/** Return the scalar metrics in `artifacts`. */
export function listMetrics(artifacts: readonly ITaskArtifact[]): readonly IMetric[] {
  return artifacts
    .filter(({ artifact }) => artifact.type === 'system.Metrics')
    .flatMap(({ task, artifact }) =>
      Object.entries(artifact.metadata).flatMap(([name, value]) => {
        const number = numberOf(value);
        return number === undefined || name === 'display_name' ? [] : [{ task, name, value: number }];
      })
    );
}

/** Return the confusion matrices in `artifacts`; one that is not well-formed is left out. */
export function listMatrices(artifacts: readonly ITaskArtifact[]): readonly IConfusionMatrix[] {
  return artifacts.flatMap(({ task, output, artifact }) => {
    const matrix = readMatrix(artifact.metadata['confusionMatrix']);
    return matrix ? [{ title: `${task} · ${output}`, ...matrix }] : [];
  });
}

/** Return the number in a metadata value; KFP writes NaN and infinities as words. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return value;
  }
  const words = new Map([
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity]
  ]);
  return typeof value === 'string' ? words.get(value) : undefined;
}

/** Read the metadata that `ClassificationMetrics.log_confusion_matrix` of the KFP SDK writes. */
function readMatrix(value: unknown): Omit<IConfusionMatrix, 'title'> | undefined {
  const record = asRecord(asRecord(value)?.['struct'] ?? value);
  const specs = record?.['annotationSpecs'];
  const rows = record?.['rows'];
  if (!Array.isArray(specs) || !Array.isArray(rows) || rows.length !== specs.length) {
    return undefined;
  }
  const categories = specs.map(spec => String(asRecord(spec)?.['displayName'] ?? ''));
  const cells = rows.map(row => asRecord(row)?.['row'] as unknown);
  const right = cells.every(
    row => Array.isArray(row) && row.length === categories.length && row.every(cell => typeof cell === 'number')
  );
  return right ? { categories, rows: cells as number[][] } : undefined;
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function getDepth(tasks: readonly Task[], task: Task): number {
  let depth = 0;
  let parent = task.parent_task_id;
  while (parent && depth < tasks.length) {
    depth++;
    parent = tasks.find(other => other.task_id === parent)?.parent_task_id ?? '';
  }
  return depth;
}
