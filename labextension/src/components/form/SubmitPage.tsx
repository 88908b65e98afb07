import * as React from 'react';

import type { Status } from '../../api/types';
import type { Format } from '../../format';
import type { IField } from '../../values/draft';
import {
  getRunName,
  isNotebook,
  type IFormState,
  type ILuggage,
  type IRunOptions,
  type SourceChoice
} from '../../values/form';
import type { IScheduleDraft } from '../../values/schedule';
import { Button } from '../Button';
import { ErrorNotice, type INoticeAction } from '../ErrorNotice';
import { listChecks, whyNotRun } from './checks';
import { ChecksPane } from './ChecksPane';
import { CodeFields } from './CodeFields';
import { ExperimentField } from './ExperimentField';
import { FieldRow } from './Field';
import { OptionsGroup } from './OptionsGroup';
import { FormFoot, type IFormFootProps } from './FormFoot';
import { ParameterField } from './ParameterField';
import { PresetButton, PresetHint, type IPresetProps } from './PresetFields';
import { ScheduleFields, WhenField } from './ScheduleFields';
import { SourceFields } from './SourceFields';

export interface ISubmitPageProps extends Omit<IFormFootProps, 'off'>, IPresetProps {
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
  readonly onWhen: (isOn: boolean) => void;
  readonly onSchedule: (part: Partial<IScheduleDraft>) => void;
  readonly onValue: (name: string, text: string | null) => void;
  readonly onResetAll: () => void;
  readonly onOptions: (options: Partial<IRunOptions>) => void;
}

/** Milliseconds after the last key before a problem is shown. */
const PATIENCE = 300;

/** The first field: what to run. */
export const FIRST_FIELD = '.jp-kfp-Form-fields :is(input:checked, select, textarea)';

/** The form that starts a run. */
export function SubmitPage(props: ISubmitPageProps): React.JSX.Element {
  const { state, format } = props;
  const { trans } = format;
  const off = whyNotRun(props, format);
  const form = React.useRef<HTMLFormElement>(null);
  React.useEffect(() => {
    // The view got the focus before it had fields.
    if (form.current && form.current.parentElement === document.activeElement) {
      form.current.querySelector<HTMLElement>(FIRST_FIELD)?.focus({ preventScroll: true });
    }
  }, []);
  return (
    <form
      ref={form}
      className="jp-kfp-Main"
      aria-label={trans.__('New run')}
      onSubmit={event => event.preventDefault()}
    >
      <div className="jp-kfp-Form">
        <div className="jp-kfp-Form-fields">
          <SourceFields {...props} />
          <CodeFields {...props} />
          <ExperimentField {...props} onCreate={props.onCreateExperiment} />
          <WhenField {...props} />
          {state.schedule.isOn ? <ScheduleFields {...props} /> : <NameField {...props} />}
          <Parameters {...props} />
          <OptionsGroup {...props} onChange={props.onOptions} />
        </div>
        <ChecksPane checks={listChecks(props, format)} trans={trans} />
      </div>
      {state.submitError && <Failed {...props} error={state.submitError} off={off} />}
      <FormFoot {...props} off={off} />
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
        <PresetButton {...props} />
        {fields.length > 0 && (
          <Button
            label={trans.__('Reset all')}
            kind="quiet"
            off={touched && !state.busy ? undefined : trans.__('Nothing was changed.')}
            onClick={onResetAll}
          />
        )}
      </div>
      <PresetHint {...props} />
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
