import { closeIcon, copyIcon, downloadIcon, fileUploadIcon, runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ErrorBody, PipelineVersion, PipelineView, VersionDifference, VersionView } from '../../api/types';
import type { Format } from '../../format';
import { pipelinesIcon } from '../../icons';
import type { IPipelinePlace } from '../../values/pipelineplace';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import { Icon } from '../Icon';
import { Skeleton } from '../Skeleton';
import { DifferenceView } from './DifferenceView';
import { VersionList } from './VersionList';
import { VersionPane } from './VersionPane';

export interface IPipelinePageProps {
  readonly view: PipelineView | null;
  readonly versions: readonly PipelineVersion[];
  readonly hasMore: boolean;
  readonly versionId: string;
  readonly version: VersionView | null;
  readonly difference: VersionDifference | null;
  readonly place: IPipelinePlace;
  readonly error: ErrorBody | null;
  readonly format: Format;
  readonly now: number;
  readonly prefix: string;
  /** Why nothing can be started or changed. */
  readonly off?: string;
  readonly onMove: (part: Partial<IPipelinePlace>) => void;
  readonly onTick: (versionId: string) => void;
  readonly onCompare: (isComparing: boolean) => void;
  readonly onMore: () => void;
  readonly onRun: () => void;
  readonly onUpload: () => void;
  readonly onDownload: () => void;
  readonly onOpenFile: () => void;
  readonly onRefresh: () => void;
  readonly onCopy: (text: string, said?: string) => void;
}

/** A registered pipeline: its versions, and one of them in detail or two side by side. */
export function PipelinePage(props: IPipelinePageProps): React.JSX.Element {
  const { view, error, format } = props;
  const { trans } = format;
  if (view === null) {
    return (
      <div className="jp-kfp-Main">
        {error ? (
          <ErrorNotice
            error={error}
            trans={trans}
            boxed
            actions={[{ label: trans.__('Try again'), run: props.onRefresh }]}
            onCopy={text => props.onCopy(text)}
          />
        ) : (
          <Skeleton trans={trans} />
        )}
      </div>
    );
  }
  return (
    <div className="jp-kfp-Main">
      <PipelineToolbar {...props} />
      <PipelineHead {...props} view={view} />
      <div className="jp-kfp-Split jp-mod-list">
        <VersionList {...props} />
        <RightPane {...props} />
      </div>
    </div>
  );
}

function PipelineToolbar(props: IPipelinePageProps): React.JSX.Element {
  const { format, place, versions, version, off } = props;
  const { trans } = format;
  const none = versions.length === 0 ? trans.__('This pipeline has no versions.') : undefined;
  return (
    <div className="jp-kfp-Toolbar" role="toolbar" aria-label={trans.__('Pipeline')}>
      <Button label={trans.__('New run')} kind="primary" icon={runIcon} off={off ?? none} onClick={props.onRun} />
      <Button
        label={trans.__('Compare versions')}
        kind="quiet"
        pressed={place.isComparing}
        off={versions.length < 2 ? trans.__('This pipeline has one version only.') : undefined}
        onClick={() => props.onCompare(!place.isComparing)}
      />
      <Button
        label={trans.__('Download')}
        kind="quiet"
        icon={downloadIcon}
        title={trans.__('Save the spec of this version as a file')}
        off={none ?? (version ? undefined : trans.__('The version is being read.'))}
        onClick={props.onDownload}
      />
      <Button
        label={trans.__('Upload new version…')}
        kind="quiet"
        icon={fileUploadIcon}
        off={off}
        onClick={props.onUpload}
      />
    </div>
  );
}

function PipelineHead(props: IPipelinePageProps & { readonly view: PipelineView }): React.JSX.Element {
  const { view, format, now, onCopy } = props;
  const { trans } = format;
  const { pipeline } = view;
  const name = pipeline.display_name || pipeline.name;
  const isPrivate = pipeline.namespace !== '';
  const facts = [
    pipeline.namespace,
    trans._n('%1 version', '%1 versions', pipeline.versions ?? 0),
    pipeline.description && `“${pipeline.description}”`,
    trans.__('created %1', format.moment(pipeline.created_at, now)),
    view.recurring_runs.length > 0 &&
      trans._n('%1 recurring run uses it', '%1 recurring runs use it', view.recurring_runs.length)
  ];
  return (
    <div className="jp-kfp-Head jp-mod-line">
      <div className="jp-kfp-Head-line">
        <Icon of={pipelinesIcon} />
        <h2 className="jp-kfp-cut" title={name}>
          {name}
        </h2>
        <span
          className="jp-kfp-Badge"
          title={
            isPrivate
              ? trans.__('Private: only people with access to %1 can read it.', pipeline.namespace)
              : trans.__('Shared: everyone on this KFP can read it.')
          }
        >
          {isPrivate ? trans.__('Private') : trans.__('Shared')}
        </span>
        <span className="jp-kfp-grow" />
        <Button
          label={format.shortId(pipeline.pipeline_id)}
          kind="quiet"
          className="jp-kfp-mono"
          title={trans.__('Copy pipeline id')}
          onClick={() => onCopy(pipeline.pipeline_id, trans.__('Pipeline id copied'))}
        />
      </div>
      <div className="jp-kfp-Head-facts">
        {facts.map((fact, index) => (fact ? <span key={index}>{fact}</span> : null))}
      </div>
    </div>
  );
}

function RightPane(props: IPipelinePageProps): React.JSX.Element {
  const { place, format, error, difference } = props;
  const { trans } = format;
  if (!place.isComparing) {
    return <VersionPane {...props} />;
  }
  const stop = (
    <Button label={trans.__('Stop comparing')} kind="icon" icon={closeIcon} onClick={() => props.onCompare(false)} />
  );
  if (difference === null) {
    return (
      <div className="jp-kfp-Pane">
        <div className="jp-kfp-Pane-title">
          {trans.__('Compare versions')}
          <span className="jp-kfp-grow" />
          {stop}
        </div>
        {place.ticked.length < 2 ? (
          <p className="jp-kfp-Hint">{trans.__('Choose two versions.')}</p>
        ) : error ? (
          <ErrorNotice error={error} trans={trans} boxed onCopy={text => props.onCopy(text)} />
        ) : (
          <Skeleton trans={trans} />
        )}
      </div>
    );
  }
  const copyDiff = (
    <Button
      label={trans.__('Copy diff')}
      kind="quiet"
      icon={copyIcon}
      onClick={() => props.onCopy(describeDiff(difference))}
    />
  );
  return (
    <DifferenceView
      difference={difference}
      onlyDifferences={place.onlyDifferences}
      format={format}
      onOnlyDifferences={onlyDifferences => props.onMove({ onlyDifferences })}
    >
      {copyDiff}
      {stop}
    </DifferenceView>
  );
}

/** Return the differences of the specs as text, with − and +. */
function describeDiff({ spec, left, right }: VersionDifference): string {
  const lines = spec.blocks.flatMap(block =>
    block.is_equal
      ? [`@@ ${block.left.length} @@`]
      : [...block.left.map(line => `-${line}`), ...block.right.map(line => `+${line}`)]
  );
  return [`--- ${left.display_name}`, `+++ ${right.display_name}`, ...lines].join('\n');
}
