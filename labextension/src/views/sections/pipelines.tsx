import * as React from 'react';

import type { KfpApi } from '../../api/client';
import type { Pipeline } from '../../api/types';
import { CommandIDs } from '../../commandids';
import { Button } from '../../components/Button';
import { EmptyState } from '../../components/EmptyState';
import { chooseInterval, Listing, ListingRow, LISTED } from '../../components/panel/Listing';
import { pipelinesIcon } from '../../icons';
import type { IPanelContext, IPanelSection } from './section';

export const pipelinesSection: IPanelSection = {
  id: 'pipelines',
  rank: 30,
  title: trans => trans.__('Pipelines'),
  folded: true,
  Body: Pipelines
};

/** Private and shared pipelines; a click starts a run of one. */
function Pipelines({ manager, format, version, execute, copy }: IPanelContext): React.JSX.Element {
  const { trans } = format;
  return (
    <Listing
      load={() => loadPipelines(manager.api, manager.connection.namespace)}
      version={version}
      interval={chooseInterval(manager.connection)}
      trans={trans}
      onCopy={copy}
      empty={
        <EmptyState
          title={trans.__('No private pipelines yet.')}
          text={trans.__('Upload a YAML file, or right-click one in the file browser.')}
        >
          <Button label={trans.__('Upload pipeline…')} onClick={() => execute(CommandIDs.uploadPipeline)} />
        </EmptyState>
      }
    >
      {({ pipeline, shared }) => (
        <ListingRow
          key={pipeline.pipeline_id}
          className="jp-kfp-PipelineRow"
          icon={pipelinesIcon}
          name={pipeline.display_name || pipeline.name}
          title={pipeline.description || pipeline.display_name}
          badge={shared ? trans.__('Shared') : trans.__('Private')}
          fact={format.moment(pipeline.created_at, Date.now())}
          onClick={() =>
            execute(CommandIDs.newRun, { source: { kind: 'pipeline', pipeline_id: pipeline.pipeline_id } })
          }
        />
      )}
    </Listing>
  );
}

/** A pipeline and the group it is listed in. */
interface IListedPipeline {
  readonly pipeline: Pipeline;
  readonly shared: boolean;
}

/** Load the private pipelines, then those that everyone has. */
async function loadPipelines(api: KfpApi, namespace: string): Promise<IListedPipeline[]> {
  const [own, shared] = await Promise.all([
    api.listPipelines(namespace, { page_size: LISTED }),
    api.listPipelines(namespace, { page_size: LISTED, shared: true })
  ]);
  return [
    ...own.pipelines.map(pipeline => ({ pipeline, shared: false })),
    ...shared.pipelines.map(pipeline => ({ pipeline, shared: true }))
  ];
}
