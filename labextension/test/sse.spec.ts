// @vitest-environment node
import { expect, it } from 'vitest';

import { createReader, type IServerEvent } from '../src/api/sse';

/** The events in `pieces`, as a reader that resumes after the event `lastId` sees them. */
function eventsIn(pieces: readonly string[], lastId = ''): IServerEvent[] {
  const events: IServerEvent[] = [];
  pieces.forEach(createReader(event => events.push(event), lastId));
  return events;
}

it('assembles an event from pieces', () => {
  const events = eventsIn(['id: 7-1\nev', 'ent: runs\ndata: {"a":\nda', 'ta: 1}\n', '\n']);
  expect(events).toEqual([{ id: '7-1', event: 'runs', data: '{"a":\n1}' }]);
});

it('accepts a line end that is cut in two', () => {
  expect(eventsIn(['data: a\r', '\n\r\n', 'data: b\r\n\r\n']).map(event => event.data)).toEqual(['a', 'b']);
});

it('skips comments and events without data, and keeps the last id', () => {
  expect(eventsIn([': alive\n\nevent: runs\n\n', 'data: x\n\n'], '5')).toEqual([
    { id: '5', event: 'message', data: 'x' }
  ]);
});
