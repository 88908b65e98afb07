import { AnsiParser, type ILine } from '../../src/log/ansi';

/** Return `text` as the lines of a log. */
export function linesOf(text: string): readonly ILine[] {
  const parser = new AnsiParser();
  parser.push(text);
  return parser.lines;
}
