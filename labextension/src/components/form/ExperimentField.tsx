import { addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Format } from '../../format';
import type { IFormState } from '../../values/form';
import { Button } from '../Button';
import { FieldRow } from './Field';

export interface IExperimentFieldProps {
  readonly state: IFormState;
  readonly format: Format;
  readonly prefix: string;
  readonly onExperiment: (name: string) => void;
  /** Resolves to whether it was created. */
  readonly onCreate: (name: string) => Promise<boolean>;
}

/** The experiment of the run, with a way to create one in place. */
export function ExperimentField(props: IExperimentFieldProps): React.JSX.Element {
  const { state, format, prefix, onExperiment } = props;
  const { trans } = format;
  const [adding, setAdding] = React.useState(false);
  const names = [...new Set([...state.experiments.map(({ display_name }) => display_name), state.experiment])];
  const id = `${prefix}-experiment`;
  if (adding) {
    return <NewExperiment {...props} onClose={() => setAdding(false)} />;
  }
  const add = (
    <>
      <Button
        label={trans.__('New experiment')}
        kind="icon"
        icon={addIcon}
        off={state.busy ? trans.__('It is being sent.') : undefined}
        onClick={() => setAdding(true)}
      />
      {state.experimentHint}
    </>
  );
  return (
    <FieldRow label={trans.__('Experiment')} control={id} hint={add}>
      <select
        id={id}
        className="jp-kfp-Select"
        value={state.experiment}
        disabled={state.busy}
        onChange={event => onExperiment(event.target.value)}
      >
        {names.map(name => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </FieldRow>
  );
}

function NewExperiment(props: IExperimentFieldProps & { readonly onClose: () => void }): React.JSX.Element {
  const { state, format, prefix, onCreate, onClose } = props;
  const { trans } = format;
  const [name, setName] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const create = async (): Promise<void> => {
    if (busy || !name.trim()) {
      return;
    }
    setBusy(true);
    const done = await onCreate(name.trim());
    setBusy(false);
    if (done) {
      onClose();
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      void create();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      onClose();
    }
  };
  const off = busy ? trans.__('It is being created.') : name.trim() ? undefined : trans.__('Write a name first.');
  const buttons = (
    <span className="jp-kfp-Buttons">
      <Button label={trans.__('Create')} off={off} onClick={() => void create()} />
      <Button label={trans.__('Cancel')} kind="quiet" onClick={onClose} />
    </span>
  );
  const id = `${prefix}-new-experiment`;
  const error = state.listError ? `${state.listError.message} ${state.listError.why}`.trim() : undefined;
  return (
    <FieldRow label={trans.__('New experiment')} control={id} hint={buttons} error={error}>
      <input
        id={id}
        className="jp-kfp-Input"
        type="text"
        autoFocus
        maxLength={255}
        value={name}
        onChange={event => setName(event.target.value)}
        onKeyDown={onKeyDown}
      />
    </FieldRow>
  );
}
