import * as React from 'react';

import type { CellName } from '../../api/types';
import type { Format } from '../../format';
import { phaseIcons, warningIcon } from '../../icons';
import { isNotebook, type IFormState } from '../../values/form';
import { Button } from '../Button';
import { Icon } from '../Icon';
import { FieldRow } from './Field';

export interface ICodeFieldsProps {
  readonly state: IFormState;
  readonly format: Format;
  /** Save the notebook; absent where it is not open. */
  readonly onSave?: () => void;
  /** Send the value that the kernel has; resolves to why that is not possible, or "". */
  readonly onSendValue?: (name: string) => Promise<string>;
  readonly onKeepValue: (name: string) => void;
}

/** What is special about a notebook or a cell: changes that are not saved, its code, and names from other cells. */
export function CodeFields(props: ICodeFieldsProps): React.JSX.Element | null {
  const { state, format } = props;
  const names = state.inspection?.names ?? [];
  if (!isNotebook(state)) {
    return null;
  }
  return (
    <>
      {state.choice === 'notebook' && state.unsaved && <Unsaved {...props} />}
      {state.choice === 'cell' && <Code state={state} format={format} />}
      {state.choice === 'cell' && names.length > 0 && <Names {...props} names={names} />}
    </>
  );
}

/** “analysis.ipynb has unsaved changes. The run uses the saved file.” */
function Unsaved({ state, format, onSave }: ICodeFieldsProps): React.JSX.Element {
  const { trans } = format;
  const file = state.path.split('/').at(-1) ?? '';
  return (
    <FieldRow label="">
      <span className="jp-kfp-Field-hint jp-mod-wide jp-kfp-Unsaved" role="status">
        <Icon of={warningIcon} />
        <span>{trans.__('%1 has unsaved changes. The run uses the saved file.', file)}</span>
        {onSave && <Button label={trans.__('Save')} onClick={onSave} />}
      </span>
    </FieldRow>
  );
}

/** The code that the task runs, read-only: imports that it needs stand above it. */
function Code({ state, format }: { readonly state: IFormState; readonly format: Format }): React.JSX.Element {
  const { trans } = format;
  const [open, setOpen] = React.useState(true);
  const label = state.cell > 0 ? trans.__('Cell %1', state.cell) : trans.__('Code');
  return (
    <FieldRow label={label}>
      <div className="jp-kfp-Code">
        {open && (
          <pre className="jp-kfp-mono" tabIndex={0} role="region" aria-label={trans.__('Code')}>
            {state.inspection?.code || state.code}
          </pre>
        )}
        <Button
          label={open ? trans.__('Hide code') : trans.__('Show code')}
          kind="quiet"
          expanded={open}
          onClick={() => setOpen(!open)}
        />
      </div>
    </FieldRow>
  );
}

/** “Uses from other cells: lr ✓ sent, df ✗ cannot be sent.” */
function Names(props: ICodeFieldsProps & { readonly names: readonly CellName[] }): React.JSX.Element {
  const { names, format } = props;
  return (
    <FieldRow label={format.trans.__('Uses from other cells')}>
      <ul className="jp-kfp-Names">
        {names.map(name => (
          <Name key={name.name} {...props} name={name} />
        ))}
      </ul>
    </FieldRow>
  );
}

function Name(props: ICodeFieldsProps & { readonly name: CellName }): React.JSX.Element {
  const { name, state, format, onSendValue, onKeepValue } = props;
  const { trans } = format;
  const [asking, setAsking] = React.useState(false);
  const [problem, setProblem] = React.useState('');
  const value = JSON.stringify(name.value ?? null);
  const reason = problem || name.reason;
  const send = async (): Promise<void> => {
    setAsking(true);
    setProblem((await onSendValue?.(name.name)) ?? '');
    setAsking(false);
  };
  return (
    <li>
      <Icon of={name.is_sent ? phaseIcons.SUCCEEDED : warningIcon} />
      <span className="jp-kfp-Name">
        <code className="jp-kfp-mono">{name.name}</code>{' '}
        {name.is_sent ? trans.__('is sent: %1', value.length > 60 ? `${value.slice(0, 59)}…` : value) : trans.__('is not sent.')}
        {!name.is_sent && reason !== '' && <span className="jp-kfp-dim"> {reason}</span>}
      </span>
      <span>
        {!name.is_sent && name.can_send && onSendValue && (
          <Button
            label={trans.__('Send its value')}
            off={asking ? trans.__('The kernel is being asked.') : undefined}
            onClick={() => void send()}
          />
        )}
        {name.name in state.luggage.inputs && (
          <Button label={trans.__('Do not send')} kind="quiet" onClick={() => onKeepValue(name.name)} />
        )}
      </span>
    </li>
  );
}
