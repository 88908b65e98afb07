import { afterEach, beforeEach, expect, it } from 'vitest';

import { openEvents } from '../src/api/shared';
import type { IEvents, IPages } from '../src/api/shared';
import { FakeStream, waitFor } from './samples';

/** What one page heard, and its events. */
interface IPage {
  readonly heard: string[];
  readonly asked: string[];
  readonly events: IEvents;
}

type Channel = ReturnType<IPages['channel']>;

let pages: IPages;
let open: IPage[];
let streams: FakeStream[];

beforeEach(() => {
  open = [];
  streams = [new FakeStream(), new FakeStream()];
  const channels = new Set<Channel>();
  let turn: Promise<unknown> = Promise.resolve();
  const channel = (): Channel => {
    const mine: Channel = {
      onmessage: null,
      postMessage: (data: unknown) => {
        for (const other of channels) {
          if (other !== mine) {
            queueMicrotask(() => {
              if (other.onmessage) {
                Reflect.apply(other.onmessage, other, [new MessageEvent('message', { data })]);
              }
            });
          }
        }
      },
      close: () => channels.delete(mine)
    };
    channels.add(mine);
    return mine;
  };
  // One holder after the other, as the browser's locks are.
  const request = (_name: string, _options: unknown, hold: () => Promise<void>): Promise<void> => {
    const held = turn.then(hold);
    turn = held;
    return held;
  };
  pages = { channel, locks: { request: request as IPages['locks']['request'] } };
});

afterEach(() => open.forEach(page => page.events.dispose()));

function page(): IPage {
  const heard: string[] = [];
  const asked: string[] = [];
  const events = openEvents(
    'name',
    {
      open: lastId => {
        asked.push(lastId);
        const stream = streams.shift();
        return stream ? Promise.resolve(stream.response) : Promise.reject(new TypeError('gone'));
      },
      onEvent: event => heard.push(`${event.event} ${event.data}`),
      onState: () => undefined
    },
    pages
  );
  const opened = { heard, asked, events };
  open.push(opened);
  return opened;
}

it('has one stream for two pages, and both hear it', async () => {
  const [stream] = streams;
  const [first, second] = [page(), page()];
  stream?.send('runs', 1, 'e-1');
  await waitFor(() => expect([first.heard, second.heard.slice(-1)]).toEqual([['runs 1'], ['runs 1']]));
  expect([first.asked.length, second.asked.length]).toEqual([1, 0]);
});

it('resumes in the next page after the last event when the holder closes', async () => {
  const [stream, next] = streams;
  const [first, second] = [page(), page()];
  stream?.send('runs', 1, 'e-1');
  await waitFor(() => expect(second.heard).toContain('runs 1'));
  first.events.dispose();
  next?.send('runs', 2, 'e-2');
  await waitFor(() => expect(second.heard).toContain('runs 2'));
  expect(second.asked).toEqual(['e-1']);
  expect(first.heard).not.toContain('runs 2');
});

it('makes a page that joins later load everything', async () => {
  const [stream] = streams;
  const first = page();
  stream?.send('runs', 1, 'e-1');
  await waitFor(() => expect(first.heard).toEqual(['runs 1']));
  const second = page();
  await waitFor(() => expect(second.heard).toEqual(['reset {}']));
});

it('is a stream of its own where pages cannot agree', async () => {
  const [stream] = streams;
  const heard: string[] = [];
  const events = openEvents(
    'name',
    {
      open: () => Promise.resolve(stream?.response ?? Response.error()),
      onEvent: event => heard.push(event.data),
      onState: () => undefined
    },
    null
  );
  stream?.send('runs', 7);
  await waitFor(() => expect(heard).toEqual(['7']));
  events.dispose();
});
