import { Poll } from '@lumino/polling';
import { DisposableDelegate } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { bodyOf, KfpApiError } from '../api/errors';
import type { StreamState } from '../api/events';
import { openEvents, pagesOf } from '../api/shared';
import type { IEvents, IPages } from '../api/shared';
import type { KfpApi } from '../api/client';
import type { IServerEvent } from '../api/sse';
import type { ErrorBody, Run, RunsEvent, Status, SubmitRequest } from '../api/types';
import { isActive } from '../phase';
import { RunBook } from './book';
import { isPlain, queryOf } from './rows';
import { RunSelection } from './selection';
import type { Connection, IRunChange, IRunFilter, IRunManager } from '../tokens';

/** The most rows that the server gives in one page. */
const LARGEST_PAGE = 200;

/** Milliseconds after which the server knows the rights, and still has the rest of its answer at hand. */
const RIGHTS = 1500;

export interface IRunManagerOptions {
  readonly api: KfpApi;
  /** The namespace to begin with; empty to take the server's. */
  readonly namespace?: string;
  /** Whether the page is in front; a page that is not keeps no stream open for its views. */
  readonly isPageVisible?: () => boolean;
  /** The other pages of the browser, to share one stream with; null for a stream of its own. */
  readonly pages?: IPages | null;
}

/** What was sent, and the run that it may have become. */
interface ISent {
  readonly run: Run;
  readonly request: SubmitRequest;
  readonly namespace: string;
}

/** The runs of the current namespace: a page from REST, then differences from the event stream. */
export class RunManager implements IRunManager {
  constructor(options: IRunManagerOptions) {
    this.api = options.api;
    this._namespace = options.namespace ?? '';
    this._pages = options.pages === undefined ? pagesOf(window) : options.pages;
    this._isPageVisible = options.isPageVisible ?? (() => document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', this._onVisibility);
    // While there is no connection and somebody looks, see whether it can be had now (UX §8.3).
    this._poll = new Poll({
      auto: false,
      name: 'jupyter-kfp-mt:status',
      frequency: { interval: 5_000, backoff: true, max: 30_000 },
      standby: () => this.isDisposed || !this._wanted || this._status?.connected === true,
      // Somebody who takes the steps to a token sees each at once: no longer pauses then.
      factory: () =>
        this._connect().catch((error: unknown) => {
          if (!bodyOf(error).code.startsWith('no-token')) {
            throw error;
          }
        })
    });
    this.ready = this._connect()
      .catch(() => undefined)
      .then(() => this._poll.schedule({ phase: 'started', interval: 5_000 }));
  }

  readonly api: KfpApi;
  readonly ready: Promise<void>;
  readonly selection = new RunSelection();

  get status(): Status | null {
    return this._status;
  }
  get namespace(): string {
    return this._namespace;
  }
  get connection(): Connection {
    return this._connection;
  }
  get error(): ErrorBody | null {
    return this._error;
  }
  get updatedAt(): number {
    return this._updatedAt;
  }
  get checkedAt(): number {
    return this._checkedAt;
  }
  get retryAt(): number {
    return this._retryAt;
  }
  get runs(): readonly Run[] {
    return this._book.shown;
  }
  get loading(): boolean {
    return this._loading && this._book.rows.length === 0;
  }
  get hasMore(): boolean {
    return this._nextPage !== '';
  }
  get total(): number {
    return this._total;
  }
  get filter(): IRunFilter {
    return this._book.filter;
  }
  get changed(): ISignal<IRunManager, void> {
    return this._changed;
  }
  get runChanged(): ISignal<IRunManager, IRunChange> {
    return this._runChanged;
  }
  get submitLost(): ISignal<IRunManager, Run> {
    return this._submitLost;
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
    this._poll.dispose();
    this._stream?.dispose();
    Signal.clearData(this);
  }

  find(runId: string): Run | undefined {
    return this._book.rows.find(run => run.run_id === runId);
  }

  watch(): IDisposable {
    this._watchers += 1;
    this._tend();
    return new DisposableDelegate(() => {
      this._watchers -= 1;
      this._tend();
    });
  }

  async refresh(): Promise<void> {
    this._stream?.retry();
    await this._connect().catch(() => undefined);
  }

  async loadMore(): Promise<void> {
    if (this._nextPage === '' || this._loading) {
      return;
    }
    await this._load(this._nextPage);
  }

  setFilter(filter: Partial<IRunFilter>): void {
    // What is known and fits is shown at once; the answer comes after it.
    this._book.filter = { ...this._book.filter, ...filter };
    this._changed.emit();
    void this._load().catch(() => undefined);
  }

  setPageSize(size: number): void {
    this._pageSize = Math.min(LARGEST_PAGE, size);
  }

  async setNamespace(namespace: string): Promise<void> {
    if (namespace === this._namespace) {
      return;
    }
    this._forget(namespace);
    await this._connect().catch(() => undefined);
  }

  async submit(request: SubmitRequest, namespace = this._namespace): Promise<Run> {
    const run = await this.api.submit(namespace, request);
    this._mine.add(run.run_id);
    const told = this._book.known(run.run_id);
    if ((told ?? run).phase === 'UNCONFIRMED') {
      this._unclear.set(run.run_id, { run, request, namespace });
    }
    if (told) {
      // The stream was faster than the answer, and knows more.
      this._runChanged.emit({ run: told, previous: null });
      this._tend();
    } else if (namespace === this._namespace) {
      this._apply([run], []);
    }
    return run;
  }

  async submitAgain(runId: string): Promise<Run> {
    const lost = this._lost.get(runId);
    if (!lost) {
      throw new Error(`Nothing was lost under ${runId}.`);
    }
    return this.submit(lost.request, lost.namespace);
  }

  async terminate(runId: string, namespace = this._namespace): Promise<Run> {
    return this._changedRun(namespace, runId, this.api.terminate(namespace, runId));
  }

  async retry(runId: string, namespace = this._namespace): Promise<Run> {
    this._mine.add(runId);
    return this._changedRun(namespace, runId, this.api.retry(namespace, runId));
  }

  async archive(runId: string, namespace = this._namespace): Promise<Run> {
    return this._changedRun(namespace, runId, this.api.archive(namespace, runId));
  }

  async unarchive(runId: string, namespace = this._namespace): Promise<Run> {
    return this._changedRun(namespace, runId, this.api.unarchive(namespace, runId));
  }

  hide(runId: string, hidden: boolean): void {
    this._book.hide(runId, hidden);
    this._changed.emit();
  }

  async deleteRun(runId: string, namespace = this._namespace): Promise<void> {
    await this.api.deleteRun(namespace, runId);
    this._apply([], [runId]);
  }

  async startEmbedded(): Promise<void> {
    await this._reconnected(this.api.startEmbedded());
  }

  async stopEmbedded(): Promise<void> {
    await this._reconnected(this.api.stopEmbedded());
  }

  isMine(runId: string): boolean {
    return this._mine.has(runId);
  }

  /**
   * The answer about a run that we have changed: shown without waiting for the stream, unless the stream has told
   * of the run meanwhile, which may be newer and is not told again.
   */
  private async _changedRun(namespace: string, runId: string, answer: Promise<Run>): Promise<Run> {
    const before = this._book.known(runId);
    const run = await answer;
    if (namespace === this._namespace && this._book.known(runId) === before) {
      this._apply([run], []);
    }
    return run;
  }

  /** The KFP server has changed below us: begin anew with what it says. */
  private async _reconnected(answer: Promise<Status>): Promise<void> {
    this._setConnection('connecting', null);
    try {
      const status = await answer;
      this._forget('');
      this._takeStatus(status);
      await this._load();
    } catch (error) {
      this._setConnection('lost', bodyOf(error));
      throw error;
    } finally {
      this._tend();
    }
  }

  /** Ask who and where, then for the runs; rejects (for the poll's back-off) when there is no connection. */
  private async _connect(): Promise<void> {
    const generation = this._generation;
    try {
      const status = await this.api.status(this._namespace);
      if (generation !== this._generation || this._isDisposed) {
        return;
      }
      this._takeStatus(status);
    } catch (error) {
      if (generation === this._generation && !this._isDisposed) {
        this._status = null;
        this._setConnection('lost', bodyOf(error));
      }
      throw error;
    }
    if (!this._status?.connected) {
      throw new KfpApiError(this._error ?? bodyOf(null), 424);
    }
    await this._load();
    this._tend();
    if (generation === this._generation && this._status.can_run === null && !this._asked) {
      this._asked = true;
      setTimeout(() => void this._learnRights(generation), RIGHTS);
    }
  }

  /** Whether I may run is not waited for by the first answer; the second one has it, and costs KFP nothing. */
  private async _learnRights(generation: number): Promise<void> {
    if (generation !== this._generation || this._isDisposed) {
      return;
    }
    const status = await this.api.status(this._namespace).catch(() => null);
    if (status?.connected && generation === this._generation && !this._isDisposed) {
      this._status = status;
      this._changed.emit();
    }
  }

  private _takeStatus(status: Status): void {
    this._status = status;
    if (this._namespace === '' && status.namespace !== '') {
      this._namespace = status.namespace;
    }
    if (status.connected) {
      this._setConnection('connected', status.error);
    } else {
      this._setConnection('lost', status.error);
    }
  }

  /** Load the first page at the depth that is shown, or the page with this token. */
  private async _load(pageToken = ''): Promise<void> {
    if (this._status?.connected !== true) {
      return;
    }
    const generation = ++this._loads;
    const namespace = this._namespace;
    const depth = Math.min(LARGEST_PAGE, Math.max(this._pageSize, pageToken ? 0 : this._book.rows.length));
    this._loading = true;
    this._book.expectPage();
    this._changed.emit();
    try {
      const page = await this.api.listRuns(namespace, {
        ...queryOf(this._book.filter),
        page_size: pageToken ? this._pageSize : depth,
        page_token: pageToken,
        sort_by: 'created_at desc'
      });
      if (generation !== this._loads || this._isDisposed) {
        return;
      }
      this._loading = false;
      this._nextPage = page.next_page_token;
      this._total = page.total_size;
      this._updatedAt = Date.now();
      const changes = this._book.takePage(page.runs, pageToken !== '');
      if (pageToken === '' && isPlain(this._book.filter)) {
        const there = new Set(this._book.rows.map(run => run.run_id));
        this._lose([...this._unclear.keys()].filter(runId => !there.has(runId)));
      }
      this._setConnection('connected', null);
      this._tell(changes);
    } catch (error) {
      if (generation === this._loads && !this._isDisposed) {
        this._loading = false;
        this._book.dropPage();
        this._failed(error);
      }
      throw error;
    }
  }

  /** A refused list says something about this namespace only; anything else is the connection. */
  private _failed(error: unknown): void {
    const refused = error instanceof KfpApiError && (error.status === 403 || error.status === 400);
    if (refused) {
      this._book.empty();
    }
    this._setConnection(refused ? 'connected' : 'lost', bodyOf(error));
  }

  /** Open or close the stream, as needed now. */
  private _tend(): void {
    const open = this._wanted && this._status?.connected === true;
    if (open && !this._stream) {
      const namespace = this._namespace;
      const name = `jupyter-kfp-mt ${this.api.baseUrl} ${namespace}`;
      this._stream = openEvents(
        name,
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

  private get _wanted(): boolean {
    const mineActive = this._book.rows.some(run => (run.mine || this._mine.has(run.run_id)) && isActive(run.phase));
    return !this._isDisposed && ((this._watchers > 0 && this._isPageVisible()) || mineActive);
  }

  private _onVisibility = (): void => this._tend();

  private _onHeard(): void {
    if (this._connection === 'connected') {
      this._updatedAt = Date.now();
    }
  }

  private _onEvent(event: IServerEvent): void {
    if (event.event === 'reset') {
      void this._load().catch(() => undefined);
    } else if (event.event === 'status') {
      this._takeStatus(JSON.parse(event.data) as Status);
    } else if (event.event === 'runs') {
      const { namespace, runs, removed } = JSON.parse(event.data) as RunsEvent;
      // A KFP without namespaces is “-” in paths.
      if (namespace === this._namespace || this._namespace === '') {
        this._apply(runs, this._book.filter.archived ? [] : removed);
        this._lose(removed);
      }
    }
  }

  private _onStream(state: StreamState): void {
    if (state.kind === 'lost') {
      this._retryAt = state.retryAt;
      this._setConnection('lost', state.error);
    } else if (state.kind === 'open') {
      this._retryAt = 0;
      if (this._status?.connected) {
        this._setConnection('connected', null);
      }
    }
  }

  private _setConnection(connection: Connection, error: ErrorBody | null): void {
    if (connection !== 'connecting') {
      this._checkedAt = Date.now();
    }
    this._connection = connection;
    this._error = error;
    this._changed.emit();
  }

  private _apply(runs: readonly Run[], removed: readonly string[]): void {
    const changes = this._book.take({ runs, removed });
    this._updatedAt = Date.now();
    this._changed.emit();
    this._tell(changes);
    this._tend();
  }

  private _tell(changes: readonly IRunChange[]): void {
    for (const change of changes) {
      if (change.run.phase !== 'UNCONFIRMED') {
        this._unclear.delete(change.run.run_id);
      }
      this._runChanged.emit(change);
    }
  }

  /** The server lists what is not confirmed until it is settled: what is off the list then did not start. */
  private _lose(gone: readonly string[]): void {
    for (const runId of gone) {
      const sent = this._unclear.get(runId);
      if (sent?.namespace === this._namespace) {
        this._unclear.delete(runId);
        this._lost.set(runId, sent);
        this._submitLost.emit(sent.run);
      }
    }
  }

  /** Another namespace, another server: nothing that was known holds. */
  private _forget(namespace: string): void {
    this._namespace = namespace;
    this._generation += 1;
    this._loads += 1;
    this._closeStream();
    this._lastEventId = '';
    this._loading = false;
    this._nextPage = '';
    this._total = 0;
    this._updatedAt = 0;
    this._retryAt = 0;
    this._asked = false;
    this._book.clear();
    this._setConnection('connecting', null);
  }

  private readonly _isPageVisible: () => boolean;
  private readonly _book = new RunBook(this.selection);
  private readonly _pages: IPages | null;
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _runChanged = new Signal<this, IRunChange>(this);
  private readonly _submitLost = new Signal<this, Run>(this);
  private readonly _mine = new Set<string>();
  private readonly _unclear = new Map<string, ISent>();
  private readonly _lost = new Map<string, ISent>();
  /** Whether the rights were asked for, in this namespace. */
  private _asked = false;
  private _checkedAt = 0;
  private _connection: Connection = 'connecting';
  private _error: ErrorBody | null = null;
  private _generation = 0;
  private _isDisposed = false;
  private _lastEventId = '';
  private _loading = false;
  private _loads = 0;
  private _namespace: string;
  private _nextPage = '';
  private _pageSize = 50;
  private _retryAt = 0;
  private _status: Status | null = null;
  private _stream: IEvents | null = null;
  private _total = 0;
  private _updatedAt = 0;
  private _watchers = 0;
}
