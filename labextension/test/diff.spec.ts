// @vitest-environment node
import { expect, it } from 'vitest';

import { findWords } from '../src/diff';

it('marks the words that differ between two lines', () => {
  expect(findWords('  image: train:1.4', '  image: train:1.5')).toEqual({
    left: [
      { text: '  image: train:', isChanged: false },
      { text: '1.4', isChanged: true }
    ],
    right: [
      { text: '  image: train:', isChanged: false },
      { text: '1.5', isChanged: true }
    ]
  });
});

it('marks nothing of equal lines, and all of lines that share nothing', () => {
  expect(findWords('same', 'same').left).toEqual([{ text: 'same', isChanged: false }]);
  expect(findWords('a', 'b').right).toEqual([{ text: 'b', isChanged: true }]);
  expect(findWords('', 'b').left).toEqual([]);
});
