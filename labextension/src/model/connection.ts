import { Poll } from '@lumino/polling';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { KfpApi } from '../api/client';
import { toErrorBody, KfpApiError } from '../api/errors';
import type { ErrorBody, Status } from '../api/types';
import type { ConnectionState, IConnection } from '../tokens';

/** Milliseconds after which the server knows the permissions and still has the rest of its answer cached. */
const PERMISSIONS_DELAY = 1500;

export interface IConnectionOptions {
  readonly api: KfpApi;
  /** The namespace to start with; empty to take the server's. */
  readonly namespace: string;
  /** Whether a view is open that needs a connection. */
  readonly isWanted: () => boolean;
  /** Loads what the page shows; called after each good status. */
  readonly load: () => Promise<void>;
  /** Opens or closes the event stream, as needed now. */
  readonly tend: () => void;
}

/** The connection to Kubeflow Pipelines: the status of the server, the current namespace, the last error. */
export class Connection implements IConnection, IDisposable {
  constructor(options: IConnectionOptions) {
    this._api = options.api;
    this._load = options.load;
    this._tend = options.tend;
    this._namespace = options.namespace;
    // While a view is open and there is no connection, find out whether one can be made now.
    this._poll = new Poll({
      auto: false,
      name: 'jupyter-kfp-mt:status',
      frequency: { interval: 5_000, backoff: true, max: 30_000 },
      standby: () => !options.isWanted() || this.isConnected,
      // While a person is following the steps to a token, poll without back-off.
      factory: () =>
        this.connect().catch((error: unknown) => {
          if (!toErrorBody(error).code.startsWith('no-token')) {
            throw error;
          }
        })
    });
  }

  get status(): Status | null {
    return this._status;
  }

  get namespace(): string {
    return this._namespace;
  }

  get state(): ConnectionState {
    return this._state;
  }

  get error(): ErrorBody | null {
    return this._error;
  }

  get checkedAt(): number {
    return this._checkedAt;
  }

  get retryAt(): number {
    return this._retryAt;
  }

  /** Whether the server reached Kubeflow Pipelines when it was last asked. */
  get isConnected(): boolean {
    return this._status?.connected === true;
  }

  /** Emitted after anything above has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when the namespace or the server has changed: nothing known holds any more. */
  get moved(): ISignal<this, void> {
    return this._moved;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Connect for the first time, then poll; settles after the first answer, good or bad. */
  async start(): Promise<void> {
    await this.connect().catch(() => undefined);
    await this._poll.schedule({ phase: 'started', interval: 5_000 });
  }

  /** Ask for the status, then load; rejects, for the poll's back-off, when there is no connection. */
  async connect(): Promise<void> {
    const generation = this._generation;
    try {
      const status = await this._api.status(this._namespace);
      if (this._isStale(generation)) {
        return;
      }
      this.take(status);
    } catch (error) {
      if (!this._isStale(generation)) {
        this._status = null;
        this.report('lost', toErrorBody(error));
      }
      throw error;
    }
    if (!this.isConnected) {
      throw new KfpApiError(this._error ?? toErrorBody(null), 424);
    }
    await this._load();
    this._tend();
    if (!this._isStale(generation) && this._status?.can_run === null && !this._askedPermissions) {
      this._askedPermissions = true;
      setTimeout(() => void this._learnPermissions(generation), PERMISSIONS_DELAY);
    }
  }

  async setNamespace(namespace: string): Promise<void> {
    if (namespace === this._namespace) {
      return;
    }
    this._move(namespace);
    await this.connect().catch(() => undefined);
  }

  async startEmbedded(): Promise<void> {
    await this._reconnect(this._api.startEmbedded());
  }

  async stopEmbedded(): Promise<void> {
    await this._reconnect(this._api.stopEmbedded());
  }

  /** Take a status, answered or streamed. */
  take(status: Status): void {
    this._status = status;
    if (this._namespace === '' && status.namespace !== '') {
      this._namespace = status.namespace;
    }
    this.report(status.connected ? 'connected' : 'lost', status.error);
  }

  /** Record how the connection is; `retryAt` is when the next attempt starts, 0 for none. */
  report(state: ConnectionState, error: ErrorBody | null, retryAt = this._retryAt): void {
    if (state !== 'connecting') {
      this._checkedAt = Date.now();
    }
    this._state = state;
    this._error = error;
    this._retryAt = retryAt;
    this._changed.emit();
  }

  /** The stream is open: no attempt is waiting. */
  confirm(): void {
    this._retryAt = 0;
    if (this.isConnected) {
      this.report('connected', null);
    }
  }

  /** Another server is behind the connection: start again with its status. */
  private async _reconnect(answer: Promise<Status>): Promise<void> {
    this.report('connecting', null);
    try {
      const status = await answer;
      this._move('');
      this.take(status);
      await this._load();
    } catch (error) {
      this.report('lost', toErrorBody(error));
      throw error;
    } finally {
      this._tend();
    }
  }

  /** The first status omits permissions that are not cached yet; ask again, which costs KFP nothing. */
  private async _learnPermissions(generation: number): Promise<void> {
    if (this._isStale(generation)) {
      return;
    }
    const status = await this._api.status(this._namespace).catch(() => null);
    if (status?.connected && !this._isStale(generation)) {
      this._status = status;
      this._changed.emit();
    }
  }

  private _move(namespace: string): void {
    this._namespace = namespace;
    this._generation += 1;
    this._askedPermissions = false;
    this._moved.emit();
    this.report('connecting', null, 0);
  }

  private _isStale(generation: number): boolean {
    return generation !== this._generation || this.isDisposed;
  }

  private readonly _api: KfpApi;
  private readonly _load: () => Promise<void>;
  private readonly _tend: () => void;
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _moved = new Signal<this, void>(this);
  /** Whether the permissions were asked for in this namespace. */
  private _askedPermissions = false;
  private _checkedAt = 0;
  private _error: ErrorBody | null = null;
  /** Counts the moves: an answer to a question from before a move is stale. */
  private _generation = 0;
  private _namespace: string;
  private _retryAt = 0;
  private _state: ConnectionState = 'connecting';
  private _status: Status | null = null;
}
