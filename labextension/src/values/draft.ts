/** The input of a form so far. */
import type { ParameterSpec } from '../api/types';
import { check, initialText, isAsked, textOf, type Checked, type Value } from './check';

/** The texts of the touched fields; the others have their defaults. */
export type Draft = ReadonlyMap<string, string>;

/** A field with its text. */
export interface IField {
  readonly spec: ParameterSpec;
  readonly text: string;
  readonly touched: boolean;
  readonly checked: Checked;
  /** Whether another value than the default would be sent. */
  readonly changed: boolean;
}

/** Return the fields of a pipeline, checked. */
export function listFields(specs: readonly ParameterSpec[], draft: Draft): readonly IField[] {
  return specs.filter(isAsked).map(spec => {
    const typed = draft.get(spec.name);
    const touched = typed !== undefined;
    const text = typed ?? initialText(spec);
    const changed = touched && text !== initialText(spec);
    return { spec, text, touched, changed, checked: check(spec, text, touched) };
  });
}

/** Return the values to send; call it only when no field has a problem. */
export function listValues(fields: readonly IField[]): Record<string, Value> {
  return Object.fromEntries(
    fields.flatMap(({ spec, checked }) => (checked.kind === 'value' ? [[spec.name, checked.value] as const] : []))
  );
}

/** Return a draft with `values` filled in, as far as the pipeline takes them. */
export function createDraft(specs: readonly ParameterSpec[], values: Readonly<Record<string, unknown>>): Draft {
  return new Map(
    specs
      .filter(spec => spec.name in values && values[spec.name] !== undefined && values[spec.name] !== null)
      .map(spec => [spec.name, textOf(spec, values[spec.name])])
  );
}
