import { DisposableDelegate } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { claim } from '../api/claim';
import type { KfpApi } from '../api/client';
import type { StreamState } from '../api/events';
import { openEvents, getPages } from '../api/shared';
import type { IEvents, IPages } from '../api/shared';
import type { IServerEvent } from '../api/sse';
import type { BulkEvent, RunsEvent, Status } from '../api/types';
import { isActive } from '../rules';
import type { IRunChange, IRunManager } from '../tokens';
import { BulkJobs } from './bulk';
import { Connection } from './connection';
import { Metrics } from './metrics';
import { RunList } from './runlist';
import { RunVerbs } from './verbs';

export interface IRunManagerOptions {
  readonly api: KfpApi;
  /** The namespace to start with; empty to take the server's. */
  readonly namespace?: string;
  /** Whether the page is in front; a page that is not keeps no stream open for its views. */
  readonly isPageVisible?: () => boolean;
  /** The other pages of the browser, to share one stream with; null for a stream of its own. */
  readonly pages?: IPages | null;
}

/** Joins connection, list and verbs, and keeps the event stream open while it is needed. */
export class RunManager implements IRunManager {
  constructor(options: IRunManagerOptions) {
    this.api = options.api;
    this._pages = options.pages === undefined ? getPages(window) : options.pages;
    this._isPageVisible = options.isPageVisible ?? (() => document.visibilityState === 'visible');
    this.connection = new Connection({
      api: options.api,
      namespace: options.namespace ?? '',
      isWanted: () => this._isWanted,
      load: () => this.list.load(),
      tend: () => this._tend()
    });
    this.list = new RunList(options.api, this.connection);
    this.verbs = new RunVerbs(options.api, this.connection, this.list);
    this.metrics = new Metrics(options.api, this.connection);
    this.bulk = new BulkJobs(options.api, this.connection, name => this.claim(name));
    this.connection.changed.connect(this._onChanged, this);
    this.connection.moved.connect(this._onMoved, this);
    this.list.changed.connect(this._onChanged, this);
    this.metrics.changed.connect(this._onChanged, this);
    this.list.runChanged.connect(this._onRunChanged, this);
    this.list.taken.connect(this._tend, this);
    this.list.removed.connect((_, runIds) => this._runsRemoved.emit(runIds), this);
    document.addEventListener('visibilitychange', this._onVisibility);
    this.ready = this.connection.start();
  }

  readonly api: KfpApi;
  readonly connection: Connection;
  readonly list: RunList;
  readonly verbs: RunVerbs;
  readonly bulk: BulkJobs;
  readonly metrics: Metrics;
  readonly ready: Promise<void>;

  get changed(): ISignal<IRunManager, void> {
    return this._changed;
  }

  get runChanged(): ISignal<IRunManager, IRunChange> {
    return this._runChanged;
  }

  get runsRemoved(): ISignal<IRunManager, readonly string[]> {
    return this._runsRemoved;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    document.removeEventListener('visibilitychange', this._onVisibility);
    this._stream?.dispose();
    this.verbs.dispose();
    this.list.dispose();
    this.connection.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  claim(name: string): Promise<boolean> {
    return claim(`jupyter-kfp-mt ${this.api.baseUrl} ${name}`, this._pages);
  }

  watch(): IDisposable {
    this._watchers += 1;
    this._tend();
    return new DisposableDelegate(() => {
      this._watchers -= 1;
      this._tend();
    });
  }

  get revision(): number {
    return this._revision;
  }

  async refresh(): Promise<void> {
    this._revision += 1;
    this._stream?.retry();
    await this.connection.connect().catch(() => undefined);
  }

  /** Open or close the stream, as needed now. */
  private _tend(): void {
    const open = this._isWanted && this.connection.isConnected;
    if (open && !this._stream) {
      const { namespace } = this.connection;
      this._stream = openEvents(
        `jupyter-kfp-mt ${this.api.baseUrl} ${namespace}`,
        {
          open: (lastEventId, signal) => this.api.openEvents(namespace, lastEventId, signal),
          onEvent: event => this._onEvent(event),
          onState: state => this._onStream(state),
          onHeard: () => this._onHeard(),
          lastEventId: this._lastEventId
        },
        this._pages
      );
    } else if (!open && this._stream) {
      this._closeStream();
    }
  }

  private _closeStream(): void {
    this._lastEventId = this._stream?.lastEventId ?? '';
    this._stream?.dispose();
    this._stream = null;
  }

  /** Whether the rows are kept up to date: a view is open, or a run of mine is active. */
  private get _isWanted(): boolean {
    const isMineActive = this.list.rows.some(
      run => (run.mine || this.verbs.isMine(run.run_id)) && isActive(run.phase)
    );
    return !this._isDisposed && ((this._watchers > 0 && this._isPageVisible()) || isMineActive);
  }

  private readonly _onVisibility = (): void => this._tend();

  private _onChanged(): void {
    this._changed.emit();
  }

  private _onRunChanged(_: RunList, change: IRunChange): void {
    this._runChanged.emit(change);
  }

  /** The ids of events hold within one namespace of one server. */
  private _onMoved(): void {
    this._closeStream();
    this._lastEventId = '';
  }

  private _onHeard(): void {
    if (this.connection.state === 'connected') {
      this.list.confirm();
    }
  }

  private _onEvent(event: IServerEvent): void {
    if (event.event === 'reset') {
      this.list.load().catch(() => undefined); // `changed` says so
    } else if (event.event === 'status') {
      this.connection.take(JSON.parse(event.data) as Status);
    } else if (event.event === 'runs') {
      const { namespace, runs, removed } = JSON.parse(event.data) as RunsEvent;
      if (this._isHere(namespace)) {
        this.list.takeStreamed(runs, removed);
        this.verbs.lose(removed);
      }
    } else if (event.event === 'bulk') {
      const step = JSON.parse(event.data) as BulkEvent;
      if (this._isHere(step.namespace)) {
        this.list.takeBulk(step);
        this.bulk.take(step);
      }
    }
  }

  private _isHere(namespace: string): boolean {
    // A KFP without namespaces is “-” in paths.
    return namespace === this.connection.namespace || this.connection.namespace === '';
  }

  private _onStream(state: StreamState): void {
    if (state.kind === 'lost') {
      this.connection.report('lost', state.error, state.retryAt);
    } else if (state.kind === 'open') {
      this.connection.confirm();
    }
  }

  private readonly _isPageVisible: () => boolean;
  private readonly _pages: IPages | null;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _runsRemoved = new Signal<this, readonly string[]>(this);
  private readonly _runChanged = new Signal<this, IRunChange>(this);
  private _isDisposed = false;
  private _revision = 0;
  private _lastEventId = '';
  private _stream: IEvents | null = null;
  private _watchers = 0;
}
