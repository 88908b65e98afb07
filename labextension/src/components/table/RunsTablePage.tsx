import { copyIcon, downloadIcon, filterIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { BulkEvent, ErrorBody, Run } from '../../api/types';
import { EVERYTHING, isPlain } from '../../filter';
import { mayDo } from '../../rules';
import type { RunAction } from '../../rules';
import { chooseColumns, listRunColumns, listSeenColumns, sortRuns, toColumnSort, toTable } from '../../table/columns';
import type { IColumn, IColumnsOptions, IColumnSort } from '../../table/columns';
import type { IRunSort } from '../../tokens';
import { describeBulk } from '../../bulkwords';
import { Button } from '../Button';
import { EmptyState } from '../EmptyState';
import { ErrorNotice } from '../ErrorNotice';
import { Chips, SearchField, type IFilterProps } from '../panel/FilterFields';
import { Skeleton } from '../Skeleton';
import { RunsTable, type IRunsTableProps } from './RunsTable';

export interface IRunsTablePageProps
  extends
    IFilterProps,
    Pick<IColumnsOptions, 'metrics' | 'pipelines' | 'now'>,
    Pick<IRunsTableProps, 'runs' | 'selected' | 'active' | 'hasMore' | 'onSelect' | 'onOpen' | 'onMenu' | 'onMore'> {
  readonly namespace: string;
  readonly loading: boolean;
  readonly error: ErrorBody | null;
  readonly total: number;
  readonly pageSize: number;
  /** The metrics that a person has chosen in the settings. */
  readonly metricColumns: readonly string[];
  /** Whether metrics are read without being asked for: not from a cluster, which pays for each. */
  readonly readsMetrics: boolean;
  /** The change of many runs that is being made. */
  readonly bulk: BulkEvent | null;
  readonly off?: string;
  readonly onReadMetrics: () => void;
  readonly onSelectAll: () => void;
  readonly onAction: (action: RunAction) => void;
  readonly onStop: (jobId: string) => void;
  readonly onFilterMenu: (x: number, y: number) => void;
  readonly onPageSize: (size: number) => void;
  readonly onCopyCode: () => void;
  readonly onCopy: (text: string) => void;
  readonly onDownload: (text: string, name: string) => void;
}

/** The runs at full width: filter, what can be done with the chosen ones, the table, and how it is sorted. */
export function RunsTablePage(props: IRunsTablePageProps): React.JSX.Element {
  const { runs, filter, format } = props;
  const { trans } = format;
  const search = React.useRef<HTMLInputElement>(null);
  const [local, setLocal] = React.useState<readonly IColumnSort[]>([]);
  const [chosen, setChosen] = React.useState<readonly string[] | null>(null);
  const [choosing, setChoosing] = React.useState(false);
  const fixed = listRunColumns(props);
  const seen = listSeenColumns(runs, props);
  const shown = chosen ?? chooseColumns(seen, props.metricColumns);
  const columns = [...fixed, ...seen.filter(({ id }) => shown.includes(id))];
  const sorts = local.length > 0 ? local : toColumnSort(filter.sort, fixed);
  const sorted = sortRuns(runs, local, columns);
  const onSort = (next: readonly IColumnSort[]): void => {
    const order = toServerSort(next, fixed);
    setLocal(order ? [] : next);
    if (order) {
      props.onFilter({ sort: order });
    }
  };
  const toDownload = runs.some(run => props.selected.has(run.run_id))
    ? sorted.filter(run => props.selected.has(run.run_id))
    : sorted;
  return (
    <div className="jp-kfp-Main">
      <div className="jp-kfp-RunsTable-top">
        <SearchField {...props} input={search} />
        <Button
          label={trans.__('Filter')}
          kind="icon"
          icon={filterIcon}
          hasPopup
          onClick={event => {
            const { left, bottom } = event.currentTarget.getBoundingClientRect();
            props.onFilterMenu(left, bottom);
          }}
        />
        <Chips {...props} />
        <span className="jp-kfp-grow" />
        <Button label={trans.__('Columns')} kind="quiet" expanded={choosing} onClick={() => setChoosing(!choosing)} />
        <Button label={trans.__('Copy as DataFrame code')} kind="quiet" icon={copyIcon} onClick={props.onCopyCode} />
        <Button
          label={trans.__('Download CSV')}
          kind="quiet"
          icon={downloadIcon}
          onClick={() => props.onDownload(toTable(toDownload, columns), `runs-${props.namespace || 'kfp'}.csv`)}
        />
      </div>
      {choosing && (
        <ColumnChoice {...props} seen={seen} shown={shown} onChoose={setChosen} />
      )}
      <Bar {...props} />
      {props.error ? (
        <ErrorNotice error={props.error} trans={trans} onCopy={props.onCopy} />
      ) : runs.length === 0 ? (
        <Nothing {...props} />
      ) : (
        <RunsTable
          {...props}
          runs={sorted}
          columns={columns}
          sorts={sorts}
          label={trans.__('Runs in %1', props.namespace)}
          onSort={onSort}
          onDelete={() => props.onAction('delete')}
        />
      )}
      <Foot {...props} sorts={sorts} isLocal={local.length > 0} columns={columns} />
    </div>
  );
}

/** Return the order that the server can sort by; null if the page has to. */
function toServerSort(sorts: readonly IColumnSort[], columns: readonly IColumn[]): IRunSort | null {
  const [first] = sorts;
  const field = sorts.length === 1 && columns.find(({ id }) => id === first?.id)?.field;
  return field && first ? { field, descending: first.descending } : null;
}

interface IColumnChoiceProps extends IRunsTablePageProps {
  readonly seen: readonly IColumn[];
  readonly shown: readonly string[];
  readonly onChoose: (ids: readonly string[]) => void;
}

/** The metrics and parameters that the loaded runs have, each to be shown or not. */
function ColumnChoice(props: IColumnChoiceProps): React.JSX.Element {
  const { seen, shown, format, onChoose } = props;
  const { trans } = format;
  return (
    <div className="jp-kfp-RunsTable-choice" role="group" aria-label={trans.__('Columns')}>
      {seen.length === 0 && <span className="jp-kfp-dim">{trans.__('The loaded runs have no parameters.')}</span>}
      {seen.map(({ id, title, group }) => (
        <label key={id} title={group === 'metric' ? trans.__('Metric') : trans.__('Parameter')}>
          <input
            type="checkbox"
            checked={shown.includes(id)}
            onChange={() => onChoose(shown.includes(id) ? shown.filter(other => other !== id) : [...shown, id])}
          />{' '}
          {title}
        </label>
      ))}
      {!props.readsMetrics && (
        <Button label={trans.__('Read metrics')} title={trans.__('Takes some calls of KFP for each run.')} onClick={props.onReadMetrics} />
      )}
    </div>
  );
}

/** How many are chosen, what can be done with them, and how far that has come. */
function Bar(props: IRunsTablePageProps): React.JSX.Element {
  const { runs, selected, format, bulk, total } = props;
  const { trans } = format;
  const chosen = runs.filter(run => selected.has(run.run_id));
  const why = (action: RunAction): string | undefined => {
    if (bulk) {
      return trans.__('Wait until the change that is being made has ended.');
    }
    return props.off ?? whyNot(action, chosen, props);
  };
  const verbs: readonly (readonly [RunAction, string])[] = [
    ['terminate', trans.__('Terminate')],
    ['retry', trans.__('Retry')],
    props.filter.archived ? ['restore', trans.__('Restore')] : ['archive', trans.__('Archive')],
    ['delete', trans.__('Delete…')]
  ];
  return (
    <div className="jp-kfp-RunsTable-bar" role="toolbar" aria-label={trans.__('Selected runs')}>
      <strong className="jp-kfp-num">{trans.__('%1 selected', format.count(selected.size))}</strong>
      {props.hasMore && selected.size === runs.length && total > selected.size && (
        <Button label={trans.__('Select all %1', format.count(total))} kind="quiet" onClick={props.onSelectAll} />
      )}
      {verbs.map(([action, label]) => (
        <Button key={action} label={label} kind="quiet" off={why(action)} onClick={() => props.onAction(action)} />
      ))}
      <span className="jp-kfp-grow" />
      {bulk && <Progress bulk={bulk} format={format} onStop={props.onStop} />}
    </div>
  );
}

function whyNot(action: RunAction, chosen: readonly Run[], { format: { trans } }: IRunsTablePageProps): string | undefined {
  if (chosen.length === 0) {
    return trans.__('Select a run first.');
  }
  return chosen.some(run => mayDo(action, run)) ? undefined : trans.__('None of them can be changed like that.');
}

function Progress(props: Pick<IRunsTablePageProps, 'format' | 'onStop'> & { readonly bulk: BulkEvent }): React.JSX.Element {
  const { bulk, format } = props;
  const words = describeBulk(bulk.verb, format.trans).doing(bulk.done, bulk.total);
  return (
    <>
      <progress value={bulk.done + bulk.failed} max={bulk.total} aria-label={words} />
      <span className="jp-kfp-num">{words}</span>
      <Button label={format.trans.__('Stop')} onClick={() => props.onStop(bulk.job_id)} />
    </>
  );
}

function Nothing({ loading, filter, format, onFilter }: IRunsTablePageProps): React.JSX.Element {
  const { trans } = format;
  if (loading) {
    return <Skeleton trans={trans} />;
  }
  return isPlain(filter) ? (
    <EmptyState title={trans.__('No runs yet.')} text={trans.__('A run is one execution of a pipeline.')} />
  ) : (
    <EmptyState title={trans.__('No runs match.')}>
      <Button label={trans.__('Clear filters')} onClick={() => onFilter(EVERYTHING)} />
    </EmptyState>
  );
}

interface IFootProps extends IRunsTablePageProps {
  readonly sorts: readonly IColumnSort[];
  readonly columns: readonly IColumn[];
  /** Whether the page sorts what it has loaded. */
  readonly isLocal: boolean;
}

/** How many rows are loaded, in which order, and how many a page has. */
function Foot(props: IFootProps): React.JSX.Element {
  const { runs, total, sorts, columns, isLocal, format, pageSize } = props;
  const { trans } = format;
  const names = sorts.map(({ id }) => columns.find(column => column.id === id)?.title ?? '').filter(name => name !== '');
  const sizes = [...new Set([25, 50, 100, 200, pageSize])].sort((one, other) => one - other);
  return (
    <div className="jp-kfp-RunsTable-foot">
      <span className="jp-kfp-num">
        {trans.__('%1 of %2', format.count(runs.length), format.count(Math.max(total, runs.length)))}
      </span>
      <span className="jp-kfp-dim">
        {isLocal && props.hasMore
          ? trans.__('the loaded ones, sorted by %1', names.join(trans.__(', then ')))
          : trans.__('sorted by %1', names.join(trans.__(', then ')))}
      </span>
      <span className="jp-kfp-grow" />
      <label>
        {trans.__('Rows')}{' '}
        <select value={pageSize} onChange={event => props.onPageSize(Number(event.target.value))}>
          {sizes.map(size => (
            <option key={size} value={size}>
              {size}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
