// @vitest-environment node
import { describe, expect, it } from 'vitest';

import { findAll, markMatches, MOST_MATCHES } from '../../src/log/search';
import { linesOf } from './lines';

describe('findAll', () => {
  it('finds text whatever its case, with the signs of patterns taken as they are', () => {
    const lines = linesOf('a+b (1)\nA+B and a+b');
    expect(findAll(lines, 'a+b')).toEqual([
      { line: 0, start: 0, end: 3 },
      { line: 1, start: 0, end: 3 },
      { line: 1, start: 8, end: 11 }
    ]);
    expect(findAll(lines, '(1)')).toHaveLength(1);
    expect(findAll(lines, '')).toHaveLength(0);
  });

  it('stops counting', () => {
    expect(findAll(linesOf('x\n'.repeat(MOST_MATCHES + 5)), 'x')).toHaveLength(MOST_MATCHES);
  });
});

describe('markMatches', () => {
  it('cuts segments of several looks at a match', () => {
    const [line] = linesOf('ab\u001b[31mcd\u001b[0mef');
    const pieces = markMatches(line?.segments ?? [], [{ line: 0, start: 1, end: 5 }]);
    expect(pieces.map(piece => [piece.text, piece.match !== undefined])).toEqual([
      ['a', false],
      ['b', true],
      ['cd', true],
      ['e', true],
      ['f', false]
    ]);
  });
});
