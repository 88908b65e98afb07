/**
 * Terminal output as lines of styled text.
 *
 * Only colours and weights of `CSI … m` are kept. Every other control sequence, among them titles, links, clipboard
 * writes, cursor moves and text-direction overrides, is removed: a task's log is untrusted text.
 */

/** The eight colours of a terminal; the style sheet maps them to variables of the theme. */
export type AnsiColor = 'black' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'white';

/** How a piece of text looks; absent is the usual look. */
export interface IAnsiStyle {
  readonly color?: AnsiColor;
  readonly ground?: AnsiColor;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
}

/** Text of one look. */
export interface ISegment {
  readonly text: string;
  readonly style: IAnsiStyle;
}

/** A line of output; `text` is what a search looks at and a copy takes. */
export interface ILine {
  readonly text: string;
  readonly segments: readonly ISegment[];
}

const COLORS: readonly AnsiColor[] = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white'
];

const PLAIN: IAnsiStyle = {};

/** A sequence that is longer than this is no sequence: its introducer is dropped and the rest is text. */
const LONGEST_SEQUENCE = 4096;

/* eslint-disable no-control-regex -- control characters are what this is about */
const CONTROL = {
  csi: /^(?:\u001b\[|\u009b)([0-9:;<=>?]*)([ -/]*)([@-~])/,
  csiBegun: /^(?:\u001b\[|\u009b)[0-9:;<=>?]*[ -/]*$/,
  // OSC, DCS, SOS, PM and APC carry a string up to BEL or ST; a line end also ends it, so that it swallows no log.
  string: /^(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c|(?=\n)|(?=\u001b[^\\]))/,
  stringBegun: /^(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]*\u001b?$/,
  escape: /^\u001b[ -/]*[0-~]/,
  escapeBegun: /^\u001b[ -/]*$/
};

/** Everything that is not plain text: C0 and C1 controls but tab, DEL, and marks that change the text direction. */
const SPECIAL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/* eslint-enable no-control-regex */

/** Turns output that comes in parts into lines; a sequence or a line may be cut anywhere between two parts. */
export class AnsiParser {
  /** The lines so far; the last one is still growing while the output does not end in a line end. */
  get lines(): readonly ILine[] {
    return this._lines;
  }

  /** Read the next part of the output. */
  push(part: string): void {
    let rest = this._rest + part;
    this._rest = '';
    while (rest) {
      const at = rest.search(SPECIAL);
      if (at !== 0) {
        this._write(at < 0 ? rest : rest.slice(0, at));
        rest = at < 0 ? '' : rest.slice(at);
        continue;
      }
      const length = this._control(rest);
      if (length === 0) {
        this._rest = rest;
        break;
      }
      rest = rest.slice(length);
    }
    this._flush();
  }

  /** Act on the control at the start of `text`; return its length, or 0 when its end has not come yet. */
  private _control(text: string): number {
    const first = text[0];
    if (first === '\n') {
      this._endLine();
      return 1;
    }
    if (first === '\r') {
      return this._return(text);
    }
    const csi = CONTROL.csi.exec(text);
    if (csi) {
      if (csi[3] === 'm' && !csi[2]) {
        this._style = applyStyle(this._style, csi[1] ?? '');
      }
      return csi[0].length;
    }
    const string = CONTROL.string.exec(text);
    if (string) {
      return string[0].length;
    }
    return isStarted(text) ? 0 : (CONTROL.escape.exec(text)?.[0].length ?? 1);
  }

  /** Handle a carriage return: it restarts the line, as progress bars do; before a line end it means nothing. */
  private _return(text: string): number {
    const end = /^\r+/.exec(text)?.[0].length ?? 1;
    if (text.length === end) {
      return 0;
    }
    if (text[end] !== '\n') {
      this._segments = [];
    }
    return end;
  }

  private _write(text: string): void {
    const last = this._segments[this._segments.length - 1];
    if (last && last.style === this._style) {
      this._segments[this._segments.length - 1] = { text: last.text + text, style: last.style };
    } else {
      this._segments.push({ text, style: this._style });
    }
  }

  private _endLine(): void {
    this._flush(true);
    this._open = false;
    this._segments = [];
  }

  /** Put the line that is being written into the list. */
  private _flush(always = false): void {
    if (!always && !this._segments.length && !this._open) {
      return;
    }
    const segments = [...this._segments];
    const line = { text: segments.map(segment => segment.text).join(''), segments };
    if (this._open) {
      this._lines[this._lines.length - 1] = line;
    } else {
      this._lines.push(line);
      this._open = true;
    }
  }

  private readonly _lines: ILine[] = [];
  private _segments: ISegment[] = [];
  private _style: IAnsiStyle = PLAIN;
  private _rest = '';
  private _open = false;
}

/** Whether `text` may be the start of a sequence whose end comes with the next part. */
function isStarted(text: string): boolean {
  return (
    text.length <= LONGEST_SEQUENCE &&
    (CONTROL.csiBegun.test(text) || CONTROL.stringBegun.test(text) || CONTROL.escapeBegun.test(text))
  );
}

/** Return `style` after the parameters of a `CSI … m`. */
function applyStyle(style: IAnsiStyle, parameters: string): IAnsiStyle {
  if (/[<=>?]/.test(parameters)) {
    return style; // private sequences, such as xterm's key modifiers
  }
  const codes = parameters.split(/[:;]/).map(code => (code ? Number(code) : 0));
  let next = style;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const [color, used] = extendedColor(codes.slice(at + 1));
      next = code === 38 ? { ...next, color } : { ...next, ground: color };
      at += used;
    } else {
      next = { ...next, ...changeOf(code) };
      next = code === 0 ? PLAIN : next;
    }
  }
  return next;
}

/** What one code changes; unknown codes change nothing. */
function changeOf(code: number): IAnsiStyle {
  if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
    return { color: COLORS[code % 10] };
  }
  if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) {
    return { ground: COLORS[code % 10] };
  }
  return CHANGES.get(code) ?? PLAIN;
}

const CHANGES: ReadonlyMap<number, IAnsiStyle> = new Map<number, IAnsiStyle>([
  [1, { bold: true }],
  [2, { dim: true }],
  [3, { italic: true }],
  [4, { underline: true }],
  [7, { inverse: true }],
  [22, { bold: undefined, dim: undefined }],
  [23, { italic: undefined }],
  [24, { underline: undefined }],
  [27, { inverse: undefined }],
  [39, { color: undefined }],
  [49, { ground: undefined }]
]);

/** Return the colour of `5;n` or `2;r;g;b` as the nearest of the eight, and how many codes it took. */
function extendedColor(codes: readonly number[]): [AnsiColor | undefined, number] {
  if (codes[0] === 5) {
    return [paletteColor(codes[1] ?? 0), 2];
  }
  if (codes[0] === 2) {
    return [nearest(codes[1] ?? 0, codes[2] ?? 0, codes[3] ?? 0), 4];
  }
  return [undefined, 1];
}

/** Return the nearest of the eight to entry `index` of the 256-colour palette. */
function paletteColor(index: number): AnsiColor | undefined {
  if (index < 16) {
    return COLORS[index % 8];
  }
  if (index > 231) {
    return undefined; // a grey: the theme's own text colour reads best
  }
  const cube = index - 16;
  const level = (value: number): number => (value ? 55 + value * 40 : 0);
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** Return the one of the eight with the same hue; greys have none. */
function nearest(red: number, green: number, blue: number): AnsiColor | undefined {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (most - least < 40) {
    return undefined;
  }
  const middle = (most + least) / 2;
  const index = (red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0);
  return COLORS[index];
}
