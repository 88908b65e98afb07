import * as React from 'react';

import type { PipelineVersion } from '../../api/types';
import type { Format } from '../../format';
import { pipelinesIcon } from '../../icons';
import type { IPipelinePlace } from '../../values/pipelineplace';
import { Button } from '../Button';
import { CutName } from '../CutName';
import { Icon } from '../Icon';

export interface IVersionListProps {
  readonly versions: readonly PipelineVersion[];
  readonly hasMore: boolean;
  readonly versionId: string;
  readonly place: IPipelinePlace;
  readonly format: Format;
  readonly now: number;
  readonly onMove: (part: Partial<IPipelinePlace>) => void;
  readonly onTick: (versionId: string) => void;
  readonly onMore: () => void;
}

/** The versions of a pipeline, newest first; each has a tick while two are compared. */
export function VersionList(props: IVersionListProps): React.JSX.Element {
  const { versions, place, format } = props;
  const { trans } = format;
  const count = place.isComparing
    ? trans.__('%1 of %2 chosen', place.ticked.length, versions.length)
    : format.count(versions.length);
  return (
    <div className="jp-kfp-Pane">
      <div className="jp-kfp-Pane-title">
        {trans.__('Versions')}
        <span className="jp-kfp-num jp-kfp-small jp-kfp-dim">{count}</span>
      </div>
      <div className="jp-kfp-Scroll">
        <div role={place.isComparing ? 'group' : 'list'} aria-label={trans.__('Versions')}>
          {versions.map(version => (
            <VersionRow key={version.pipeline_version_id} row={version} {...props} />
          ))}
        </div>
        {props.hasMore && (
          <div className="jp-kfp-Item-more">
            <Button label={trans.__('Show more')} kind="quiet" onClick={props.onMore} />
          </div>
        )}
        {versions.length === 0 && <p className="jp-kfp-Hint">{trans.__('This pipeline has no versions.')}</p>}
      </div>
    </div>
  );
}

function VersionRow(props: IVersionListProps & { readonly row: PipelineVersion }): React.JSX.Element {
  const { row: version, versionId, place, format, now } = props;
  const { trans } = format;
  const id = version.pipeline_version_id;
  const name = version.display_name || version.name;
  const facts = [
    version.tasks !== null && trans._n('%1 task', '%1 tasks', version.tasks),
    version.inputs !== null && trans._n('%1 input', '%1 inputs', version.inputs),
    version.description
  ].filter(fact => fact);
  const isChosen = !place.isComparing && id === versionId;
  const content = (
    <>
      <CutName name={name} />
      <span className="jp-kfp-Item-fact jp-kfp-num" title={format.tooltip(version.created_at)}>
        {format.moment(version.created_at, now)}
      </span>
      <span className="jp-kfp-Item-detail">
        {facts.map((fact, index) => (
          <span key={index}>{fact}</span>
        ))}
      </span>
    </>
  );
  return place.isComparing ? (
    <label className="jp-kfp-Item jp-kfp-VersionRow">
      <input type="checkbox" checked={place.ticked.includes(id)} onChange={() => props.onTick(id)} />
      {content}
    </label>
  ) : (
    <div role="listitem">
      <button
        type="button"
        className="jp-kfp-Item jp-kfp-VersionRow"
        aria-current={isChosen ? 'true' : undefined}
        aria-label={[name, ...facts].join(', ')}
        title={name}
        onClick={() => props.onMove({ versionId: id, task: '' })}
      >
        <Icon of={pipelinesIcon} />
        {content}
      </button>
    </div>
  );
}
