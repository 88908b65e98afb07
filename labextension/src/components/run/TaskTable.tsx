import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Task } from '../../api/types';
import type { Format } from '../../format';
import { NOTHING } from '../../format';
import { formatAttempt, getDuration, getTaskName, type ITaskRow, type ITaskSort, type TaskColumn } from '../../tasks/rows';
import { StateBadge } from '../StateIcon';
import { Icon } from '../Icon';

export interface ITaskTableProps {
  readonly rows: readonly ITaskRow[];
  readonly sort: ITaskSort;
  /** What tasks that have not started wait for. */
  readonly waits: ReadonlyMap<string, readonly Task[]>;
  readonly chosen: string;
  readonly format: Format;
  readonly now: number;
  readonly onSort: (sort: ITaskSort) => void;
  /** `""` for none. */
  readonly onChoose: (taskId: string) => void;
  readonly onFold: (taskId: string, folded: boolean) => void;
  readonly onOpenRun: (runId: string) => void;
}

const COLUMNS: readonly TaskColumn[] = ['state', 'task', 'started', 'took', 'try', 'reason'];

/** All tasks of a run; a grid whose rows share the columns. */
export function TaskTable(props: ITaskTableProps): React.JSX.Element {
  const { rows, chosen, format } = props;
  const body = React.useRef<HTMLDivElement>(null);
  const stop = rows.some(row => row.task.task_id === chosen) ? chosen : (rows[0]?.task.task_id ?? '');
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const target = findTarget(event.key, rows, stop);
    // a button inside the row handles its own keys
    if (target === null || event.target !== findRow(body.current, stop)) {
      return;
    }
    event.preventDefault();
    if (target.fold !== undefined) {
      props.onFold(stop, target.fold);
    } else {
      props.onChoose(target.task);
      findRow(body.current, target.task || stop)?.focus();
    }
  };
  return (
    <div className="jp-kfp-Tasks" role="table" aria-label={format.trans.__('Tasks')}>
      <div role="rowgroup" className="jp-kfp-Tasks-head">
        <div role="row" className="jp-kfp-Tasks-row">
          {COLUMNS.map(column => (
            <Header key={column} column={column} {...props} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className="jp-kfp-Tasks-body" ref={body} onKeyDown={onKeyDown}>
        {rows.map(row => (
          <Row key={row.task.task_id} row={row} stop={row.task.task_id === stop} {...props} />
        ))}
      </div>
    </div>
  );
}

function Header({ column, sort, format, onSort }: ITaskTableProps & { column: TaskColumn }): React.JSX.Element {
  const { trans } = format;
  const words: Record<TaskColumn, string> = {
    state: trans.__('State'),
    task: trans.__('Task'),
    started: trans.__('Started'),
    took: trans.__('Took'),
    try: trans.__('Try'),
    reason: trans.__('Reason')
  };
  const sorted = sort.column === column;
  const order = sorted ? (sort.descending ? 'descending' : 'ascending') : undefined;
  return (
    <div role="columnheader" aria-sort={order} className={`jp-kfp-Tasks-cell jp-mod-${column}`}>
      <button
        type="button"
        className="jp-kfp-Tasks-sort"
        title={trans.__('Sort by %1', words[column])}
        onClick={() => onSort({ column, descending: sorted && !sort.descending })}
      >
        {words[column]}
        {sorted && <span aria-hidden="true">{sort.descending ? ' ▼' : ' ▲'}</span>}
      </button>
    </div>
  );
}

function Row(props: ITaskTableProps & { readonly row: ITaskRow; readonly stop: boolean }): React.JSX.Element {
  const { row, format, now } = props;
  const { task } = row;
  const chosen = task.task_id === props.chosen;
  return (
    <div
      role="row"
      className="jp-kfp-Tasks-row"
      data-task={task.task_id}
      aria-selected={chosen}
      tabIndex={props.stop ? 0 : -1}
      onClick={() => props.onChoose(task.task_id)}
    >
      <div role="cell" className="jp-kfp-Tasks-cell jp-mod-state">
        <StateBadge phase={task.phase} raw={task.state} trans={format.trans} />
      </div>
      <div role="cell" className="jp-kfp-Tasks-cell jp-mod-task" title={getTaskName(task)}>
        <Name {...props} />
      </div>
      <div role="cell" className="jp-kfp-Tasks-cell jp-mod-started jp-kfp-num" title={format.tooltip(task.start_time)}>
        {format.clock(task.start_time)}
      </div>
      <div role="cell" className="jp-kfp-Tasks-cell jp-mod-took jp-kfp-num">
        {format.duration(getDuration(task, now))}
      </div>
      <div role="cell" className="jp-kfp-Tasks-cell jp-mod-try jp-kfp-num">
        {formatAttempt(task) || NOTHING}
      </div>
      <div role="cell" className="jp-kfp-Tasks-cell jp-mod-reason" title={task.reason || undefined}>
        <Reason {...props} />
      </div>
    </div>
  );
}

function Name({ row, format, onFold }: ITaskTableProps & { readonly row: ITaskRow }): React.JSX.Element {
  const { task, depth, children, folded } = row;
  const twisty = folded ? caretRightIcon : caretDownIcon;
  const label = folded ? format.trans.__('Unfold %1', getTaskName(task)) : format.trans.__('Fold %1', getTaskName(task));
  return (
    <span className="jp-kfp-Tasks-name" style={{ paddingInlineStart: `${depth * 16}px` }}>
      {children > 0 && (
        <button
          type="button"
          tabIndex={-1}
          className="jp-kfp-Tasks-twisty"
          aria-expanded={!folded}
          aria-label={label}
          title={label}
          onClick={event => {
            event.stopPropagation();
            onFold(task.task_id, !folded);
          }}
        >
          <Icon of={twisty} />
        </button>
      )}
      <span className="jp-kfp-cut">{getTaskName(task)}</span>
      {children > 0 && (
        <span className="jp-kfp-dim jp-kfp-small jp-kfp-num">
          {format.trans.__('%1 of %2', row.done, row.children)}
        </span>
      )}
    </span>
  );
}

function Reason(props: ITaskTableProps & { readonly row: ITaskRow }): React.JSX.Element | null {
  const { row, waits, format, onOpenRun } = props;
  const { task } = row;
  const needs = waits.get(task.task_id);
  if (task.phase === 'CACHED' && task.cached_from_run_id) {
    return <OpenRun task={task} format={format} onOpenRun={onOpenRun} />;
  }
  if (!task.reason && needs) {
    const words = format.trans.__('waits for %1', needs.map(getTaskName).join(', '));
    return (
      <span className="jp-kfp-dim" title={words}>
        {words}
      </span>
    );
  }
  return task.reason ? <>{task.reason}</> : null;
}

function OpenRun(props: {
  readonly task: Task;
  readonly format: Format;
  readonly onOpenRun: (runId: string) => void;
}): React.JSX.Element {
  const { format, task } = props;
  return (
    <button
      type="button"
      className="jp-kfp-Link"
      title={format.trans.__('Open the run that made this result')}
      onClick={event => {
        event.stopPropagation();
        props.onOpenRun(task.cached_from_run_id);
      }}
    >
      {format.trans.__('run %1', format.shortId(task.cached_from_run_id))}
    </button>
  );
}

function findRow(body: HTMLElement | null, taskId: string): HTMLElement | undefined {
  const rows = body?.querySelectorAll<HTMLElement>('[data-task]') ?? [];
  return [...rows].find(row => row.dataset['task'] === taskId);
}

interface IKeyTarget {
  readonly task: string;
  readonly fold?: boolean;
}

/** Return what a key does on the focused row; null for nothing. */
function findTarget(key: string, rows: readonly ITaskRow[], current: string): IKeyTarget | null {
  const at = rows.findIndex(row => row.task.task_id === current);
  const row = rows[at];
  const to = (index: number): IKeyTarget | null => {
    const target = rows[Math.min(rows.length - 1, Math.max(0, index))];
    return target ? { task: target.task.task_id } : null;
  };
  switch (key) {
    case 'ArrowDown':
      return to(at + 1);
    case 'ArrowUp':
      return to(at - 1);
    case 'PageDown':
      return to(at + 10);
    case 'PageUp':
      return to(at - 10);
    case 'Home':
      return to(0);
    case 'End':
      return to(rows.length - 1);
    case 'Enter':
      return to(at);
    case 'Escape':
      return { task: '' };
    case 'ArrowLeft':
      return row?.children && !row.folded ? { task: current, fold: true } : null;
    case 'ArrowRight':
      return row?.children && row.folded ? { task: current, fold: false } : null;
    default:
      return null;
  }
}
