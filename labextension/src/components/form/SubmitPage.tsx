import { runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Status } from '../../api/types';
import type { Format } from '../../format';
import { phaseIcons } from '../../icons';
import type { IField } from '../../values/draft';
import {
  getRunName,
  isNotebook,
  type IFormState,
  type ILuggage,
  type IRunOptions,
  type IStage,
  type SourceChoice
} from '../../values/form';
import { Button } from '../Button';
import { ErrorNotice, type INoticeAction } from '../ErrorNotice';
import { listChecks, whyNotRun } from './checks';
import { ChecksPane } from './ChecksPane';
import { CodeFields } from './CodeFields';
import { ExperimentField } from './ExperimentField';
import { FieldRow } from './Field';
import { OptionsGroup } from './OptionsGroup';
import { ParameterField } from './ParameterField';
import { SourceFields } from './SourceFields';
import { Icon } from '../Icon';

export interface ISubmitPageProps {
  readonly state: IFormState;
  readonly fields: readonly IField[];
  readonly namespace: string;
  readonly connected: boolean;
  readonly status: Status | null;
  readonly format: Format;
  readonly prefix: string;
  readonly onChoose: (choice: SourceChoice) => void;
  readonly onPath: (path: string) => void;
  readonly onBrowse?: () => void;
  readonly onPipeline: (pipelineId: string) => void;
  readonly onVersion: (versionId: string) => void;
  readonly onFunction: (name: string) => void;
  readonly onUpload: () => void;
  readonly onSave?: () => void;
  /** Tag the first code cell of the notebook; absent where the notebook is not open. */
  readonly onTag?: () => void;
  readonly onSendValue?: (name: string) => Promise<string>;
  readonly onKeepValue: (name: string) => void;
  readonly onLuggage: (part: Partial<ILuggage>) => void;
  readonly onAddFiles?: () => void;
  /** Open the source at a line; absent where it is no file. */
  readonly onOpenAt?: (file: string, line: number) => void;
  readonly onExperiment: (name: string) => void;
  readonly onCreateExperiment: (name: string) => Promise<boolean>;
  readonly onName: (name: string) => void;
  readonly onValue: (name: string, text: string | null) => void;
  readonly onResetAll: () => void;
  readonly onOptions: (options: Partial<IRunOptions>) => void;
  readonly onCopy: (text: string) => void;
  readonly onSubmit: () => void;
}

/** Milliseconds after the last key before a problem is shown. */
const PATIENCE = 300;

/** The form that starts a run. */
export function SubmitPage(props: ISubmitPageProps): React.JSX.Element {
  const { state, format } = props;
  const { trans } = format;
  const off = whyNotRun(props, format);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      if (off === undefined) {
        props.onSubmit();
      }
    }
  };
  return (
    <form
      className="jp-kfp-Main"
      aria-label={trans.__('New run')}
      onKeyDown={onKeyDown}
      onSubmit={event => event.preventDefault()}
    >
      <div className="jp-kfp-Form">
        <div className="jp-kfp-Form-fields">
          <SourceFields {...props} />
          <CodeFields {...props} />
          <ExperimentField {...props} onCreate={props.onCreateExperiment} />
          <NameField {...props} />
          <Parameters {...props} />
          <OptionsGroup {...props} onChange={props.onOptions} />
        </div>
        <ChecksPane checks={listChecks(props, format)} trans={trans} />
      </div>
      {state.submitError && <Failed {...props} error={state.submitError} off={off} />}
      <Foot {...props} off={off} />
    </form>
  );
}

function NameField({ state, format, prefix, onName }: ISubmitPageProps): React.JSX.Element {
  const { trans } = format;
  const id = `${prefix}-name`;
  return (
    <FieldRow label={trans.__('Run name')} control={id}>
      <input
        id={id}
        className="jp-kfp-Input"
        type="text"
        autoComplete="off"
        value={getRunName(state)}
        readOnly={state.busy}
        onChange={event => onName(event.target.value)}
      />
    </FieldRow>
  );
}

function Parameters(props: ISubmitPageProps): React.JSX.Element {
  const { state, fields, format, onResetAll, onCopy } = props;
  const { trans } = format;
  const settled = useSettled(fields, PATIENCE);
  if (state.sourceError) {
    const actions = listPlaces(props, state.sourceError.why);
    return <ErrorNotice error={state.sourceError} trans={trans} onCopy={onCopy} actions={actions} boxed />;
  }
  const touched = fields.some(field => field.touched);
  return (
    <>
      <div className="jp-kfp-Form-group">
        <h3>{trans.__('Parameters')}</h3>
        <span className="jp-kfp-grow jp-kfp-Tagged">
          <Tagged {...props} />
        </span>
        {fields.length > 0 && (
          <Button
            label={trans.__('Reset all')}
            kind="quiet"
            off={touched && !state.busy ? undefined : trans.__('Nothing was changed.')}
            onClick={onResetAll}
          />
        )}
      </div>
      {fields.map(field => (
        <ParameterField
          key={field.spec.name}
          field={field}
          was={state.clonedValues[field.spec.name]}
          format={format}
          prefix={props.prefix}
          settled={settled}
          off={state.busy}
          onChange={props.onValue}
        />
      ))}
      {fields.length === 0 && state.inspection?.is_tagged !== false && (
        <p className="jp-kfp-Field-hint">{describeEmpty(state, format)}</p>
      )}
    </>
  );
}

/** Return “Open” for a message that names a line of the source, or of a file beside it. */
function listPlaces({ format, onOpenAt }: ISubmitPageProps, why: string): readonly INoticeAction[] {
  const { trans } = format;
  const found = /(?:(\S+\.py) )?[Ll]ine (\d+)/.exec(why);
  return found && onOpenAt
    ? [{ label: trans.__('Open'), run: () => onOpenAt(found[1] ?? '', Number(found[2])) }]
    : [];
}

/** “from the cell tagged parameters”, or a way to have one. */
function Tagged({ state, format, onTag }: ISubmitPageProps): React.JSX.Element | null {
  const { trans } = format;
  const tagged = state.inspection?.is_tagged ?? null;
  if (state.choice !== 'notebook' || tagged === null) {
    return null;
  }
  return (
    <>
      {tagged ? trans.__('from the cell tagged parameters') : trans.__('No cell is tagged parameters.')}
      {!tagged && (
        <Button
          label={trans.__('Tag the first code cell')}
          off={onTag ? undefined : trans.__('Open the notebook first.')}
          onClick={() => onTag?.()}
        />
      )}
    </>
  );
}

function describeEmpty(state: IFormState, { trans }: Format): string {
  if (state.inspection) {
    return isNotebook(state)
      ? trans.__('No values are sent along.')
      : trans.__('This pipeline takes no parameters.');
  }
  return state.inspecting
    ? trans.__('The pipeline is being read…')
    : trans.__('Choose what to run. Parameters appear here.');
}

/** Whether typing has paused: a half-written value is not reported as wrong. */
function useSettled(fields: readonly IField[], patience: number): boolean {
  const texts = fields.map(field => field.text).join('\u0000');
  const [seen, setSeen] = React.useState(texts);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setSeen(texts), patience);
    return () => window.clearTimeout(timer);
  }, [texts, patience]);
  return seen === texts;
}

type IFailedProps = ISubmitPageProps & {
  readonly error: NonNullable<IFormState['submitError']>;
  readonly off: string | undefined;
};

function Failed(props: IFailedProps): React.JSX.Element {
  const { error, format, off, onCopy, onSubmit } = props;
  const { trans } = format;
  const unclear = error.code === 'submit-unclear';
  const again = { label: trans.__('Try again'), run: onSubmit, off };
  const actions = [again, ...listPlaces(props, error.why)];
  return (
    <div className="jp-kfp-Form-failed">
      <ErrorNotice
        error={error}
        trans={trans}
        onCopy={onCopy}
        actions={unclear ? [] : actions}
        boxed
        mine
        warning={unclear}
      />
    </div>
  );
}

function Foot(props: ISubmitPageProps & { readonly off: string | undefined }): React.JSX.Element {
  const { state, format, off } = props;
  const { trans } = format;
  return (
    <div className="jp-kfp-Foot">
      {state.stages.length > 0 ? <Progress stages={state.stages} format={format} /> : <Where {...props} />}
      <span className="jp-kfp-grow" />
      <Button label={trans.__('Run')} kind="primary" icon={runIcon} off={off} onClick={props.onSubmit} />
    </div>
  );
}

/** “Runs in team-a as default-editor.” */
function Where({ namespace, status, format }: ISubmitPageProps): React.JSX.Element {
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
