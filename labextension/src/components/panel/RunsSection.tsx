import { filterIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ErrorBody } from '../../api/types';
import { EVERYTHING, isPlain } from '../../filter';
import { instant } from '../../format';
import { mayDo } from '../../rules';
import type { RunAction } from '../../rules';
import type { ConnectionState, INotebookRef, IRunFilter, IRunList } from '../../tokens';
import { Button } from '../Button';
import { EmptyState } from '../EmptyState';
import { ErrorNotice } from '../ErrorNotice';
import { Chips, SearchField } from './FilterFields';
import { RunList } from './RunList';
import type { IRunListProps } from './RunList';
import { Skeleton } from '../Skeleton';
import { useNow } from '../now';

export interface IRunsSectionProps extends Omit<IRunListProps, 'onSearch'> {
  readonly loading: boolean;
  readonly connection: ConnectionState;
  readonly error: ErrorBody | null;
  readonly updatedAt: number;
  readonly retryAt: number;
  readonly filter: IRunFilter;
  /** The notebook in front; null if none is open. */
  readonly notebook: INotebookRef | null;
  readonly onRunNotebook: () => void;
  /** Whether to offer the example, which the embedded server runs. */
  readonly example: boolean;
  /** Whether the embedded server has stopped and can be started again. */
  readonly startable: boolean;
  readonly onCopy: (text: string) => void;
  readonly onStart: () => void;
  readonly onFilter: (filter: Partial<IRunFilter>) => void;
  readonly onFilterMenu: (x: number, y: number) => void;
  readonly onNewRun: () => void;
  readonly onExample: () => void;
  readonly onRetryConnection: () => void;
  readonly onDoctor: () => void;
  readonly onTerminateSelected: () => void;
  readonly onArchiveSelected: () => void;
  readonly onRestoreSelected: () => void;
  readonly onDeleteSelected: () => void;
  /** How many runs there are, and how many of those seen are active and failed. */
  readonly total: number;
  readonly counts: IRunList['counts'];
  /** Whether all runs are being loaded to be selected. */
  readonly selecting: boolean;
  readonly onSelectAll: () => void;
}

/** The section of runs: search, chips or selection bar, and the list or a notice in its place. */
export function RunsSection(props: IRunsSectionProps): React.JSX.Element {
  const { runs, filter, error, connection, format } = props;
  const search = React.useRef<HTMLInputElement>(null);
  if (error && connection === 'connected') {
    return <ErrorNotice error={error} trans={format.trans} onCopy={props.onCopy} />;
  }
  if (isPlain(filter) && runs.length === 0) {
    return props.loading || connection === 'connecting' ? (
      <Skeleton trans={format.trans} />
    ) : (
      <FirstRun {...props} />
    );
  }
  return (
    <div className={connection === 'lost' ? 'jp-kfp-Runs jp-mod-old' : 'jp-kfp-Runs'}>
      {connection === 'lost' && <Lost {...props} />}
      <div className="jp-kfp-Search">
        <SearchField {...props} input={search} />
        <Button
          label={format.trans.__('Filter')}
          kind="icon"
          icon={filterIcon}
          hasPopup
          onClick={event => {
            const { left, bottom } = event.currentTarget.getBoundingClientRect();
            props.onFilterMenu(left, bottom);
          }}
        />
      </div>
      {props.selected.size > 1 ? <SelectionBar {...props} /> : <Chips {...props} />}
      {runs.length > 0 ? (
        <RunList {...props} onSearch={() => search.current?.focus()} />
      ) : (
        <NoMatch {...props} />
      )}
    </div>
  );
}

function SelectionBar(props: IRunsSectionProps): React.JSX.Element {
  const { selected, format, off } = props;
  const { trans } = format;
  const runs = props.runs.filter(run => selected.has(run.run_id));
  const some = (action: RunAction): boolean => runs.some(run => mayDo(action, run));
  const all = props.hasMore && selected.size === props.runs.length && props.total > selected.size;
  return (
    <div className="jp-kfp-SelectionBar" role="toolbar" aria-label={trans.__('Selected runs')}>
      <strong className="jp-kfp-grow jp-kfp-num">{trans.__('%1 selected', format.count(selected.size))}</strong>
      {all && (
        <Button
          label={trans.__('Select all %1', format.count(props.total))}
          kind="quiet"
          off={props.selecting ? trans.__('Loading…') : undefined}
          onClick={props.onSelectAll}
        />
      )}
      <Button
        label={trans.__('Terminate')}
        kind="quiet"
        off={off ?? (some('terminate') ? undefined : trans.__('None of them can be terminated.'))}
        onClick={props.onTerminateSelected}
      />
      {props.filter.archived ? (
        <Button
          label={trans.__('Restore')}
          kind="quiet"
          off={off ?? (some('restore') ? undefined : trans.__('None of them can be restored.'))}
          onClick={props.onRestoreSelected}
        />
      ) : (
        <Button
          label={trans.__('Archive')}
          kind="quiet"
          off={off ?? (some('archive') ? undefined : trans.__('None of them can be archived.'))}
          onClick={props.onArchiveSelected}
        />
      )}
      <Button label={trans.__('Delete…')} kind="quiet" off={off} onClick={props.onDeleteSelected} />
      <Button
        label="✕"
        kind="quiet"
        title={trans.__('Unselect all')}
        onClick={() => props.onSelect([], props.active)}
      />
    </div>
  );
}

function FirstRun(props: IRunsSectionProps): React.JSX.Element {
  const { format, namespace, example, off } = props;
  const { trans } = format;
  const title = namespace ? trans.__('No runs yet in %1.', namespace) : trans.__('No runs yet.');
  return (
    <EmptyState title={title} text={trans.__('A run is one execution of a pipeline.')}>
      {example && (
        <Button label={trans.__('Run the example')} kind="primary" off={off} onClick={props.onExample} />
      )}
      <Button
        label={trans.__('New run')}
        kind={example ? 'plain' : 'primary'}
        off={off}
        onClick={props.onNewRun}
      />
    </EmptyState>
  );
}

function NoMatch(props: IRunsSectionProps): React.JSX.Element {
  const { filter } = props;
  const { trans } = props.format;
  if (props.loading) {
    return <Skeleton trans={trans} />;
  }
  if (filter.notebook && isPlain({ ...filter, notebook: null })) {
    return (
      <EmptyState title={trans.__('No runs from %1 yet.', filter.notebook.path.split('/').at(-1))}>
        <Button
          label={trans.__('Run this notebook…')}
          kind="primary"
          off={props.off}
          onClick={props.onRunNotebook}
        />
      </EmptyState>
    );
  }
  return (
    <EmptyState title={trans.__('No runs match.')}>
      <Button
        label={trans.__('Clear filters')}
        onClick={() => props.onFilter(EVERYTHING)}
      />
    </EmptyState>
  );
}

/** One line on top while the rows cannot be refreshed. */
function Lost(props: IRunsSectionProps): React.JSX.Element {
  const { format, updatedAt, retryAt } = props;
  const { trans } = format;
  const now = useNow(props.ticker);
  const from = new Date(updatedAt).toISOString();
  const wait = Math.ceil((retryAt - now) / 1000);
  return (
    <div className="jp-kfp-Lost" role="status" title={props.error?.message}>
      <span>
        {trans.__('Not connected.')}{' '}
        {instant(from) !== null && trans.__('Rows are from %1.', format.clock(from).slice(0, 5))}{' '}
        {wait > 0 && trans.__('Trying again in %1 s.', wait)}
      </span>
      {props.startable ? (
        <Button label={trans.__('Start embedded server')} kind="quiet" onClick={props.onStart} />
      ) : (
        <Button label={trans.__('Retry now')} kind="quiet" onClick={props.onRetryConnection} />
      )}
      <Button label={trans.__('Why?')} kind="quiet" onClick={props.onDoctor} />
    </div>
  );
}
