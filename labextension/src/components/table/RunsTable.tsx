import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import type { Run } from '../../api/types';
import type { Format } from '../../format';
import { clickColumn, type IColumn, type IColumnSort } from '../../table/columns';
import { CutName } from '../CutName';
import { findFocused } from '../focused';
import { StateBadge } from '../StateIcon';

const ROW = 28;
const HEAD = 52;

/** The widths of the columns that every run has; the others are as wide as a number. */
const WIDTHS: Readonly<Record<string, string>> = {
  state: '116px',
  name: 'minmax(160px, 3fr)',
  experiment: 'minmax(88px, 1fr)',
  pipeline: 'minmax(88px, 1fr)',
  started: '104px',
  took: '92px'
};

export interface IRunsTableProps {
  readonly runs: readonly Run[];
  readonly columns: readonly IColumn[];
  readonly sorts: readonly IColumnSort[];
  readonly selected: ReadonlySet<string>;
  readonly active: string;
  readonly hasMore: boolean;
  readonly label: string;
  readonly format: Format;
  readonly onSort: (sorts: readonly IColumnSort[]) => void;
  readonly onSelect: (ids: readonly string[], active: string) => void;
  readonly onOpen: (runId: string) => void;
  readonly onDelete: () => void;
  readonly onMenu: (runId: string, x: number, y: number) => void;
  readonly onMore: () => void;
}

/** Runs in rows of one line; only those in view are in the document. */
export function RunsTable(props: IRunsTableProps): React.JSX.Element {
  const { runs, columns, active, hasMore, onMore } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const current = Math.max(0, runs.findIndex(run => run.run_id === active));
  const virtual = useVirtualizer({
    count: runs.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    paddingStart: HEAD,
    overscan: 10,
    // the focused row always stays in the document
    rangeExtractor: range => [...new Set([current, ...defaultRangeExtractor(range)])].sort((one, other) => one - other)
  });
  const items = virtual.getVirtualItems();
  const isNearEnd = hasMore && (items.at(-1)?.index ?? 0) >= runs.length * 0.8;
  React.useEffect(() => {
    if (isNearEnd) {
      onMore();
    }
  }, [isNearEnd, runs.length, onMore]);
  React.useEffect(() => {
    if (box.current?.contains(document.activeElement)) {
      box.current.querySelector<HTMLElement>(`[data-run-id="${CSS.escape(active)}"]`)?.focus();
    }
  }, [active]);
  const template = ['32px', ...columns.map(({ id }) => WIDTHS[id] ?? 'minmax(72px, max-content)')];
  return (
    <div
      ref={box}
      className="jp-kfp-RunsTable"
      role="grid"
      aria-label={props.label}
      aria-multiselectable
      aria-rowcount={hasMore ? -1 : runs.length + 1}
      style={{ '--jp-kfp-columns': template.join(' ').replace(/max-content/g, '1fr') } as React.CSSProperties}
      onKeyDown={event => press(props, current, event)}
    >
      <div className="jp-kfp-RunsTable-room" role="presentation" style={{ height: virtual.getTotalSize() }}>
        <Head {...props} />
        {items.map(item => {
          const run = runs[item.index];
          return run && <Row key={run.run_id} {...props} run={run} index={item.index} top={item.start} isStop={item.index === current} />;
        })}
      </div>
    </div>
  );
}

function Head(props: IRunsTableProps): React.JSX.Element {
  const { runs, columns, selected, active, format, onSelect } = props;
  const { trans } = format;
  const isAll = runs.length > 0 && runs.every(run => selected.has(run.run_id));
  const groups = { metric: trans.__('Metrics'), parameter: trans.__('Parameters') };
  return (
    <div className="jp-kfp-RunsTable-head" role="row" aria-rowindex={1}>
      <span className="jp-kfp-RunsTable-cell" role="columnheader">
        <input
          type="checkbox"
          aria-label={trans.__('Select all that are loaded')}
          checked={isAll}
          onChange={() => onSelect(isAll ? [] : runs.map(({ run_id }) => run_id), active)}
        />
      </span>
      {columns.map((column, index) => {
        const { id, title, group } = column;
        const place = props.sorts.findIndex(sort => sort.id === id);
        const sort = props.sorts[place];
        const isFirst = group !== 'run' && columns[index - 1]?.group !== group;
        const groupTitle = group === 'run' ? '' : groups[group];
        return (
          <span
            key={id}
            role="columnheader"
            className={getClasses(column, isFirst)}
            aria-sort={sort && (sort.descending ? 'descending' : 'ascending')}
          >
            {isFirst && <span className="jp-kfp-RunsTable-group">{groupTitle}</span>}
            <button
              type="button"
              className="jp-kfp-Tasks-sort"
              title={trans.__('Sort by %1; with Shift after the other columns', title)}
              onClick={event => props.onSort(clickColumn(props.sorts, id, event.shiftKey))}
            >
              {title}
              {sort && (
                <span aria-hidden="true">
                  {sort.descending ? ' ▼' : ' ▲'}
                  {props.sorts.length > 1 && <sup>{place + 1}</sup>}
                </span>
              )}
            </button>
          </span>
        );
      })}
    </div>
  );
}

interface IRowProps extends IRunsTableProps {
  readonly run: Run;
  readonly index: number;
  readonly top: number;
  /** Whether Tab reaches this row. */
  readonly isStop: boolean;
}

function Row(props: IRowProps): React.JSX.Element {
  const { run, columns, selected, format, onSelect } = props;
  const { trans } = format;
  const { run_id } = run;
  const isSelected = selected.has(run_id);
  return (
    <div
      role="row"
      className="jp-kfp-RunsTable-row jp-kfp-RunRow-target"
      data-run-id={run_id}
      tabIndex={props.isStop ? 0 : -1}
      aria-rowindex={props.index + 2}
      aria-selected={isSelected}
      style={{ transform: `translateY(${props.top}px)` }}
      onFocus={event => event.target === event.currentTarget && run_id !== props.active && onSelect([...selected], run_id)}
      onClick={event => {
        if (event.shiftKey || event.ctrlKey || event.metaKey) {
          onSelect(event.shiftKey ? listBetween(props, run_id) : toggle(selected, run_id), run_id);
        } else {
          onSelect([...selected], run_id);
          props.onOpen(run_id);
        }
      }}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        props.onMenu(run_id, event.clientX, event.clientY);
      }}
    >
      <span className="jp-kfp-RunsTable-cell" role="gridcell" onClick={event => event.stopPropagation()}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={trans.__('Select %1', run.display_name)}
          checked={isSelected}
          onChange={() => onSelect(toggle(selected, run_id), run_id)}
        />
      </span>
      {columns.map((column, index) => {
        const text = column.text(run);
        const isFirst = column.group !== 'run' && columns[index - 1]?.group !== column.group;
        return (
          <span key={column.id} role="gridcell" className={getClasses(column, isFirst)} title={describeCell(column, run, format)}>
            {column.id === 'state' ? (
              <StateBadge phase={run.phase} raw={run.state} trans={trans} />
            ) : column.id === 'name' ? (
              <CutName name={text} />
            ) : (
              text
            )}
          </span>
        );
      })}
    </div>
  );
}

function getClasses({ isRight }: IColumn, isFirst: boolean): string {
  const names = ['jp-kfp-RunsTable-cell', isRight ? 'jp-mod-right' : '', isFirst ? 'jp-mod-first' : ''];
  return names.filter(name => name !== '').join(' ');
}

/** Return the tooltip of a cell: moments and numbers in full. */
function describeCell(column: IColumn, run: Run, format: Format): string | undefined {
  if (column.id === 'started') {
    return format.tooltip(run.created_at);
  }
  const value = column.value(run);
  return value === null ? undefined : column.id === 'took' ? column.text(run) : String(value);
}

function toggle(selected: ReadonlySet<string>, id: string): string[] {
  return selected.has(id) ? [...selected].filter(other => other !== id) : [...selected, id];
}

/** Return the ids from the active row to another, inclusive. */
function listBetween({ runs, active }: IRunsTableProps, to: string): string[] {
  const ids = runs.map(run => run.run_id);
  const [start, end] = [Math.max(0, ids.indexOf(active)), ids.indexOf(to)].sort((one, other) => one - other);
  return ids.slice(start, (end ?? 0) + 1);
}

/** Handle a key on the row that has the focus. */
function press(props: IRunsTableProps, active: number, event: React.KeyboardEvent<HTMLElement>): void {
  const { runs, selected, onSelect } = props;
  const current = findFocused(runs, event, active);
  const id = runs[current]?.run_id;
  if (id === undefined || (event.target instanceof HTMLElement && event.target.closest('button, input'))) {
    return;
  }
  const go = (index: number): void => {
    const target = runs[Math.max(0, Math.min(runs.length - 1, index))]?.run_id ?? id;
    onSelect(event.shiftKey ? [...new Set([...selected, id, target])] : [...selected], target);
  };
  const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / ROW) - 3);
  const isAll = (event.ctrlKey || event.metaKey) && event.key === 'a';
  const acts: Record<string, () => void> = {
    ArrowDown: () => go(current + 1),
    ArrowUp: () => go(current - 1),
    PageDown: () => go(current + page),
    PageUp: () => go(current - page),
    Home: () => go(0),
    End: () => go(runs.length - 1),
    Enter: () => props.onOpen(id),
    ' ': () => onSelect(toggle(selected, id), id),
    Escape: () => onSelect([], id),
    Delete: () => props.onDelete()
  };
  const act = isAll ? () => onSelect(runs.map(({ run_id }) => run_id), id) : acts[event.key];
  if (act && (isAll || !(event.ctrlKey || event.metaKey))) {
    event.preventDefault();
    act();
  }
}
