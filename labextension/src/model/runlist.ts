import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { KfpApi } from '../api/client';
import { toErrorBody, KfpApiError } from '../api/errors';
import type { BulkEvent, Run } from '../api/types';
import { isPlain, toQuery } from '../filter';
import type { IRunChange, IRunFilter, IRunList } from '../tokens';
import { RunBook } from './book';
import type { Connection } from './connection';
import { RunSelection } from './selection';

/** The most rows that the server gives in one page. */
const LARGEST_PAGE = 200;
/** The most rows that a page holds: as many as the server changes at once. */
const MOST = 10_000;

/** The runs list of the current namespace: pages from REST, then differences from the event stream. */
export class RunList implements IRunList, IDisposable {
  constructor(
    private readonly _api: KfpApi,
    private readonly _connection: Connection
  ) {
    _connection.moved.connect(this._onMoved, this);
  }

  readonly selection = new RunSelection();

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

  get totalOfAll(): number {
    return this._totalOfAll;
  }

  get counts(): IRunList['counts'] {
    return this._book.counts;
  }

  listLast(experimentId: string, count: number): readonly Run[] {
    return this._book.listLast(experimentId, count);
  }

  get pageSize(): number {
    return this._pageSize;
  }

  get filter(): IRunFilter {
    return this._book.filter;
  }

  get updatedAt(): number {
    return this._updatedAt;
  }

  /** The loaded runs, those hidden before a delete too. */
  get rows(): readonly Run[] {
    return this._book.rows;
  }

  /** Emitted after anything above has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted for each run that is new or changed, after `changed`. */
  get runChanged(): ISignal<this, IRunChange> {
    return this._runChanged;
  }

  /** Emitted with the ids on a first page without a filter, which holds every run that is not confirmed. */
  get listed(): ISignal<this, ReadonlySet<string>> {
    return this._listed;
  }

  /** Emitted with the ids of runs that have left the server's list, whatever is shown. */
  get removed(): ISignal<this, readonly string[]> {
    return this._removed;
  }

  /** Emitted after changes other than a page were applied and announced. */
  get taken(): ISignal<this, void> {
    return this._taken;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  find(runId: string): Run | undefined {
    return this._book.rows.find(run => run.run_id === runId);
  }

  /** Return the newest known state of a run, whether it is in the list or not. */
  known(runId: string): Run | undefined {
    return this._book.known(runId);
  }

  async loadMore(): Promise<void> {
    if (this._nextPage === '' || this._loading) {
      return;
    }
    await this.load(this._nextPage);
  }

  async loadAll(): Promise<void> {
    while (this._nextPage !== '' && this._book.rows.length < MOST) {
      await this.load(this._nextPage, LARGEST_PAGE);
    }
  }

  setFilter(filter: Partial<IRunFilter>): void {
    // What is known and fits is shown at once; the answer comes after it.
    this._book.filter = { ...this._book.filter, ...filter };
    this._changed.emit();
    this.load().catch(() => undefined); // `changed` says so
  }

  setPageSize(size: number): void {
    this._pageSize = Math.min(LARGEST_PAGE, size);
    if (this._nextPage !== '' && this._pageSize > this._book.rows.length) {
      this.load().catch(() => undefined); // `changed` says so
    }
  }

  hide(runId: string, hidden: boolean): void {
    this._book.hide(runId, hidden);
    this._changed.emit();
  }

  /** Load the page with this token, or the first page at the depth that is shown. */
  async load(pageToken = '', size = this._pageSize): Promise<void> {
    if (!this._connection.isConnected) {
      return;
    }
    const turn = ++this._turn;
    const isStale = (): boolean => turn !== this._turn || this._isDisposed;
    const depth = Math.min(LARGEST_PAGE, Math.max(this._pageSize, pageToken ? 0 : this._book.rows.length));
    this._loading = true;
    this._book.expectPage();
    this._changed.emit();
    try {
      const page = await this._api.listRuns(this._connection.namespace, {
        ...toQuery(this._book.filter),
        page_size: pageToken ? size : depth,
        page_token: pageToken
      });
      if (isStale()) {
        return;
      }
      this._loading = false;
      this._nextPage = page.next_page_token;
      this._total = page.total_size;
      this._totalOfAll = isPlain(this._book.filter) ? page.total_size : this._totalOfAll;
      this._updatedAt = Date.now();
      const changes = this._book.takePage(page.runs, pageToken !== '');
      if (pageToken === '' && isPlain(this._book.filter)) {
        this._listed.emit(new Set(this._book.rows.map(run => run.run_id)));
      }
      this._connection.report('connected', null);
      this._announce(changes);
    } catch (error) {
      if (!isStale()) {
        this._loading = false;
        this._book.dropPage();
        this._fail(error);
      }
      throw error;
    }
  }

  /** Apply changes from the stream or a response. */
  take(runs: readonly Run[], removed: readonly string[] = []): void {
    const changes = this._book.take({ runs, removed });
    this._updatedAt = Date.now();
    this._changed.emit();
    this._announce(changes);
    this._taken.emit();
    if (removed.length) {
      this._removed.emit(removed);
    }
  }

  /** Announce a known run again, to those who only now know that it concerns them. */
  announce(run: Run): void {
    this._announce([{ run, previous: null }]);
    this._taken.emit();
  }

  /** Apply changes from the stream; runs that left the server's list may be in the archive that is shown. */
  takeStreamed(runs: readonly Run[], removed: readonly string[]): void {
    this.take(runs, this._book.filter.archived ? [] : removed);
    if (this._book.filter.archived && removed.length) {
      this._removed.emit(removed);
    }
  }

  /** Apply what a change of many runs has done: runs leave the list, and others may come to it. */
  takeBulk({ verb, state, run_ids }: BulkEvent): void {
    const leaves = verb === 'delete' || verb === (this._book.filter.archived ? 'unarchive' : 'archive');
    if (leaves && run_ids.length) {
      this.take([], run_ids);
    }
    if (state === 'done' || state === 'stopped') {
      this.load().catch(() => undefined); // `changed` says so
    }
  }

  /** The server says that nothing has changed. */
  confirm(): void {
    this._updatedAt = Date.now();
  }

  /** A refused list concerns this namespace only; any other error is the connection's. */
  private _fail(error: unknown): void {
    const refused = error instanceof KfpApiError && (error.status === 403 || error.status === 400);
    if (refused) {
      this._book.empty();
    }
    this._connection.report(refused ? 'connected' : 'lost', toErrorBody(error));
  }

  private _announce(changes: readonly IRunChange[]): void {
    changes.forEach(change => this._runChanged.emit(change));
  }

  private _onMoved(): void {
    this._turn += 1;
    this._loading = false;
    this._nextPage = '';
    this._total = 0;
    this._totalOfAll = 0;
    this._updatedAt = 0;
    this._book.clear();
  }

  private readonly _book = new RunBook(this.selection);
  private readonly _changed = new Signal<this, void>(this);
  private readonly _runChanged = new Signal<this, IRunChange>(this);
  private readonly _removed = new Signal<this, readonly string[]>(this);
  private readonly _taken = new Signal<this, void>(this);
  private readonly _listed = new Signal<this, ReadonlySet<string>>(this);
  private _isDisposed = false;
  private _loading = false;
  private _nextPage = '';
  private _pageSize = 50;
  private _total = 0;
  private _totalOfAll = 0;
  /** Counts the loads: only the newest one's answer is shown. */
  private _turn = 0;
  private _updatedAt = 0;
}
