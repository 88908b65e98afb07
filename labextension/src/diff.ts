/** What differs between two lines. */
export interface IPiece {
  readonly text: string;
  readonly isChanged: boolean;
}

/** Return two lines in pieces: what they have in common at both ends, and between that what differs. */
export function findWords(left: string, right: string): { left: readonly IPiece[]; right: readonly IPiece[] } {
  const [one, other] = [split(left), split(right)];
  let head = 0;
  while (head < one.length && head < other.length && one[head] === other[head]) {
    head++;
  }
  let tail = 0;
  while (tail < one.length - head && tail < other.length - head && one.at(-1 - tail) === other.at(-1 - tail)) {
    tail++;
  }
  return { left: join(one, head, tail), right: join(other, head, tail) };
}

/** Split a line into words, numbers and the signs between them. */
function split(line: string): readonly string[] {
  return line.match(/[\p{L}\p{N}_.]+|\s+|[^\p{L}\p{N}_.\s]/gu) ?? [];
}

function join(words: readonly string[], head: number, tail: number): readonly IPiece[] {
  return [
    { text: words.slice(0, head).join(''), isChanged: false },
    { text: words.slice(head, words.length - tail).join(''), isChanged: true },
    { text: words.slice(words.length - tail).join(''), isChanged: false }
  ].filter(({ text }) => text !== '');
}
