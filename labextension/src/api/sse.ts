/** One event of an event stream. */
export interface IServerEvent {
  /** The name of the event, “message” when the server gave none. */
  readonly event: string;
  readonly data: string;
  /** The newest id seen so far, to resume from. */
  readonly id: string;
}

/**
 * Cuts the text of an event stream into events.
 *
 * Source: HTML standard, “Server-sent events”, “Interpreting an event stream”.
 */
export class EventParser {
  constructor(lastId = '') {
    this._id = lastId;
  }

  /** The events that `text` completes; an event may arrive in many pieces. */
  feed(text: string): IServerEvent[] {
    this._buffer += text;
    // A lone CR at the end may be the first half of CRLF: wait for the rest.
    const end = this._buffer.endsWith('\r') ? this._buffer.length - 1 : this._buffer.length;
    const lines = this._buffer.slice(0, end).split(/\r\n|\n|\r/);
    this._buffer = (lines.pop() ?? '') + this._buffer.slice(end);
    const events: IServerEvent[] = [];
    for (const line of lines) {
      const event = this._line(line);
      if (event) {
        events.push(event);
      }
    }
    return events;
  }

  private _line(line: string): IServerEvent | null {
    if (line === '') {
      const event = { event: this._event || 'message', data: this._data.join('\n'), id: this._id };
      const complete = this._data.length > 0;
      this._event = '';
      this._data = [];
      return complete ? event : null;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') {
      this._data.push(value);
    } else if (field === 'event') {
      this._event = value;
    } else if (field === 'id' && !value.includes('\0')) {
      this._id = value;
    }
    return null;
  }

  private _buffer = '';
  private _data: string[] = [];
  private _event = '';
  private _id: string;
}

/** The events of an answer as they come; none when it is no event stream. */
export async function* eventsOf(response: Response): AsyncGenerator<IServerEvent> {
  const reader = response.body?.getReader();
  const parser = new EventParser();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) {
        return;
      }
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}
