import * as React from 'react';

import type { Pipeline } from '../../api/types';
import type { Format } from '../../format';
import { isNotebook, type IFormState, type SourceChoice } from '../../values/form';
import { Button } from '../Button';
import { FieldRow } from './Field';

export interface ISourceFieldsProps {
  readonly state: IFormState;
  readonly format: Format;
  readonly prefix: string;
  readonly onChoose: (choice: SourceChoice) => void;
  readonly onPath: (path: string) => void;
  /** Choose a file in a dialog; absent where the page has none. */
  readonly onBrowse?: () => void;
  readonly onPipeline: (pipelineId: string) => void;
  readonly onVersion: (versionId: string) => void;
  readonly onFunction: (name: string) => void;
  /** Register a pipeline from elsewhere. */
  readonly onUpload: () => void;
}

/** What to run. */
export function SourceFields(props: ISourceFieldsProps): React.JSX.Element {
  const { state, format, prefix } = props;
  const { trans } = format;
  const words: Record<SourceChoice, string> = {
    file: trans.__('File'),
    pipeline: trans.__('Pipeline'),
    notebook: trans.__('Notebook'),
    python: trans.__('Python'),
    cell: trans.__('Cell'),
    run: trans.__('As before'),
    example: trans.__('Example')
  };
  const special = state.choice === 'run' || state.clonedFrom !== '';
  const choices: readonly SourceChoice[] = [
    ...(special && state.choice !== 'pipeline' ? (['run'] as const) : []),
    ...(state.choice === 'example' ? (['example'] as const) : []),
    ...(state.choice === 'cell' ? (['cell'] as const) : []),
    'file',
    'pipeline',
    'notebook',
    'python'
  ];
  return (
    <>
      <FieldRow label={trans.__('What')}>
        <div className="jp-kfp-Radios" role="radiogroup" aria-label={trans.__('What')}>
          {choices.map(choice => (
            <label key={choice}>
              <input
                type="radio"
                name={`${prefix}-what`}
                checked={state.choice === choice}
                disabled={state.busy}
                onChange={() => props.onChoose(choice)}
              />
              {words[choice]}
            </label>
          ))}
        </div>
      </FieldRow>
      {(state.choice === 'file' || state.choice === 'notebook' || state.choice === 'python') && <FileField {...props} />}
      {state.choice === 'python' && <FunctionField {...props} />}
      {state.choice === 'pipeline' && <PipelineFields {...props} />}
      <Described state={state} format={format} />
    </>
  );
}

/** “train: “Trains the churn model.””, and the run that is cloned. */
function Described({ state, format }: { readonly state: IFormState; readonly format: Format }): React.JSX.Element | null {
  const { trans } = format;
  const pipeline = state.inspection?.pipeline;
  const parts = [
    state.clonedFrom && trans.__('Values of run %1.', state.clonedFrom),
    pipeline && !isNotebook(state) && (pipeline.description ? `${pipeline.name}: “${pipeline.description}”` : pipeline.name)
  ].filter(Boolean);
  return parts.length ? (
    <FieldRow label="">
      <span className="jp-kfp-Field-hint jp-mod-wide">{parts.join(' ')}</span>
    </FieldRow>
  ) : null;
}

/** The choice among the functions of a Python file; one alone is named by the line below. */
function FunctionField({ state, format, onFunction }: ISourceFieldsProps): React.JSX.Element | null {
  const { trans } = format;
  const functions = state.inspection?.functions ?? [];
  return functions.length > 1 ? (
    <FieldRow label="">
      <select
        className="jp-kfp-Select"
        aria-label={trans.__('Function')}
        value={state.inspection?.function ?? ''}
        disabled={state.busy}
        onChange={event => onFunction(event.target.value)}
      >
        {functions.map(({ name, kind }) => (
          <option key={name} value={name}>
            {kind === 'component' ? trans.__('%1 (component)', name) : name}
          </option>
        ))}
      </select>
    </FieldRow>
  ) : null;
}

function FileField({ state, format, prefix, onPath, onBrowse }: ISourceFieldsProps): React.JSX.Element {
  const { trans } = format;
  const [label, sample] = {
    file: [trans.__('File'), trans.__('pipeline.yaml')],
    notebook: [trans.__('Notebook'), trans.__('analysis.ipynb')],
    python: [trans.__('Python file'), trans.__('pipeline.py')]
  }[state.choice === 'notebook' || state.choice === 'python' ? state.choice : 'file'] as [string, string];
  const browse = onBrowse && <Button label={trans.__('Browse…')} onClick={onBrowse} />;
  return (
    <FieldRow label="" hint={browse}>
      <input
        id={`${prefix}-path`}
        className="jp-kfp-Input"
        type="text"
        autoComplete="off"
        spellCheck={false}
        aria-label={label}
        placeholder={sample}
        value={state.path}
        readOnly={state.busy}
        onChange={event => onPath(event.target.value)}
      />
    </FieldRow>
  );
}

function PipelineFields(props: ISourceFieldsProps): React.JSX.Element {
  const { state, format, onPipeline, onVersion, onUpload } = props;
  const { trans } = format;
  const { pipelines, versions } = state;
  const upload = <Button label={trans.__('Upload…')} onClick={onUpload} />;
  const known = pipelines?.some(pipeline => pipeline.pipeline_id === state.pipelineId) ?? false;
  if (pipelines?.length === 0) {
    return (
      <FieldRow label="">
        <span className="jp-kfp-Field-hint jp-mod-wide">
          {trans.__('No pipelines are registered here yet.')} {upload}
        </span>
      </FieldRow>
    );
  }
  return (
    <>
      <FieldRow label="" hint={upload}>
        <select
          className="jp-kfp-Select"
          aria-label={trans.__('Pipeline')}
          value={state.pipelineId}
          disabled={state.busy}
          onChange={event => onPipeline(event.target.value)}
        >
          {!known && (
            <option value={state.pipelineId}>{pipelines ? state.pipelineId || trans.__('Choose…') : ''}</option>
          )}
          <Group label={trans.__('Private')} pipelines={pipelines?.filter(({ namespace }) => namespace !== '') ?? []} />
          <Group label={trans.__('Shared')} pipelines={pipelines?.filter(({ namespace }) => namespace === '') ?? []} />
        </select>
      </FieldRow>
      {versions && versions.length > 0 && (
        <FieldRow label="">
          <select
            className="jp-kfp-Select"
            aria-label={trans.__('Version')}
            value={state.versionId}
            disabled={state.busy}
            onChange={event => onVersion(event.target.value)}
          >
            <option value="">{trans.__('Latest (%1)', versions[0]?.display_name ?? '')}</option>
            {versions.map(version => (
              <option key={version.pipeline_version_id} value={version.pipeline_version_id}>
                {version.display_name}
              </option>
            ))}
          </select>
        </FieldRow>
      )}
    </>
  );
}

function Group(props: { readonly label: string; readonly pipelines: readonly Pipeline[] }): React.JSX.Element | null {
  return props.pipelines.length ? (
    <optgroup label={props.label}>
      {props.pipelines.map(({ pipeline_id, display_name }) => (
        <option key={pipeline_id} value={pipeline_id}>
          {display_name}
        </option>
      ))}
    </optgroup>
  ) : null;
}
