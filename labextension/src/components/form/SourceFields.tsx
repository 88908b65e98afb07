import * as React from 'react';

import type { Pipeline } from '../../api/types';
import type { Format } from '../../format';
import type { IFormState, SourceChoice } from '../../values/form';
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
}

/** What to run. */
export function SourceFields(props: ISourceFieldsProps): React.JSX.Element {
  const { state, format, prefix } = props;
  const { trans } = format;
  const words: Record<SourceChoice, string> = {
    file: trans.__('File'),
    pipeline: trans.__('Pipeline'),
    run: trans.__('As before'),
    example: trans.__('Example')
  };
  const special = state.choice === 'run' || state.clonedFrom !== '';
  const choices: readonly SourceChoice[] = [
    ...(special && state.choice !== 'pipeline' ? (['run'] as const) : []),
    ...(state.choice === 'example' ? (['example'] as const) : []),
    'file',
    'pipeline'
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
      {state.choice === 'file' && <FileField {...props} />}
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
    pipeline && (pipeline.description ? `${pipeline.name}: “${pipeline.description}”` : pipeline.name)
  ].filter(Boolean);
  return parts.length ? (
    <FieldRow label="">
      <span className="jp-kfp-Field-hint jp-mod-wide">{parts.join(' ')}</span>
    </FieldRow>
  ) : null;
}

function FileField({ state, format, prefix, onPath, onBrowse }: ISourceFieldsProps): React.JSX.Element {
  const { trans } = format;
  const browse = onBrowse && <Button label={trans.__('Browse…')} onClick={onBrowse} />;
  return (
    <FieldRow label="" hint={browse}>
      <input
        id={`${prefix}-path`}
        className="jp-kfp-Input"
        type="text"
        autoComplete="off"
        spellCheck={false}
        aria-label={trans.__('File')}
        placeholder={trans.__('pipeline.yaml')}
        value={state.path}
        readOnly={state.busy}
        onChange={event => onPath(event.target.value)}
      />
    </FieldRow>
  );
}

function PipelineFields(props: ISourceFieldsProps): React.JSX.Element {
  const { state, format, onPipeline, onVersion } = props;
  const { trans } = format;
  const { pipelines, versions } = state;
  const known = pipelines?.some(pipeline => pipeline.pipeline_id === state.pipelineId) ?? false;
  if (pipelines?.length === 0) {
    return (
      <FieldRow label="">
        <span className="jp-kfp-Field-hint jp-mod-wide">{trans.__('No pipelines are registered here yet.')}</span>
      </FieldRow>
    );
  }
  return (
    <>
      <FieldRow label="">
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
