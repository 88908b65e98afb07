import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';

export interface IPausablePollOptions {
  readonly name: string;
  /** Milliseconds between two reads, and the most after errors. */
  readonly interval: number;
  readonly max: number;
  readonly read: () => Promise<unknown>;
}

/**
 * A poll that reads while it is active and the page is visible.
 *
 * #### Notes
 * It keeps errors of `read` in its own state, to read less often; `read` shows them itself.
 */
export class PausablePoll implements IDisposable {
  constructor({ name, interval, max, read }: IPausablePollOptions) {
    this._poll = new Poll({
      name,
      auto: false,
      standby: 'when-hidden',
      frequency: { interval, backoff: true, max },
      factory: read
    });
  }

  /** Whether it was set active, even if it has stopped since. */
  get isActive(): boolean {
    return this._isActive;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Read at once and then regularly, or pause. */
  setActive(active: boolean): void {
    if (!this.isDisposed && active !== this._isActive) {
      this._isActive = active;
      (active ? this._poll.start() : this._poll.stop()).catch(() => undefined);
    }
  }

  /** Stop until it is paused and set active again: another read would return nothing new. */
  stop(): void {
    this._poll.stop().catch(() => undefined);
  }

  dispose(): void {
    this._poll.dispose();
  }

  private readonly _poll: Poll;
  private _isActive = false;
}
