import type { IDisposable } from '@lumino/disposable';

import { EventStream } from './events';
import type { IEventStreamOptions, StreamState } from './events';
import type { IServerEvent } from './sse';

/** A message between pages about the stream that one of them holds. */
type Word =
  | { readonly kind: 'hello' }
  | { readonly kind: 'event'; readonly event: IServerEvent }
  | { readonly kind: 'state'; readonly state: StreamState }
  | { readonly kind: 'heard' };

/** An event stream, held by this page or by another one. */
export interface IEvents extends IDisposable {
  /** The id of the last event, to resume from later. */
  readonly lastEventId: string;
  /** Try again now instead of at the end of the pause. */
  retry(): void;
}

/** The browser interfaces by which pages coordinate. */
export interface IPages {
  readonly locks: Pick<LockManager, 'request'>;
  readonly channel: (name: string) => Pick<BroadcastChannel, 'postMessage' | 'close' | 'onmessage'>;
}

/** Return the coordination of this browser's pages; null where it has none. */
export function getPages(window: Window & typeof globalThis): IPages | null {
  const able = 'locks' in window.navigator && 'BroadcastChannel' in window;
  return able ? { locks: window.navigator.locks, channel: name => new BroadcastChannel(name) } : null;
}

/** Open the events called `name`, shared with the browser's other pages where possible. */
export function openEvents(name: string, options: IEventStreamOptions, pages: IPages | null): IEvents {
  return pages ? new SharedEvents(name, options, pages) : new EventStream(options);
}

/**
 * One event stream for all pages of a browser: the page that has the lock reads it and passes events on.
 *
 * HTTP/1.1 allows about six connections to a server; with one stream a page, a few tabs would block Jupyter.
 * When the holder closes, the next page takes the lock and resumes after the last event it received.
 */
class SharedEvents implements IEvents {
  constructor(
    name: string,
    private readonly _options: IEventStreamOptions,
    pages: IPages
  ) {
    this._lastId = _options.lastEventId ?? '';
    this._channel = pages.channel(name);
    this._channel.onmessage = ({ data }: MessageEvent<Word>) => this._hear(data);
    pages.locks
      .request(name, { signal: this._stop.signal }, () => this._hold())
      .catch((error: unknown) => {
        if (!this.isDisposed) {
          throw error;
        }
      });
    this._say({ kind: 'hello' });
  }

  get isDisposed(): boolean {
    return this._stop.signal.aborted;
  }

  get lastEventId(): string {
    return this._lastId;
  }

  retry(): void {
    this._stream?.retry();
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._stop.abort();
    this._stream?.dispose();
    this._channel.close();
    this._release();
  }

  /** Read the stream for all pages, until this one is done with it. */
  private _hold(): Promise<void> {
    if (this.isDisposed) {
      return Promise.resolve();
    }
    this._stream = new EventStream({
      ...this._options,
      lastEventId: this._lastId,
      onEvent: event => this._pass({ kind: 'event', event }),
      onState: state => this._pass({ kind: 'state', state }),
      onHeard: () => this._pass({ kind: 'heard' })
    });
    return new Promise(resolve => {
      this._release = resolve;
    });
  }

  private _hear(word: Word): void {
    if (word.kind === 'hello') {
      if (this._stream && this._state) {
        this._say({ kind: 'state', state: this._state });
      }
    } else if (!this._stream && !this.isDisposed) {
      this._take(word);
      if (!this._joined) {
        // Events from before this page listened are missing.
        this._joined = true;
        this._options.onEvent({ event: 'reset', data: '{}', id: '' });
      }
    }
  }

  private _pass(word: Word): void {
    this._take(word);
    if (!this.isDisposed) {
      this._say(word);
    }
  }

  private _take(word: Word): void {
    if (word.kind === 'event') {
      this._lastId = word.event.id;
      this._options.onEvent(word.event);
    } else if (word.kind === 'state') {
      this._state = word.state;
      this._options.onState(word.state);
    } else if (word.kind === 'heard') {
      this._options.onHeard?.();
    }
  }

  private _say(word: Word): void {
    this._channel.postMessage(word);
  }

  private readonly _channel: ReturnType<IPages['channel']>;
  private readonly _stop = new AbortController();
  private _joined = false;
  private _lastId: string;
  private _release: () => void = () => {};
  private _state: StreamState | null = null;
  private _stream: EventStream | null = null;
}
