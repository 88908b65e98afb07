import { runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Status } from '../../api/types';
import type { Format } from '../../format';
import { phaseIcons } from '../../icons';
import type { IFormState, IStage } from '../../values/form';
import { Button } from '../Button';
import { Icon } from '../Icon';

export interface IFormFootProps {
  readonly state: IFormState;
  readonly namespace: string;
  readonly status: Status | null;
  readonly format: Format;
  /** Why nothing can be sent. */
  readonly off: string | undefined;
  readonly onPreview: () => void;
  readonly onCopyAs: (x: number, y: number) => void;
  readonly onSavePreset: () => void;
  readonly onSubmit: () => void;
}

/** Where the run goes or how far it is, and what can be done with the form. */
export function FormFoot(props: IFormFootProps): React.JSX.Element {
  const { state, format, off } = props;
  const { trans } = format;
  const single = state.schedule.isOn ? trans.__('This is for single runs only.') : undefined;
  return (
    <div className="jp-kfp-Foot">
      {state.stages.length > 0 ? <Progress stages={state.stages} format={format} /> : <Where {...props} />}
      <span className="jp-kfp-grow" />
      <Button label={trans.__('Preview')} off={off ?? single} onClick={props.onPreview} />
      <Button
        label={trans.__('Copy as ▾')}
        off={off ?? single}
        hasPopup
        onClick={event => {
          const { left, top } = event.currentTarget.getBoundingClientRect();
          props.onCopyAs(left, top);
        }}
      />
      <Button
        label={trans.__('Save preset')}
        title={trans.__('Keep these values and options under a name')}
        off={state.inspection ? off : trans.__('Choose what to run first.')}
        onClick={props.onSavePreset}
      />
      {state.schedule.isOn ? (
        <Button
          label={state.edited ? trans.__('Save') : trans.__('Create')}
          kind="primary"
          off={off}
          onClick={props.onSubmit}
        />
      ) : (
        <Button label={trans.__('Run')} kind="primary" icon={runIcon} off={off} onClick={props.onSubmit} />
      )}
    </div>
  );
}

/** “Runs in team-a as default-editor.” */
function Where({ namespace, status, format }: IFormFootProps): React.JSX.Element {
  const { trans } = format;
  const words = status?.identity
    ? trans.__('Runs in %1 as %2.', namespace, status.identity)
    : trans.__('Runs in %1.', namespace);
  const at = words.indexOf(namespace);
  return (
    <span>
      {words.slice(0, at)}
      <b>{namespace}</b>
      {words.slice(at + namespace.length)}
    </span>
  );
}

/** “✓ Check 0.1 s  ◐ Start”. */
function Progress(props: { readonly stages: readonly IStage[]; readonly format: Format }): React.JSX.Element {
  const { stages, format } = props;
  const { trans } = format;
  const words: Record<IStage['id'], string> = { check: trans.__('Check'), compile: trans.__('Compile'), start: trans.__('Start') };
  const phases = { waiting: 'PENDING', active: 'RUNNING', done: 'SUCCEEDED', failed: 'FAILED', unclear: 'UNCONFIRMED' } as const;
  return (
    <span className="jp-kfp-Stages" role="status" aria-label={trans.__('Progress')}>
      {stages.map(stage => {
        const icon = phaseIcons[phases[stage.state]];
        const time = stage.seconds === null ? '' : trans.__('%1 s', stage.seconds.toFixed(1));
        return (
          <span key={stage.id} className="jp-kfp-State" data-state={stage.state}>
            <span className={stage.state === 'active' ? 'jp-kfp-Icon jp-kfp-turn' : 'jp-kfp-Icon'}>
              <Icon of={icon} />
            </span>
            {words[stage.id]} <span className="jp-kfp-dim jp-kfp-num">{time}</span>
          </span>
        );
      })}
    </span>
  );
}
