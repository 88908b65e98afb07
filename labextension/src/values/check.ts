/**
 * From what a person types to the value that is sent, by the type that the pipeline declares.
 *
 * Words belong to the view: what is wrong is returned as data. Python has the same rules
 * (`jupyter_kfp_mt/pipeline_spec/parameters.py`); both are tested against `test/data/parameters.json`.
 */
import type { ParameterSpec } from '../api/types';
import { findJsonProblem, type JsonProblem } from './jsonerror';

/** What a value of a parameter can be. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** Why a text is no value of the wanted type. */
export type ValueProblem =
  | { readonly kind: 'missing' }
  | { readonly kind: 'not-a-number' | 'not-an-integer'; readonly got: string; readonly write?: string }
  | { readonly kind: 'not-a-boolean' | 'not-a-list' | 'not-an-object'; readonly got: string }
  | { readonly kind: 'not-a-choice'; readonly got: string; readonly choices: readonly string[] }
  | { readonly kind: 'half-character' }
  | JsonProblem;

/** A checked text: a value to send, nothing to send, or a problem. */
export type Checked =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'unsent' }
  | { readonly kind: 'problem'; readonly problem: ValueProblem };

const UNSENT: Checked = { kind: 'unsent' };

/** The types that a person can give; KFP fills in the others. */
const TYPED = new Set(['NUMBER_INTEGER', 'NUMBER_DOUBLE', 'STRING', 'BOOLEAN', 'LIST', 'STRUCT']);

/** Whether the form asks for `spec`. */
export function isAsked(spec: ParameterSpec): boolean {
  return TYPED.has(spec.type);
}

/** Whether `spec` is written as JSON. */
export function isJson(spec: ParameterSpec): boolean {
  return spec.type === 'LIST' || spec.type === 'STRUCT';
}

/** Return `value` as it stands in the field of `spec`. */
export function textOf(spec: ParameterSpec, value: unknown): string {
  if (value === undefined || value === null) {
    return '';
  }
  if (isJson(spec)) {
    return JSON.stringify(value, null, Object.keys(value).length > 3 ? 2 : undefined);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Return the text of an untouched field. */
export function initialText(spec: ParameterSpec): string {
  if (spec.has_default) {
    return textOf(spec, spec.default);
  }
  // a switch has two places: one that must be sent says what it shows
  return spec.type === 'BOOLEAN' && !spec.optional ? 'false' : '';
}

/** Check `text` for `spec`; `touched` distinguishes an emptied string from an untouched one. */
export function check(spec: ParameterSpec, text: string, touched: boolean): Checked {
  const empty = spec.type === 'STRING' ? !text && !touched : !text.trim();
  if (empty) {
    return spec.optional || spec.has_default ? UNSENT : problem({ kind: 'missing' });
  }
  if (!touched && spec.has_default) {
    return UNSENT;
  }
  const checked = parseValue(spec, text);
  if (checked.kind !== 'value' || !spec.literals.length) {
    return checked;
  }
  const got = JSON.stringify(checked.value);
  if (spec.literals.some(literal => JSON.stringify(literal) === got)) {
    return checked;
  }
  const choices = spec.literals.map(literal => (typeof literal === 'string' ? literal : JSON.stringify(literal)));
  return problem({ kind: 'not-a-choice', got: textOf(spec, checked.value), choices });
}

/** Return the value of `text`, typed, with the type of `spec`. */
function parseValue(spec: ParameterSpec, text: string): Checked {
  switch (spec.type) {
    case 'NUMBER_INTEGER':
      return integer(text.trim());
    case 'NUMBER_DOUBLE':
      return number(text.trim());
    case 'BOOLEAN':
      return boolean(text.trim());
    case 'LIST':
    case 'STRUCT':
      return json(spec, text);
    default:
      return isWhole(text) ? { kind: 'value', value: text } : problem({ kind: 'half-character' });
  }
}

function boolean(text: string): Checked {
  const word = text.toLowerCase();
  return word === 'true' || word === 'false'
    ? { kind: 'value', value: word === 'true' }
    : problem({ kind: 'not-a-boolean', got: text });
}

function integer(text: string): Checked {
  if (!/^[+-]?\d+$/.test(text)) {
    const meant = readNumber(text);
    const write = meant !== undefined && Number.isInteger(Number(meant)) ? plain(Number(meant)) : undefined;
    return problem({ kind: 'not-an-integer', got: text, write });
  }
  const value = Number(text);
  // KFP carries numbers as doubles: beyond 2^53 another number would arrive.
  return Number.isSafeInteger(value) ? { kind: 'value', value } : problem({ kind: 'too-large', got: text });
}

function number(text: string): Checked {
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    return problem({ kind: 'not-a-number', got: text, write: readNumber(text) });
  }
  const value = Number(text);
  return Number.isFinite(value) ? { kind: 'value', value } : problem({ kind: 'too-large', got: text });
}

/** Return how the number that `text` seems to mean is written, or undefined where one could be mistaken. */
function readNumber(text: string): string | undefined {
  const candidates = [
    // a comma as decimal sign, but 1,000 may be 1000
    /^(?![+-]?[1-9]\d{0,2},\d{3}$)[+-]?\d+,\d+$/.test(text) ? text.replace(',', '.') : text,
    /^[+-]?\d{1,3}(?:[_ '\u00a0\u202f]\d{3})+(?:\.\d+)?$/.test(text) ? text.replace(/[^\d.+-]/g, '') : text,
    text.replace(/^\u2212/, '-') // the typographic minus
  ];
  return candidates.find(candidate => /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(candidate));
}

function plain(value: number): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function json(spec: ParameterSpec, text: string): Checked {
  const wrong = findJsonProblem(text);
  if (wrong) {
    return problem(wrong);
  }
  const value = JSON.parse(text) as Value;
  if (spec.type === 'LIST' && !Array.isArray(value)) {
    return problem({ kind: 'not-a-list', got: text.trim() });
  }
  if (spec.type === 'STRUCT' && (Array.isArray(value) || value === null || typeof value !== 'object')) {
    return problem({ kind: 'not-an-object', got: text.trim() });
  }
  return isWhole(value) ? { kind: 'value', value } : problem({ kind: 'half-character' });
}

/** Whether no text in `value` holds half a character (a lone surrogate), which UTF-8 cannot carry. */
function isWhole(value: Value): boolean {
  if (typeof value === 'string') {
    return !/\p{Surrogate}/u.test(value);
  }
  return value === null || typeof value !== 'object' || Object.entries(value).flat().every(isWhole);
}

function problem(found: ValueProblem): Checked {
  return { kind: 'problem', problem: found };
}
