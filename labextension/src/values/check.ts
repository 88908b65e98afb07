/**
 * From what a person types to the value that is sent, by the type that the pipeline declares.
 *
 * Words belong to the view: what is wrong is returned as data.
 */
import type { ParameterSpec } from '../api/types';
import { jsonError, type IJsonError } from './jsonerror';

/** What a value of a parameter can be. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** Why a text is no value of the wanted type. */
export type ValueProblem =
  | { readonly kind: 'missing' }
  | { readonly kind: 'not-a-number' | 'not-an-integer' | 'too-large'; readonly got: string; readonly write?: string }
  | { readonly kind: 'not-json'; readonly error: IJsonError }
  | { readonly kind: 'not-a-list' | 'not-an-object' }
  | { readonly kind: 'not-a-choice'; readonly got: string };

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

/** Check `text` for `spec`; `touched` tells an emptied string from one that was left alone. */
export function check(spec: ParameterSpec, text: string, touched: boolean): Checked {
  const empty = spec.type === 'STRING' ? !text && !touched : !text.trim();
  if (empty) {
    return spec.optional || spec.has_default ? UNSENT : problem({ kind: 'missing' });
  }
  if (!touched && spec.has_default) {
    return UNSENT;
  }
  const checked = typed(spec, text);
  if (checked.kind !== 'value' || !spec.literals.length) {
    return checked;
  }
  const allowed = spec.literals.some(literal => literal === checked.value);
  return allowed ? checked : problem({ kind: 'not-a-choice', got: text });
}

/** Return the value of `text`, typed, with the type of `spec`. */
function typed(spec: ParameterSpec, text: string): Checked {
  switch (spec.type) {
    case 'NUMBER_INTEGER':
      return integer(text.trim());
    case 'NUMBER_DOUBLE':
      return number(text.trim());
    case 'BOOLEAN':
      return { kind: 'value', value: text.trim() === 'true' };
    case 'LIST':
    case 'STRUCT':
      return json(spec, text);
    default:
      return { kind: 'value', value: text };
  }
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
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    return problem({ kind: 'not-a-number', got: text, write: readNumber(text) });
  }
  const value = Number(text);
  return Number.isFinite(value) ? { kind: 'value', value } : problem({ kind: 'too-large', got: text });
}

/** Return how the number that `text` seems to mean is written, or undefined where one could be mistaken. */
function readNumber(text: string): string | undefined {
  const candidates = [
    /^[+-]?\d+,\d+$/.test(text) ? text.replace(',', '.') : text, // a comma as decimal sign
    /^[+-]?\d{1,3}(?:[_ '\u00a0\u202f]\d{3})+(?:\.\d+)?$/.test(text) ? text.replace(/[^\d.+-]/g, '') : text,
    text.replace(/^\u2212/, '-') // the typographic minus
  ];
  return candidates.find(candidate => /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(candidate));
}

function plain(value: number): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function json(spec: ParameterSpec, text: string): Checked {
  const error = jsonError(text);
  if (error) {
    return problem({ kind: 'not-json', error });
  }
  const value = JSON.parse(text) as Value;
  if (spec.type === 'LIST' && !Array.isArray(value)) {
    return problem({ kind: 'not-a-list' });
  }
  if (spec.type === 'STRUCT' && (Array.isArray(value) || value === null || typeof value !== 'object')) {
    return problem({ kind: 'not-an-object' });
  }
  const endless = notFinite(value);
  return endless ? problem({ kind: 'too-large', got: String(endless) }) : { kind: 'value', value };
}

/** Return a number in `value` that JSON cannot carry back (`1e400` reads as Infinity), or undefined. */
function notFinite(value: Value): number | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : value;
  }
  if (value === null || typeof value !== 'object') {
    return undefined;
  }
  return Object.values(value)
    .map(notFinite)
    .find(found => found !== undefined);
}

function problem(found: ValueProblem): Checked {
  return { kind: 'problem', problem: found };
}
