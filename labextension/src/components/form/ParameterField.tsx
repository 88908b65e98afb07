import * as React from 'react';

import type { ParameterSpec } from '../../api/types';
import type { Format } from '../../format';
import { cutMiddle } from '../../format';
import { isJson, textOf } from '../../values/check';
import type { IField } from '../../values/draft';
import { Button } from '../Button';
import { getTypeName } from '../run/ParametersTab';
import { FieldRow, invalid } from './Field';
import { describeProblem } from './words';

export interface IParameterFieldProps {
  readonly field: IField;
  /** The value of the run that is cloned; undefined when there is none. */
  readonly was: unknown;
  readonly format: Format;
  readonly prefix: string;
  /** Whether an error may be shown yet. */
  readonly settled: boolean;
  readonly off: boolean;
  /** null puts the field back to its default. */
  readonly onChange: (name: string, text: string | null) => void;
}

/** A parameter: the control for its type, and a note about its value. */
export function ParameterField(props: IParameterFieldProps): React.JSX.Element {
  const { field, format, settled } = props;
  const { spec, checked } = field;
  const { trans } = format;
  const id = `${props.prefix}-p-${spec.name}`;
  // an untouched empty field shows no error yet: the checks list it
  const show = checked.kind === 'problem' && settled && (field.touched || checked.problem.kind !== 'missing');
  const words = checked.kind === 'problem' ? describeProblem(checked.problem, trans) : null;
  const error = show && words ? `${words.what} ${words.fix}`.trim() : undefined;
  const label = (
    <>
      {field.changed && (
        <span className="jp-kfp-Field-dot" title={trans.__('Changed')} aria-hidden="true">
          ●
        </span>
      )}
      <span className="jp-kfp-cut" title={spec.name}>
        {spec.name}
      </span>
      <span className="jp-kfp-Field-type">{spec.literals.length ? trans.__('choice') : getTypeName(spec.type, trans)}</span>
    </>
  );
  return (
    <FieldRow label={label} control={id} error={error} hint={<Hint {...props} />}>
      <Control {...props} id={id} error={error} />
    </FieldRow>
  );
}

type IControlProps = IParameterFieldProps & { readonly id: string; readonly error: string | undefined };

function Control(props: IControlProps): React.JSX.Element {
  const { spec } = props.field;
  if (spec.literals.length) {
    return <Choice {...props} />;
  }
  if (spec.type === 'BOOLEAN') {
    return <Switch {...props} />;
  }
  return spec.type === 'STRING' || isJson(spec) ? <Text {...props} /> : <Line {...props} />;
}

function Line({ field, format, id, error, off, onChange }: IControlProps): React.JSX.Element {
  return (
    <input
      id={id}
      className="jp-kfp-Input"
      type="text"
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      value={field.text}
      placeholder={getPlaceholder(field.spec, format)}
      readOnly={off}
      onChange={event => onChange(field.spec.name, event.target.value)}
      {...invalid(id, error)}
    />
  );
}

/** A single-line field that grows with its text. */
function Text({ field, format, id, error, off, onChange }: IControlProps): React.JSX.Element {
  const lines = field.text.split('\n').length;
  return (
    <textarea
      id={id}
      className={isJson(field.spec) ? 'jp-kfp-Input jp-kfp-Text jp-kfp-mono' : 'jp-kfp-Input jp-kfp-Text'}
      rows={Math.min(12, lines)}
      spellCheck={false}
      value={field.text}
      placeholder={getPlaceholder(field.spec, format)}
      readOnly={off}
      onChange={event => onChange(field.spec.name, event.target.value)}
      {...invalid(id, error)}
    />
  );
}

function Switch({ field, id, format, off, onChange }: IControlProps): React.JSX.Element {
  const on = field.text === 'true';
  const unset = field.text === '';
  return (
    <button
      id={id}
      type="button"
      role="switch"
      className="jp-kfp-Switch"
      aria-checked={on}
      aria-disabled={off || undefined}
      onClick={() => !off && onChange(field.spec.name, on ? 'false' : 'true')}
    >
      <span className="jp-kfp-Switch-track" aria-hidden="true" />
      {unset ? format.trans.__('not sent') : on ? format.trans.__('on') : format.trans.__('off')}
    </button>
  );
}

function Choice({ field, format, id, error, off, onChange }: IControlProps): React.JSX.Element {
  const { spec, text } = field;
  const texts = spec.literals.map(literal => textOf(spec, literal));
  const empty = spec.optional ? format.trans.__('not sent') : format.trans.__('Choose…');
  return (
    <select
      id={id}
      className="jp-kfp-Select"
      value={text}
      disabled={off}
      onChange={event => onChange(spec.name, event.target.value === '' ? null : event.target.value)}
      {...invalid(id, error)}
    >
      {!texts.includes(text) && <option value={text}>{text || empty}</option>}
      {spec.optional && text !== '' && !spec.has_default && <option value="">{empty}</option>}
      {texts.map(each => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  );
}

/** “changed · default 0.1 · Reset”, “default”, “optional”, “fast or exact”, “was 10”, and what it is for. */
function Hint({ field, was, format, off, onChange }: IParameterFieldProps): React.JSX.Element {
  const { spec, changed, text } = field;
  const { trans } = format;
  const before = was === undefined ? '' : textOf(spec, was);
  const parts = [
    changed && was !== undefined && before !== text ? trans.__('was %1', abridge(before)) : '',
    changed ? describeChange(spec, format) : describeState(spec, format),
    spec.literals.length > 1 && spec.literals.length < 5 && !changed ? describeChoices(spec, format) : '',
    spec.description
  ].filter(part => part !== '');
  return (
    <>
      <span className="jp-kfp-cut" title={parts.join(' · ')}>
        {parts.join(' · ')}
      </span>
      {field.touched && (
        <Button
          label={trans.__('Reset')}
          kind="quiet"
          title={trans.__('Reset %1', spec.name)}
          off={off ? trans.__('It is being sent.') : undefined}
          onClick={() => onChange(spec.name, null)}
        />
      )}
    </>
  );
}

function describeChange(spec: ParameterSpec, { trans }: Format): string {
  return spec.has_default
    ? trans.__('changed · default %1', abridge(textOf(spec, spec.default)))
    : spec.optional
      ? trans.__('optional')
      : '';
}

function describeState(spec: ParameterSpec, { trans }: Format): string {
  return spec.has_default ? trans.__('default') : spec.optional ? trans.__('optional') : '';
}

function describeChoices(spec: ParameterSpec, { trans }: Format): string {
  const texts = spec.literals.map(literal => textOf(spec, literal));
  return trans.__('%1 or %2', texts.slice(0, -1).join(', '), texts.at(-1) ?? '');
}

function getPlaceholder(spec: ParameterSpec, { trans }: Format): string {
  return spec.has_default || !spec.optional ? '' : trans.__('not sent');
}

function abridge(text: string): string {
  return text === '' ? '“”' : cutMiddle(text.replace(/\s+/g, ' '), 30);
}
