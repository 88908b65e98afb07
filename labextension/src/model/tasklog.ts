import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { toErrorBody, KfpApiError, type ILogQuery } from '../api/client';
import type { ErrorBody, LogChunk } from '../api/types';
import { AnsiParser, type ILine } from '../log/ansi';
import type { ILogState } from '../log/state';
import { PausablePoll } from './pausable';

/** Reads a part of the log of one attempt of one task. */
export type LogReader = (query: ILogQuery) => Promise<LogChunk>;

/** A part of this size is probably not the last one: the next is read at once. */
const FULL_PART = 60_000;

/** Statuses after which reading again is useless; after a 404 the log may still appear while the task runs. */
const FINAL = new Set([400, 403, 422]);
const NOT_THERE = 404;

/**
 * The log of one attempt of a task: first its last lines, then whatever follows the last byte read.
 *
 * #### Notes
 * It reads nothing while it is inactive or the page is hidden, and keeps what it has read if the server loses it.
 */
export class TaskLog implements ILogState, IDisposable {
  constructor(
    private readonly _read: LogReader,
    private readonly _tail: number,
    private readonly _canCome: () => boolean,
    interval = 1000
  ) {
    this._poll = new PausablePoll({ name: 'jupyter-kfp-mt:log', interval, max: 30_000, read: () => this._next() });
  }

  /** Emitted when there is more to show. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What was read, as lines. The array grows in place; `revision` tells when. */
  get lines(): readonly ILine[] {
    return this._parser.lines;
  }

  /** Counts the changes. */
  get revision(): number {
    return this._revision;
  }

  /** Whether the first line shown is the first line of the log. */
  get fromStart(): boolean {
    return this._start === 0;
  }

  /** Whether the first answer has come. */
  get loaded(): boolean {
    return this._chunk !== null;
  }

  /** Whether the attempt has ended and everything was read. */
  get complete(): boolean {
    return this._chunk?.complete ?? false;
  }

  /** Where the log comes from: `embedded`, `pod`, `archive`, `copy`. */
  get source(): string {
    return this._chunk?.source ?? '';
  }

  /** Why the log cannot be read, if so. */
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

  /** Load the part of the log before the first line shown. */
  async loadEarlier(): Promise<void> {
    const end = this._start;
    const text = await this._range(0, end);
    if (this.isDisposed || this._start !== end) {
      return;
    }
    this._parts.unshift(text);
    this._start = 0;
    this._parser = new AnsiParser();
    this._parser.push(this._parts.join(''));
    this._emit();
  }

  /** Return the whole log written so far. */
  async whole(): Promise<string> {
    const earlier = this._start > 0 ? await this._range(0, this._start) : '';
    return earlier + this._parts.join('');
  }

  /** Stop reading. */
  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Read the next part; called by the poll. */
  private async _next(): Promise<void> {
    try {
      let more = true;
      while (more && this._poll.isActive && !this.complete) {
        more = this._take(await this._read(this._query()));
      }
    } catch (error) {
      this._fail(error);
      throw error;
    }
    if (this.complete) {
      this._poll.stop();
    }
  }

  private _query(): ILogQuery {
    return this._chunk ? { offset: this._chunk.next_offset, attempt: this._chunk.attempt } : { tail: this._tail };
  }

  /** Add a part; return whether to read the next at once. */
  private _take(chunk: LogChunk): boolean {
    if (this.isDisposed) {
      return false;
    }
    this._start = this._chunk === null ? chunk.offset : this._start;
    this._chunk = chunk;
    this._error = null;
    this._parts.push(chunk.text);
    this._parser.push(chunk.text);
    this._emit();
    return chunk.text.length >= FULL_PART;
  }

  private _fail(error: unknown): void {
    if (this.isDisposed) {
      return;
    }
    this._error = toErrorBody(error);
    this._emit();
    const gone = error instanceof KfpApiError && error.status === NOT_THERE && !this._canCome();
    if (gone || (error instanceof KfpApiError && FINAL.has(error.status))) {
      this._poll.stop();
    }
  }

  /** Return the text of bytes `start` to `end`. */
  private async _range(start: number, end: number): Promise<string> {
    const parts: string[] = [];
    let at = start;
    while (at < end) {
      const chunk = await this._read({ offset: at, attempt: this._chunk?.attempt ?? 0 });
      if (chunk.next_offset <= at) {
        break;
      }
      const over = chunk.next_offset - end;
      parts.push(over > 0 ? dropLastBytes(chunk.text, over) : chunk.text);
      at = chunk.next_offset;
    }
    return parts.join('');
  }

  private _emit(): void {
    this._revision++;
    this._changed.emit();
  }

  private readonly _poll: PausablePoll;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _parts: string[] = [];
  private _parser = new AnsiParser();
  private _chunk: LogChunk | null = null;
  private _start = 0;
  private _revision = 0;
  private _error: ErrorBody | null = null;
}

/** Return `text` without its last `count` bytes of UTF-8. */
function dropLastBytes(text: string, count: number): string {
  const bytes = new TextEncoder().encode(text);
  return new TextDecoder().decode(bytes.subarray(0, Math.max(0, bytes.length - count)));
}
