// @vitest-environment node
import { describe, expect, it } from 'vitest';

import { AnsiParser } from '../../src/log/ansi';
import { linesOf } from './lines';

const ESC = '\u001b';

/** Escape sequences that would do something in a terminal, and what may be left of each line. */
const CORPUS: readonly (readonly [string, string, string])[] = [
  ['window title, BEL', `a${ESC}]0;evil title\u0007b`, 'ab'],
  ['window title, ST', `a${ESC}]2;evil${ESC}\\b`, 'ab'],
  ['hyperlink', `${ESC}]8;;https://evil.example\u0007click${ESC}]8;;\u0007`, 'click'],
  ['clipboard write', `x${ESC}]52;c;ZXZpbA==\u0007y`, 'xy'],
  ['device control', `x${ESC}P1$r0m${ESC}\\y`, 'xy'],
  ['application command', `x${ESC}_Gf=100;AAAA${ESC}\\y`, 'xy'],
  ['privacy message', `x${ESC}^secret${ESC}\\y`, 'xy'],
  ['clear screen and home', `${ESC}[2J${ESC}[Htext`, 'text'],
  ['cursor up and erase', `one${ESC}[1A${ESC}[2Ktwo`, 'onetwo'],
  ['alternate screen', `${ESC}[?1049hvim${ESC}[?1049l`, 'vim'],
  ['report request', `${ESC}[6n${ESC}[c`, ''],
  ['soft reset', `${ESC}[!p${ESC}cx`, 'x'],
  ['character set', `${ESC}(0lqk${ESC}(B`, 'lqk'],
  ['key modifiers are no colour', `${ESC}[>4;2mplain`, 'plain'],
  ['C1 introducer', `\u009b31mred\u009b0m`, 'red'],
  ['C1 string', `x\u009d0;t\u009cy`, 'xy'],
  ['NUL, BEL, backspace, DEL', 'a\u0000b\u0007c\bd\u007fe', 'abcde'],
  ['vertical tab and form feed', 'a\u000bb\u000cc', 'abc'],
  ['right-to-left override', 'user\u202etxt.exe', 'usertxt.exe'],
  ['direction isolates', 'a\u2066b\u2069c', 'abc'],
  ['tab stays', 'a\tb', 'a\tb'],
  ['markup is text', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['lone escape at the end of a line', `a${ESC}\nb`, 'a'],
  ['string that never ends stops at the line end', `${ESC}]0;no end\nnext`, ''],
  ['progress bar', ' 10%\r 50%\r100%', '100%'],
  ['windows line end', 'one\r\ntwo', 'one']
];

describe('lines', () => {
  it.each(CORPUS)('%s', (_, text, first) => {
    expect(linesOf(text)[0]?.text ?? '').toBe(first);
  });

  it.each(CORPUS)('gives the same when it comes letter by letter: %s', (_, text) => {
    const parser = new AnsiParser();
    for (const letter of text) {
      parser.push(letter);
    }
    expect(parser.lines.map(line => line.text)).toEqual(linesOf(text).map(line => line.text));
  });

  it('keeps colours and weights, and ends them with reset', () => {
    const [line] = linesOf(`${ESC}[1;31mError${ESC}[0m: ${ESC}[32mok${ESC}[39m.`);
    expect(line?.segments).toEqual([
      { text: 'Error', style: { bold: true, color: 'red' } },
      { text: ': ', style: {} },
      { text: 'ok', style: { color: 'green' } },
      { text: '.', style: { color: undefined } }
    ]);
  });

  it('keeps a colour over the end of a line', () => {
    const lines = linesOf(`${ESC}[33mone\ntwo`);
    expect(lines[1]?.segments[0]?.style.color).toBe('yellow');
  });

  it.each([
    ['38;5;196', 'red'],
    ['38;5;46', 'green'],
    ['38;5;12', 'blue'],
    ['38;2;250;200;0', 'yellow'],
    ['38:2:0:200:220', 'cyan'],
    ['38;5;244', undefined],
    ['38;2;120;120;120', undefined]
  ])('maps %s to %s', (code, color) => {
    expect(linesOf(`${ESC}[${code}mx`)[0]?.segments[0]?.style.color).toBe(color);
  });

  it('keeps the codes after an extended colour', () => {
    const [line] = linesOf(`${ESC}[38;5;196;1mx`);
    expect(line?.segments[0]?.style).toEqual({ color: 'red', bold: true });
  });

  it('shows empty lines and a growing last line', () => {
    const parser = new AnsiParser();
    parser.push('one\n\ntw');
    parser.push('o');
    expect(parser.lines.map(line => line.text)).toEqual(['one', '', 'two']);
    parser.push('\n');
    expect(parser.lines).toHaveLength(3);
  });

  it('does not hold back text for a sequence without end', () => {
    const parser = new AnsiParser();
    parser.push(`${ESC}]0;${'x'.repeat(5000)}`);
    parser.push('seen');
    expect(parser.lines[0]?.text.endsWith('seen')).toBe(true);
  });
});
