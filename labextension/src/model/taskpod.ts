import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { toErrorBody } from '../api/client';
import type { ErrorBody, PodView } from '../api/types';
import type { IPodState } from '../tasks/pod';
import { PausablePoll } from './pausable';

/** Reads the pod of one attempt of one task. */
export type PodReader = () => Promise<PodView>;

/**
 * The pod of one attempt of a task: read when it is viewed, and again while the task runs.
 *
 * #### Notes
 * Each read costs two Kubernetes calls, so it reads nothing while it is inactive or the page is hidden.
 */
export class TaskPod implements IPodState, IDisposable {
  constructor(
    private readonly _read: PodReader,
    private readonly _canChange: () => boolean,
    interval = 5000
  ) {
    this._poll = new PausablePoll({ name: 'jupyter-kfp-mt:pod', interval, max: 60_000, read: () => this._next() });
  }

  /** Emitted when there is more to show. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The newest answer; null before the first. */
  get view(): PodView | null {
    return this._view;
  }

  /** Why the last read failed. */
  get error(): ErrorBody | null {
    return this._error;
  }

  /** Whether it is disposed. */
  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Continue reading, or pause. */
  setActive(active: boolean): void {
    this._poll.setActive(active);
  }

  /** Stop reading. */
  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _next(): Promise<void> {
    const last = !this._canChange(); // checked first: the response lacks later changes
    try {
      const view = await this._read();
      this._view = view;
      this._error = null;
    } catch (error) {
      this._error = toErrorBody(error);
    }
    if (this.isDisposed) {
      return;
    }
    this._changed.emit();
    if (last) {
      this._poll.stop();
    }
  }

  private readonly _poll: PausablePoll;
  private readonly _changed = new Signal<this, void>(this);
  private _view: PodView | null = null;
  private _error: ErrorBody | null = null;
}
