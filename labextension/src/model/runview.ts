import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { toErrorBody } from '../api/client';
import type { ErrorBody, RunView } from '../api/types';
import { isActive } from '../rules';
import type { IRunChange, IRunManager } from '../tokens';
import { PausablePoll } from './pausable';

export interface IRunViewModelOptions {
  readonly manager: IRunManager;
  readonly namespace: string;
  readonly runId: string;
  /** Milliseconds between two reads where the manager reports no changes. */
  readonly interval?: number;
}

/**
 * One run with its tasks: read again when the manager reports a change.
 *
 * #### Notes
 * The manager follows one namespace. A run of another one is polled while it is active and visible.
 */
export class RunViewModel implements IDisposable {
  constructor(options: IRunViewModelOptions) {
    this._manager = options.manager;
    this.namespace = options.namespace;
    this.runId = options.runId;
    this._manager.runChanged.connect(this._onRunChanged, this);
    this._manager.runsRemoved.connect(this._onRunsRemoved, this);
    this._manager.changed.connect(this._onManagerChanged, this);
    this._poll = new PausablePoll({
      name: 'jupyter-kfp-mt:run-view',
      interval: options.interval ?? 5000,
      max: 60_000,
      read: () => this.refresh()
    });
  }

  readonly namespace: string;
  readonly runId: string;

  /** Emitted after anything below has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The newest answer; null before the first. */
  get view(): RunView | null {
    return this._view;
  }

  /** Why the last read failed. */
  get error(): ErrorBody | null {
    return this._error;
  }

  /** Whether the run was deleted since it was first read. */
  get isGone(): boolean {
    return this._view !== null && this._error?.code === 'not-found';
  }

  /** When `view` was last known to be right, in milliseconds since 1970. */
  get updatedAt(): number {
    const isFollowed = this._error === null && this._manager.connection.namespace === this.namespace;
    return isFollowed ? Math.max(this._readAt, this._manager.list.updatedAt) : this._readAt;
  }

  /** Whether it is disposed. */
  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Keep the run up to date while it is visible. */
  setVisible(visible: boolean): void {
    if (this.isDisposed || visible === (this._watching !== null)) {
      return;
    }
    this._watching?.dispose();
    this._watching = visible ? this._manager.watch() : null;
    if (visible) {
      void this.refresh();
    }
    this._schedule();
  }

  /** Read the run again; a change during a read leads to one more read. */
  async refresh(): Promise<void> {
    if (this._pending) {
      this._again = true;
      return this._pending;
    }
    this._pending = this._read();
    await this._pending;
    this._pending = null;
    if (this._again && !this.isDisposed) {
      this._again = false;
      await this.refresh();
    }
  }

  /** Stop following the run. */
  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._watching?.dispose();
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _read(): Promise<void> {
    try {
      this._view = await this._manager.api.viewRun(this.namespace, this.runId);
      this._readAt = Date.now();
      this._error = null;
    } catch (error) {
      this._error = toErrorBody(error);
    }
    if (!this.isDisposed) {
      this._schedule();
      this._changed.emit();
    }
  }

  private _onRunChanged(_: IRunManager, change: IRunChange): void {
    if (change.run.run_id === this.runId) {
      void this.refresh();
    }
  }

  private _onRunsRemoved(_: IRunManager, runIds: readonly string[]): void {
    if (runIds.includes(this.runId)) {
      void this.refresh();
    }
  }

  private _onManagerChanged(): void {
    this._schedule();
    this._changed.emit();
  }

  /** Poll only a run that the manager does not follow. */
  private _schedule(): void {
    const active = this._view !== null && !this.isGone && isActive(this._view.run.phase);
    const alone = this._manager.connection.namespace !== this.namespace;
    this._poll.setActive(this._watching !== null && active && alone);
  }

  private readonly _manager: IRunManager;
  private readonly _poll: PausablePoll;
  private readonly _changed = new Signal<this, void>(this);
  private _watching: IDisposable | null = null;
  private _pending: Promise<void> | null = null;
  private _again = false;
  private _view: RunView | null = null;
  private _error: ErrorBody | null = null;
  private _readAt = 0;
}
