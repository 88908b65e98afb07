// @vitest-environment node
import { describe, expect, it } from 'vitest';

import type { ParameterSpec } from '../../src/api/types';
import { check, initialText, textOf } from '../../src/values/check';

function spec(type: ParameterSpec['type'], more: Partial<ParameterSpec> = {}): ParameterSpec {
  return { name: 'p', type, description: '', has_default: false, default: null, optional: false, literals: [], ...more };
}

const value = (sent: unknown): object => ({ kind: 'value', value: sent });
const problem = (kind: string, more: object = {}): object => ({
  kind: 'problem',
  problem: expect.objectContaining({ kind, ...more }) as object
});

describe('check', () => {
  it('reads a long text that is nearly a number in one pass', () => {
    const text = `${'1'.repeat(300_000)}x`;
    expect(check(spec('NUMBER_DOUBLE'), text, true)).toMatchObject(problem('not-a-number'));
  });

  it.each([
    ['NUMBER_INTEGER', '10', value(10)],
    ['NUMBER_INTEGER', ' -3 ', value(-3)],
    ['NUMBER_INTEGER', '+4', value(4)],
    ['NUMBER_INTEGER', 'three', problem('not-an-integer', { got: 'three', write: undefined })],
    ['NUMBER_INTEGER', '1.5', problem('not-an-integer', { write: undefined })],
    ['NUMBER_INTEGER', '10.0', problem('not-an-integer', { write: '10' })],
    ['NUMBER_INTEGER', '1e3', problem('not-an-integer', { write: '1000' })],
    ['NUMBER_INTEGER', '1_000', problem('not-an-integer', { write: '1000' })],
    ['NUMBER_INTEGER', '9007199254740993', problem('too-large')],
    ['NUMBER_DOUBLE', '0.01', value(0.01)],
    ['NUMBER_DOUBLE', '1e-3', value(0.001)],
    ['NUMBER_DOUBLE', '.5', value(0.5)],
    ['NUMBER_DOUBLE', '0,01', problem('not-a-number', { got: '0,01', write: '0.01' })],
    ['NUMBER_DOUBLE', '1.000,5', problem('not-a-number', { write: undefined })],
    ['NUMBER_DOUBLE', '1e400', problem('too-large')],
    ['NUMBER_DOUBLE', 'NaN', problem('not-a-number')],
    ['NUMBER_DOUBLE', '0x10', problem('not-a-number')],
    ['STRING', ' kept as it is ', value(' kept as it is ')],
    ['STRING', '', value('')],
    ['BOOLEAN', 'true', value(true)],
    ['BOOLEAN', 'false', value(false)],
    ['LIST', '[1, "a"]', value([1, 'a'])],
    ['LIST', '{"a": 1}', problem('not-a-list')],
    ['STRUCT', '{"a": {"b": []}}', value({ a: { b: [] } })],
    ['STRUCT', '[1]', problem('not-an-object')],
    ['STRUCT', 'null', problem('not-an-object')],
    ['STRUCT', '{"a": 1e400}', problem('too-large')],
    ['STRUCT', '{"a" 1}', problem('not-json', { error: { line: 1, column: 6, expected: 'colon', found: '1' } })]
  ] as const)('%s %s', (type, text, expected) => {
    expect(check(spec(type), text, true)).toEqual(expected);
  });

  it('sends nothing for an optional field that was left alone', () => {
    expect(check(spec('STRUCT', { optional: true }), '', false)).toEqual({ kind: 'unsent' });
    expect(check(spec('STRING', { optional: true }), '', false)).toEqual({ kind: 'unsent' });
  });

  it('sends nothing for a default that was left alone', () => {
    expect(check(spec('NUMBER_DOUBLE', { has_default: true, default: 0.1 }), '0.1', false)).toEqual({ kind: 'unsent' });
  });

  it('wants a value where there is no default', () => {
    expect(check(spec('NUMBER_INTEGER'), '', false)).toEqual(problem('missing'));
  });

  it('takes the choices and nothing else', () => {
    const mode = spec('STRING', { literals: ['fast', 'exact'] });
    expect(check(mode, 'exact', true)).toEqual(value('exact'));
    expect(check(mode, 'slow', true)).toEqual(problem('not-a-choice'));
    expect(check(spec('NUMBER_INTEGER', { literals: [1, 2] }), '2', true)).toEqual(value(2));
  });
});

describe('textOf', () => {
  it('round-trips through check', () => {
    for (const [type, sent] of [
      ['STRUCT', { a: [1, 2.5], b: 'x', c: null, d: true }],
      ['LIST', ['a', 1]],
      ['NUMBER_DOUBLE', 1e-7],
      ['BOOLEAN', false],
      ['STRING', '"quoted"']
    ] as const) {
      expect(check(spec(type), textOf(spec(type), sent), true)).toEqual(value(sent));
    }
  });

  it('shows the default of an untouched field', () => {
    expect(initialText(spec('NUMBER_INTEGER', { has_default: true, default: 10 }))).toBe('10');
    expect(initialText(spec('NUMBER_INTEGER'))).toBe('');
  });
});
