import { afterEach, expect, it, vi } from 'vitest';

import { EventStream } from '../src/api/events';
import type { StreamState } from '../src/api/events';
import { FakeStream, waitFor } from './samples';

const QUICK = { first: 1, most: 2 };
let stream: EventStream | null = null;

afterEach(() => stream?.dispose());

/** A stream over `sources`, one an attempt, and what it said. */
function open(sources: FakeStream[], silence = 1000): { ids: string[]; heard: string[]; states: StreamState['kind'][] } {
  const said = { ids: [] as string[], heard: [] as string[], states: [] as StreamState['kind'][] };
  stream = new EventStream({
    open: lastId => {
      said.ids.push(lastId);
      const source = sources.shift();
      return source ? Promise.resolve(source.response) : Promise.reject(new TypeError('gone'));
    },
    onEvent: event => said.heard.push(event.data),
    onState: state => said.states.push(state.kind),
    backoff: QUICK,
    silence
  });
  return said;
}

it('resumes after the last event when the stream ends', async () => {
  const [first, second] = [new FakeStream(), new FakeStream()];
  const said = open([first, second]);
  first.send('runs', 1, 'e-1');
  await waitFor(() => expect(said.heard).toEqual(['1']));
  first.close();
  second.send('runs', 2, 'e-2');
  await waitFor(() => expect(said.heard).toEqual(['1', '2']));
  expect(said.ids.slice(0, 2)).toEqual(['', 'e-1']);
  expect(said.states.slice(0, 5)).toEqual(['connecting', 'open', 'lost', 'connecting', 'open']);
});

it('takes a silent stream for dead', async () => {
  const said = open([new FakeStream(), new FakeStream()], 20);
  await waitFor(() => expect(said.ids.length).toBeGreaterThan(1));
});

it('asks no more after it was disposed of', async () => {
  const said = open([]);
  await waitFor(() => expect(said.states).toContain('lost'));
  stream?.dispose();
  const asked = said.ids.length;
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(said.ids.length).toBe(asked);
});

it('waits longer after each failure', async () => {
  vi.useFakeTimers();
  const pauses: number[] = [];
  stream = new EventStream({
    open: () => Promise.reject(new TypeError('gone')),
    onEvent: () => undefined,
    onState: state => state.kind === 'lost' && pauses.push(state.retryAt - Date.now()),
    backoff: { first: 1000, most: 30_000 }
  });
  await vi.advanceTimersByTimeAsync(20_000);
  vi.useRealTimers();
  const [first = 0, second = 0, third = 0] = pauses;
  expect(first).toBeGreaterThanOrEqual(750);
  expect(second).toBeGreaterThan(first * 1.4);
  expect(third).toBeGreaterThan(second * 1.4);
});
