/**
 * Where a JSON text is wrong.
 *
 * `JSON.parse` says it in another way in each browser, some without a place: so the place is found here, and only
 * after `JSON.parse` has refused the text.
 */

/** Values may be nested this deep; Python has the same limit. */
const MAX_DEPTH = 50;

/** What was expected where; the view turns it into a sentence. */
export type JsonExpectation = 'value' | 'key' | 'colon' | 'comma' | 'quote' | 'end' | 'escape' | 'number';

/** The first wrong place of a JSON text; line and column count from 1. */
export interface IJsonError {
  readonly line: number;
  readonly column: number;
  readonly expected: JsonExpectation;
  /** The character found there, empty at the end of the text. */
  readonly found: string;
}

/** Why a text is not JSON, or more than KFP can carry. */
export type JsonProblem =
  | { readonly kind: 'not-json'; readonly error: IJsonError }
  | { readonly kind: 'too-large'; readonly got: string }
  | { readonly kind: 'too-deep' };

/** Return the first problem of `text`, or null for JSON that KFP can carry. */
export function findJsonProblem(text: string): JsonProblem | null {
  const scanner = new Scanner(text);
  try {
    scanner.document();
    return null;
  } catch (error) {
    if (error instanceof Wrong) {
      return { kind: 'not-json', error: errorAt(text, error) };
    }
    if (error instanceof Limit) {
      return error.problem;
    }
    throw error;
  }
}

/** The scanner's way out. */
class Wrong extends Error {
  constructor(
    readonly at: number,
    readonly expected: JsonExpectation
  ) {
    super(expected);
  }
}

/** The scanner's way out of JSON that KFP cannot carry. */
class Limit extends Error {
  constructor(readonly problem: JsonProblem) {
    super(problem.kind);
  }
}

function errorAt(text: string, wrong: Wrong): IJsonError {
  const before = text.slice(0, wrong.at).split('\n');
  return {
    line: before.length,
    column: [...(before.at(-1) ?? '')].length + 1,
    expected: wrong.expected,
    found: String.fromCodePoint(...[text.codePointAt(wrong.at)].filter(code => code !== undefined))
  };
}

/** Reads JSON (RFC 8259) and stops at the first character that cannot be. */
class Scanner {
  constructor(private readonly _text: string) {}

  document(): void {
    this._value(0);
    this._space();
    if (this._at < this._text.length) {
      throw new Wrong(this._at, 'end');
    }
  }

  private _value(depth: number): void {
    this._space();
    const first = this._text[this._at] ?? '';
    if (depth > MAX_DEPTH) {
      throw new Limit({ kind: 'too-deep' });
    } else if (first === '{') {
      this._members('}', () => this._member(depth));
    } else if (first === '[') {
      this._members(']', () => this._value(depth + 1));
    } else if (first === '"') {
      this._string();
    } else if (first === '-' || (first >= '0' && first <= '9')) {
      this._number();
    } else if (!this._take(/true|false|null/y)) {
      throw new Wrong(this._at, 'value');
    }
  }

  private _members(end: string, member: () => void): void {
    this._at++;
    this._space();
    if (this._text[this._at] === end) {
      this._at++;
      return;
    }
    for (;;) {
      member();
      this._space();
      if (this._text[this._at] === end) {
        this._at++;
        return;
      }
      this._expect(',', 'comma');
    }
  }

  private _member(depth: number): void {
    this._space();
    if (this._text[this._at] !== '"') {
      throw new Wrong(this._at, 'key');
    }
    this._string();
    this._space();
    this._expect(':', 'colon');
    this._value(depth + 1);
  }

  private _string(): void {
    this._at++;
    // eslint-disable-next-line no-control-regex -- JSON forbids them inside strings
    this._take(/(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y);
    if (this._text[this._at] === '\\') {
      throw new Wrong(this._at, 'escape');
    }
    this._expect('"', 'quote');
  }

  private _number(): void {
    const start = this._at;
    if (!this._take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y) || /[\w.+-]/.test(this._text[this._at] ?? '')) {
      throw new Wrong(start, 'number');
    }
    const number = this._text.slice(start, this._at);
    if (/[.eE]/.test(number) ? !Number.isFinite(Number(number)) : !Number.isSafeInteger(Number(number))) {
      throw new Limit({ kind: 'too-large', got: number });
    }
  }

  private _space(): void {
    this._take(/[ \t\r\n]*/y);
  }

  private _take(pattern: RegExp): boolean {
    pattern.lastIndex = this._at;
    const match = pattern.exec(this._text);
    this._at += match ? match[0].length : 0;
    return match !== null;
  }

  private _expect(character: string, expected: JsonExpectation): void {
    if (this._text[this._at] !== character) {
      throw new Wrong(this._at, expected);
    }
    this._at++;
  }

  private _at = 0;
}
