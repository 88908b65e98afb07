/** Finding text in a log. */
import type { ILine, ISegment } from './ansi';

/** A place in a log: the line's index and where in its text. */
export interface IMatch {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** More matches than this are not counted: the count then says “10,000+”. */
export const MOST_MATCHES = 10_000;

/** Return the places of `query` in `lines`, whatever the case of the letters. */
export function findAll(lines: readonly ILine[], query: string): readonly IMatch[] {
  if (!query) {
    return [];
  }
  const pattern = new RegExp(query.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gi');
  const matches: IMatch[] = [];
  for (const [index, line] of lines.entries()) {
    for (const match of line.text.matchAll(pattern)) {
      matches.push({ line: index, start: match.index, end: match.index + match[0].length });
      if (matches.length >= MOST_MATCHES) {
        return matches;
      }
    }
  }
  return matches;
}

/** A piece of a line, with the match it belongs to. */
export interface IMarkedSegment extends ISegment {
  readonly match?: IMatch;
}

/** Cut the segments of a line where a match begins or ends. */
export function markMatches(segments: readonly ISegment[], matches: readonly IMatch[]): readonly IMarkedSegment[] {
  if (!matches.length) {
    return segments;
  }
  const pieces: IMarkedSegment[] = [];
  let at = 0;
  for (const { text, style } of segments) {
    const end = at + text.length;
    let from = at;
    for (const match of matches) {
      const start = Math.max(match.start, from);
      const stop = Math.min(match.end, end);
      if (start >= stop) {
        continue;
      }
      if (start > from) {
        pieces.push({ text: text.slice(from - at, start - at), style });
      }
      pieces.push({ text: text.slice(start - at, stop - at), style, match });
      from = stop;
    }
    if (from < end) {
      pieces.push({ text: text.slice(from - at), style });
    }
    at = end;
  }
  return pieces;
}
