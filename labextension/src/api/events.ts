import type { IDisposable } from '@lumino/disposable';

import { toErrorBody } from './errors';
import { createReader } from './sse';
import type { IServerEvent } from './sse';
import type { ErrorBody } from './types';

/** How an event stream is doing. */
export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** Lost; the next attempt starts at `retryAt`, milliseconds since 1970. */
  | { readonly kind: 'lost'; readonly error: ErrorBody; readonly retryAt: number };

/** What an `EventStream` needs. */
export interface IEventStreamOptions {
  /** Opens the stream after the event with this id. */
  readonly open: (lastEventId: string, signal: AbortSignal) => Promise<Response>;
  readonly onEvent: (event: IServerEvent) => void;
  readonly onState: (state: StreamState) => void;
  /** Called for every sign of life from the server, even a comment. */
  readonly onHeard?: () => void;
  readonly lastEventId?: string;
  /** Milliseconds of silence after which the stream counts as dead; the server sends a comment every 15 s. */
  readonly silence?: number;
  /** Milliseconds before the first new attempt, and the most before a later one. */
  readonly backoff?: { readonly first: number; readonly most: number };
}

/**
 * Reads an event stream until it is disposed; after a loss it resumes from the last event.
 *
 * The browser's EventSource cannot send Jupyter's Authorization header.
 */
export class EventStream implements IDisposable {
  constructor(private readonly _options: IEventStreamOptions) {
    this._lastId = _options.lastEventId ?? '';
    void this._run();
  }

  get isDisposed(): boolean {
    return this._stop.signal.aborted;
  }

  /** The id of the last event, to resume from later. */
  get lastEventId(): string {
    return this._lastId;
  }

  /** Try again now instead of at the end of the pause. */
  retry(): void {
    this._wake();
  }

  dispose(): void {
    this._stop.abort();
    this._attempt?.abort();
    this._wake();
  }

  private async _run(): Promise<void> {
    while (!this.isDisposed) {
      this._options.onState({ kind: 'connecting' });
      let error: ErrorBody;
      try {
        await this._read();
        error = toErrorBody(new Error('The event stream ended.'));
      } catch (reason) {
        error = toErrorBody(reason);
      }
      if (this.isDisposed) {
        return;
      }
      const pause = this._pause();
      this._options.onState({ kind: 'lost', error, retryAt: Date.now() + pause });
      await this._sleep(pause);
    }
  }

  private async _read(): Promise<void> {
    const attempt = new AbortController();
    this._attempt = attempt;
    this._watchdog = new Watchdog(this._options.silence ?? 45_000, () => attempt.abort());
    try {
      const response = await this._options.open(this._lastId, attempt.signal);
      const reader = response.body?.getReader();
      if (!reader || this.isDisposed) {
        return;
      }
      attempt.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined));
      this._failures = 0;
      this._options.onState({ kind: 'open' });
      const take = createReader(event => {
        this._lastId = event.id;
        this._options.onEvent(event);
      }, this._lastId);
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.isDisposed) {
          return;
        }
        this._watchdog.reset();
        this._options.onHeard?.();
        take(decoder.decode(value, { stream: true }));
      }
    } finally {
      this._watchdog.dispose();
      attempt.abort();
    }
  }

  /** Return the next pause: doubled after each failure, with jitter so that pages do not retry together. */
  private _pause(): number {
    const { first, most } = this._options.backoff ?? { first: 1000, most: 30_000 };
    const pause = Math.min(most, first * 2 ** this._failures++);
    return pause * (0.75 + Math.random() / 4);
  }

  private _sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, milliseconds);
      this._wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private readonly _stop = new AbortController();
  private _attempt: AbortController | null = null;
  private _failures = 0;
  private _lastId: string;
  private _wake: () => void = () => {};
  private _watchdog: Watchdog | null = null;
}

/** Calls back once if it is not reset for a while. */
class Watchdog implements IDisposable {
  constructor(
    private readonly _milliseconds: number,
    private readonly _bark: () => void
  ) {
    this.reset();
  }

  get isDisposed(): boolean {
    return this._timer === undefined;
  }

  reset(): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(this._bark, this._milliseconds);
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
  }

  private _timer: ReturnType<typeof setTimeout> | undefined;
}
