/** The columns of the runs table: what each shows, how it sorts, and what a file of them has. */
import type { Run } from '../api/types';
import { compareCells, encodeCsv } from '../cells';
import { instant, NOTHING } from '../format';
import type { Format } from '../format';
import { describePhase } from '../phase';
import { isTimed } from '../rules';
import type { IRunSort, SortField } from '../tokens';

/** The most metrics, and the most parameters, that are shown before a person chooses. */
const SHOWN = 3;

/** A column of the runs table. */
export interface IColumn {
  readonly id: string;
  readonly title: string;
  readonly group: 'run' | 'metric' | 'parameter';
  /** Whether its values are numbers, which stand at the right. */
  readonly isRight: boolean;
  /** By which field the server sorts by it; the page sorts by the others. */
  readonly field?: SortField;
  readonly value: (run: Run) => number | string | null;
  readonly text: (run: Run) => string;
}

/** One step of an order. */
export interface IColumnSort {
  readonly id: string;
  readonly descending: boolean;
}

export interface IColumnsOptions {
  readonly format: Format;
  readonly now: number;
  readonly metrics: (run: Run) => Readonly<Record<string, number>> | undefined;
  /** The names of pipelines by their ids. */
  readonly pipelines: ReadonlyMap<string, string>;
}

/** The columns that every run has. */
export function listRunColumns({ format, now, pipelines }: IColumnsOptions): readonly IColumn[] {
  const { trans } = format;
  const column = (id: string, title: string, rest: Partial<IColumn> & Pick<IColumn, 'value' | 'text'>): IColumn => ({
    id,
    title,
    group: 'run',
    isRight: false,
    ...rest
  });
  const took = (run: Run): number | null => {
    const start = instant(run.created_at);
    return start === null || !isTimed(run) ? null : ((instant(run.finished_at) ?? now) - start) / 1000;
  };
  const pipeline = (run: Run): string => pipelines.get(run.pipeline_version_reference?.pipeline_id ?? '') ?? '';
  const plain = (read: (run: Run) => string): Pick<IColumn, 'value' | 'text'> => ({
    value: run => read(run) || null,
    text: run => read(run) || NOTHING
  });
  return [
    column('state', trans.__('State'), plain(run => describePhase(run.phase, trans, run.state))),
    column('name', trans.__('Name'), { field: 'display_name', ...plain(run => run.display_name || run.run_id) }),
    column('experiment', trans.__('Experiment'), plain(run => run.experiment_name)),
    column('pipeline', trans.__('Pipeline'), plain(pipeline)),
    column('started', trans.__('Started'), {
      field: 'created_at',
      value: run => instant(run.created_at),
      text: run => format.moment(run.created_at, now)
    }),
    column('took', trans.__('Took'), { isRight: true, value: took, text: run => format.duration(took(run)) })
  ];
}

/** A column for each metric and each parameter that one of `runs` has. */
export function listSeenColumns(runs: readonly Run[], { format, metrics }: IColumnsOptions): readonly IColumn[] {
  const names = (of: (run: Run) => object): string[] => [...new Set(runs.flatMap(run => Object.keys(of(run))))];
  return [
    ...names(run => metrics(run) ?? {}).map((name): IColumn => {
      const value = (run: Run): number | null => metrics(run)?.[name] ?? null;
      const text = (run: Run): string => {
        const known = value(run);
        return known === null ? NOTHING : format.metric(known);
      };
      return { id: `metric ${name}`, title: name, group: 'metric', isRight: true, value, text };
    }),
    ...names(listParameters).map((name): IColumn => {
      const value = (run: Run): number | string | null => toCell(listParameters(run)[name]);
      const isRight = runs.every(run => typeof value(run) !== 'string');
      return { id: `parameter ${name}`, title: name, group: 'parameter', isRight, value, text: run => String(value(run) ?? NOTHING) };
    })
  ];
}

/** Choose the columns that are shown before a person chooses: `wanted` metrics or the first, and the first parameters. */
export function chooseColumns(seen: readonly IColumn[], wanted: readonly string[]): readonly string[] {
  const metrics = seen.filter(({ group }) => group === 'metric');
  const asked = metrics.filter(({ title }) => wanted.includes(title));
  const parameters = seen.filter(({ group }) => group === 'parameter');
  return [...(asked.length > 0 ? asked : metrics).slice(0, SHOWN), ...parameters.slice(0, SHOWN)].map(({ id }) => id);
}

/** Sort by several columns, the first one first; runs that are equal in all keep their order. */
export function sortRuns(
  runs: readonly Run[],
  sorts: readonly IColumnSort[],
  columns: readonly IColumn[]
): readonly Run[] {
  const steps = sorts.flatMap(({ id, descending }) => {
    const column = columns.find(each => each.id === id);
    return column ? [{ column, sign: descending ? -1 : 1 }] : [];
  });
  if (steps.length === 0) {
    return runs;
  }
  return [...runs].sort((one, other) => {
    for (const { column, sign } of steps) {
      const compared = sign * compareCells(column.value(one), column.value(other), sign);
      if (compared !== 0) {
        return compared;
      }
    }
    return 0;
  });
}

/** Return the order after a click on the head of a column; with Shift the column joins those before it. */
export function clickColumn(sorts: readonly IColumnSort[], id: string, joins: boolean): readonly IColumnSort[] {
  const known = sorts.find(each => each.id === id);
  const next = { id, descending: known ? !known.descending : false };
  if (!joins) {
    return [next];
  }
  return known ? sorts.map(each => (each.id === id ? next : each)) : [...sorts, next];
}

/** Return the order of the server as one of columns. */
export function toColumnSort({ field, descending }: IRunSort, columns: readonly IColumn[]): readonly IColumnSort[] {
  const column = columns.find(each => each.field === field);
  return column ? [{ id: column.id, descending }] : [];
}

/** Return runs as CSV, with times as the server gave them and numbers in full. */
export function toTable(runs: readonly Run[], columns: readonly IColumn[]): string {
  const head = columns.map(({ title, group }) => (group === 'run' ? title : `${group}.${title}`));
  const cell = ({ id, value }: IColumn, run: Run): string =>
    id === 'started' ? (run.created_at ?? '') : String(value(run) ?? '');
  return encodeCsv([['run_id', ...head], ...runs.map(run => [run.run_id, ...columns.map(each => cell(each, run))])]);
}

function listParameters({ runtime_config }: Run): Readonly<Record<string, unknown>> {
  return runtime_config?.parameters ?? {};
}

function toCell(value: unknown): number | string | null {
  if (value === undefined || value === null) {
    return null;
  }
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
}
