import { expect, it } from 'vitest';

import { EventParser } from '../src/api/sse';

it('puts an event together from pieces', () => {
  const parser = new EventParser();
  const events = ['id: 7-1\nev', 'ent: runs\ndata: {"a":\nda', 'ta: 1}\n', '\n'].flatMap(text => parser.feed(text));
  expect(events).toEqual([{ id: '7-1', event: 'runs', data: '{"a":\n1}' }]);
});

it('takes every kind of line end, also one that is cut in two', () => {
  const parser = new EventParser();
  expect([...parser.feed('data: a\r'), ...parser.feed('\n\r\n'), ...parser.feed('data:b\r\r')].length).toBe(1);
  expect(parser.feed('x')).toEqual([{ id: '', event: 'message', data: 'b' }]);
});

it('skips comments and events without data, and keeps the last id', () => {
  const parser = new EventParser('5');
  expect(parser.feed(': alive\n\nevent: runs\n\n')).toEqual([]);
  expect(parser.feed('data: x\n\n')).toEqual([{ id: '5', event: 'message', data: 'x' }]);
});
