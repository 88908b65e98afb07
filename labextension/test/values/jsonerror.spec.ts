// @vitest-environment node
import { describe, expect, it } from 'vitest';

import { findJsonProblem } from '../../src/values/jsonerror';

describe('jsonProblem', () => {
  it.each([
    ['{"a": 1,}', 1, 9, 'key', '}'],
    ['{"a": 1,\n "b" 2}', 2, 6, 'colon', '2'],
    ['[1, 2', 1, 6, 'comma', ''],
    ['[1 2]', 1, 4, 'comma', '2'],
    ['[1, , 2]', 1, 5, 'value', ','],
    ["{'a': 1}", 1, 2, 'key', "'"],
    ['{"a": True}', 1, 7, 'value', 'T'],
    ['{"a": NaN}', 1, 7, 'value', 'N'],
    ['[01]', 1, 2, 'number', '0'],
    ['[1.]', 1, 2, 'number', '1'],
    ['["a\nb"]', 1, 4, 'quote', '\n'],
    ['["\\x"]', 1, 3, 'escape', '\\'],
    ['{} {}', 1, 4, 'end', '{'],
    ['', 1, 1, 'value', ''],
    ['[“a”]', 1, 2, 'value', '“']
  ])('%s', (text, line, column, expected, found) => {
    expect(findJsonProblem(text)).toEqual({ kind: 'not-json', error: { line, column, expected, found } });
  });

  it.each(['{}', '[]', ' [1, -2.5e+3, "a\\u00e9", null, true, {"b": [false]}]\n', '"x"', '0'])(
    'finds nothing wrong with %s',
    text => {
      expect(findJsonProblem(text)).toBeNull();
    }
  );

  it('agrees with JSON.parse', () => {
    const alphabet = ['{', '}', '[', ']', ',', ':', '"a"', '1', '-', ' ', 'true', '.5', '\\'];
    for (let seed = 0; seed < 3000; seed++) {
      const text = [seed % 13, Math.floor(seed / 13) % 13, (seed * 7) % 13, (seed * 31) % 13]
        .map(index => alphabet[index] ?? '')
        .join('');
      expect([text, findJsonProblem(text) === null]).toEqual([text, parses(text)]);
    }
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
