import { Clipboard, Notification } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { BulkEvent } from '../api/types';
import { CommandIDs } from '../commandids';
import { Ticker, useNow } from '../components/now';
import { RunsTablePage } from '../components/table/RunsTablePage';
import type { Format } from '../format';
import { pipelinesIcon } from '../icons';
import { whyLocked } from '../reasons';
import type { IBulkJobs, IRunManager } from '../tokens';
import { download } from './download';
import { listFilterItems, openMenu, RUN_ITEMS } from './menus';

export interface IRunsTableOptions {
  readonly manager: IRunManager;
  readonly commands: CommandRegistry;
  readonly format: Format;
  readonly onPageSize: (size: number) => void;
}

/** The runs list at full width in the main area; it has the filter and the selection of the panel. */
export class RunsTableWidget extends ReactWidget {
  constructor(private readonly _options: IRunsTableOptions) {
    super();
    this.addClass('jp-kfp');
    this.addClass('jp-kfp-Host');
    this.node.tabIndex = -1;
    this.title.icon = pipelinesIcon;
    this.title.closable = true;
    const { manager } = _options;
    manager.changed.connect(this._onChanged, this);
    manager.list.selection.changed.connect(this.update, this);
    manager.bulk.changed.connect(this._onBulk, this);
    this._onChanged();
  }

  override dispose(): void {
    const { manager } = this._options;
    manager.changed.disconnect(this._onChanged, this);
    manager.list.selection.changed.disconnect(this.update, this);
    manager.bulk.changed.disconnect(this._onBulk, this);
    this._watch?.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._look();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._look();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    (this.node.querySelector<HTMLElement>('[data-run-id][tabindex="0"]') ?? this.node).focus();
  }

  protected override render(): React.JSX.Element {
    return <Body draw={now => this._draw(now)} ticker={this._ticker} />;
  }

  private _draw(now: number): React.JSX.Element {
    const { manager, commands, format, onPageSize } = this._options;
    const { connection, list, metrics } = manager;
    const { selection } = list;
    const { trans } = format;
    return (
      <RunsTablePage
        runs={list.runs}
        filter={list.filter}
        counts={list.counts}
        total={list.total}
        hasMore={list.hasMore}
        loading={list.loading}
        pageSize={list.pageSize}
        namespace={connection.namespace}
        error={list.runs.length === 0 ? connection.error : null}
        selected={selection.ids}
        active={selection.active}
        metrics={run => metrics.find(run)}
        metricColumns={metrics.columns}
        readsMetrics={this._readsMetrics}
        pipelines={this._pipelines}
        bulk={this._bulk}
        now={now}
        format={format}
        off={whyLocked(connection, trans)}
        onFilter={this._onFilter}
        onMore={this._onMore}
        onSelect={(ids, active) => selection.set(ids, active)}
        onSelectAll={() => void this._selectAll()}
        onOpen={run_id => void commands.execute(CommandIDs.openRun, { run_id })}
        onAction={action => void commands.execute(`jupyter-kfp-mt:${action}`)}
        onMenu={(runId, x, y) => {
          selection.set(selection.ids.has(runId) ? selection.ids : [], runId);
          openMenu(commands, RUN_ITEMS, x, y);
        }}
        onFilterMenu={(x, y) => openMenu(commands, listFilterItems(trans), x, y)}
        onStop={jobId => void manager.bulk.stop(jobId).catch(() => undefined)}
        onReadMetrics={() => {
          this._isAsked = true;
          this._onChanged();
        }}
        onPageSize={onPageSize}
        onCopyCode={() => this._copy(describeCode(manager))}
        onCopy={text => this._copy(text)}
        onDownload={(text, name) => download(text, name, 'text/csv')}
      />
    );
  }

  // Stable, since effects of the components depend on them.
  private readonly _onMore = (): void => {
    this._options.manager.list.loadMore().catch(() => undefined); // `changed` says so
  };

  private readonly _onFilter: IRunManager['list']['setFilter'] = filter => this._options.manager.list.setFilter(filter);

  private async _selectAll(): Promise<void> {
    const { list } = this._options.manager;
    await list.loadAll().catch(() => undefined); // `changed` says so
    list.selection.set(list.runs.map(({ run_id }) => run_id));
  }

  private _copy(text: string): void {
    Clipboard.copyToSystem(text);
    Notification.info(this._options.format.trans.__('Copied.'), { autoClose: 2000 });
  }

  /** Keep the rows up to date only while they are in view. */
  private _look(): void {
    if (this.isVisible && !this._watch) {
      this._watch = this._options.manager.watch();
      this._onChanged();
    } else if (!this.isVisible && this._watch) {
      this._watch.dispose();
      this._watch = null;
    }
  }

  private get _readsMetrics(): boolean {
    return this._isAsked || this._options.manager.connection.status?.embedded === true;
  }

  private _onChanged(): void {
    const { manager, format } = this._options;
    const { connection, list, metrics } = manager;
    this.title.label = format.trans.__('Runs in %1', connection.namespace || 'Kubeflow Pipelines');
    if (this.isVisible && this._readsMetrics) {
      metrics.load(list.runs).catch(() => undefined); // the cells stay empty
    }
    if (this.isVisible && connection.namespace !== this._named) {
      this._named = connection.namespace;
      void this._namePipelines();
    }
    this.update();
  }

  /** Learn the names of the pipelines, of which rows have only the ids. */
  private async _namePipelines(): Promise<void> {
    const { api, connection } = this._options.manager;
    const pages = await Promise.all(
      [false, true].map(shared => api.listPipelines(connection.namespace, { page_size: 200, shared }))
    ).catch(() => []);
    const all = pages.flatMap(({ pipelines }) => pipelines);
    this._pipelines = new Map(all.map(({ pipeline_id, display_name, name }) => [pipeline_id, display_name || name]));
    this.update();
  }

  private _onBulk(_: IBulkJobs, event: BulkEvent): void {
    this._bulk = event.state === 'running' ? event : null;
    this.update();
  }

  private _bulk: BulkEvent | null = null;
  /** Whether the person has asked for metrics. */
  private _isAsked = false;
  private _named: string | null = null;
  private _pipelines: ReadonlyMap<string, string> = new Map();
  private readonly _ticker = new Ticker();
  private _watch: IDisposable | null = null;
}

function Body(props: { readonly draw: (now: number) => React.JSX.Element; readonly ticker: Ticker }): React.JSX.Element {
  return props.draw(useNow(props.ticker));
}

/** Return the lines for a notebook that list the same runs. */
function describeCode({ list }: IRunManager): string {
  const { filter, total, runs } = list;
  const quote = (text: string): string => `"${text.replace(/(["\\])/g, '\\$1')}"`;
  const words = [
    filter.states.length > 0 ? `--state ${filter.states.map(state => state.toLowerCase()).join(',')}` : '',
    filter.search ? `--search ${quote(filter.search)}` : '',
    filter.experiment ? `--experiment ${quote(filter.experiment.display_name)}` : '',
    filter.pipeline ? `--pipeline ${quote(filter.pipeline.display_name)}` : '',
    filter.recurring ? `--recurring ${quote(filter.recurring.display_name)}` : '',
    filter.archived ? '--archived' : '',
    `-n ${Math.max(total, runs.length)}`,
    '--df'
  ];
  return `%load_ext jupyter_kfp_mt\ndf = %kfp runs ${words.filter(word => word !== '').join(' ')}\ndf`;
}
