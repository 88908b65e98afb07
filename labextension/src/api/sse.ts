import { createParser } from 'eventsource-parser';

/** One event of an event stream. */
export interface IServerEvent {
  /** The name of the event, “message” when the server gave none. */
  readonly event: string;
  readonly data: string;
  /** The newest id seen so far, to resume from. */
  readonly id: string;
}

/** Return a function that takes the text of an event stream piece by piece and calls `onEvent` for each event. */
export function createReader(onEvent: (event: IServerEvent) => void, lastId = ''): (text: string) => void {
  let newest = lastId;
  const parser = createParser({
    onEvent: ({ event = 'message', data, id }) => {
      newest = id ?? newest;
      onEvent({ event, data, id: newest });
    }
  });
  return text => parser.feed(text);
}

/** Yield the events of a response as they arrive; none when it is no event stream. */
export async function* readEvents(response: Response): AsyncGenerator<IServerEvent> {
  const body = response.body?.getReader();
  const events: IServerEvent[] = [];
  const read = createReader(event => events.push(event));
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = (await body?.read()) ?? { done: true, value: undefined };
      if (done) {
        return;
      }
      read(decoder.decode(value, { stream: true }));
      yield* events.splice(0);
    }
  } finally {
    await body?.cancel().catch(() => undefined);
  }
}
