import * as React from 'react';

import { CommandIDs } from '../../commandids';
import { isStartable } from '../../commands';
import { RunsSection } from '../../components/panel/RunsSection';
import { isPlain } from '../../filter';
import { whyLocked } from '../../reasons';
import type { Run } from '../../api/types';
import type { Format } from '../../format';
import type { IMetrics, IRunList } from '../../tokens';
import { listFilterItems, RUN_ITEMS } from '../menus';
import type { IPanelContext, IPanelSection } from './section';

export const runsSection: IPanelSection = {
  id: 'runs',
  rank: 10,
  title: trans => trans.__('Runs'),
  count: ({ manager: { list }, format }) => {
    const count = list.hasMore ? Math.max(list.total, list.runs.length) : list.runs.length;
    if (isPlain(list.filter)) {
      return count === 0 ? '' : format.shortCount(count);
    }
    return format.trans.__('%1 of %2', format.shortCount(count), format.shortCount(Math.max(count, list.totalOfAll)));
  },
  Body: Runs
};

/** The runs list and what can be done with its rows. */
function Runs({ manager, format, ticker, notebook, execute, openMenu, copy }: IPanelContext): React.JSX.Element {
  const { connection, list } = manager;
  const { selection } = list;
  const { path, id } = notebook ?? { path: '', id: '' };
  // “This notebook” follows the notebook in front, wherever that is moved.
  React.useEffect(() => {
    const shown = list.filter.notebook;
    if (shown && path !== '' && (shown.path !== path || shown.id !== id)) {
      list.setFilter({ notebook: { path, id } });
    }
  }, [list, path, id]);
  const [selecting, setSelecting] = React.useState(false);
  // Stable, since effects of the components depend on them.
  const onMore = React.useCallback(() => void list.loadMore().catch(() => undefined), [list]); // `changed` says so
  const onFilter = React.useCallback<IRunList['setFilter']>(filter => list.setFilter(filter), [list]);
  return (
    <RunsSection
      runs={list.runs}
      namespace={connection.namespace}
      hasMore={list.hasMore}
      total={list.total}
      counts={list.counts}
      selecting={selecting}
      loading={list.loading}
      selected={selection.ids}
      active={selection.active}
      connection={connection.state}
      error={connection.error}
      updatedAt={list.updatedAt}
      retryAt={connection.retryAt}
      filter={list.filter}
      notebook={notebook}
      onRunNotebook={() => execute(CommandIDs.runNotebook, { path: list.filter.notebook?.path ?? '' })}
      example={connection.status?.embedded === true}
      startable={isStartable(manager)}
      onStart={() => execute(CommandIDs.startEmbedded)}
      format={format}
      ticker={ticker}
      off={whyLocked(connection, format.trans)}
      metrics={run => describeMetrics(manager.metrics, run, format)}
      onOpen={run_id => execute(CommandIDs.openRun, { run_id })}
      onTerminate={run_id => execute(CommandIDs.terminate, { run_id })}
      onRetry={run_id => execute(CommandIDs.retry, { run_id })}
      onMenu={(runId, x, y) => {
        selection.set(selection.ids.has(runId) ? selection.ids : [], runId);
        openMenu(RUN_ITEMS, x, y);
      }}
      onSelect={(ids, active) => selection.set(ids, active)}
      onCopy={copy}
      onMore={onMore}
      onFilter={onFilter}
      onFilterMenu={(x, y) => openMenu(listFilterItems(format.trans), x, y)}
      onNewRun={() => execute(CommandIDs.newRun)}
      onExample={() => execute(CommandIDs.runExample)}
      onRetryConnection={() => execute(CommandIDs.refresh)}
      onDoctor={() => execute(CommandIDs.doctor)}
      onTerminateSelected={() => execute(CommandIDs.terminate)}
      onArchiveSelected={() => execute(CommandIDs.archive)}
      onRestoreSelected={() => execute(CommandIDs.restore)}
      onSelectAll={() => {
        setSelecting(true);
        list
          .loadAll()
          .then(() => selection.set(list.runs.map(({ run_id }) => run_id)))
          .catch(() => undefined) // `changed` says so
          .finally(() => setSelecting(false));
      }}
      onDeleteSelected={() => execute(CommandIDs.remove)}
    />
  );
}

/** Return the metrics to show in a row: those that were chosen, else the first. */
function describeMetrics({ columns, find }: IMetrics, run: Run, format: Format): readonly string[] {
  const known = find(run) ?? {};
  const names = columns.length > 0 ? columns.filter(name => name in known) : Object.keys(known).slice(0, 1);
  return names.map(name => format.trans.__('%1 %2', name, format.metric(known[name] ?? Number.NaN)));
}
