import { runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Pipeline } from '../../api/types';
import { CommandIDs } from '../../commandids';
import { Button } from '../../components/Button';
import { EmptyState } from '../../components/EmptyState';
import { ItemList, ItemSearch } from '../../components/panel/ItemList';
import { ItemRow } from '../../components/panel/ItemRow';
import { chooseInterval, LISTED } from '../../components/panel/Listing';
import { usePaged, type IPaged } from '../../components/panel/paged';
import { pipelinesIcon } from '../../icons';
import { whyLocked } from '../../reasons';
import { listPipelineItems } from '../menus';
import type { IPanelContext, IPanelSection } from './section';

export const pipelinesSection: IPanelSection = {
  id: 'pipelines',
  rank: 30,
  title: trans => trans.__('Pipelines'),
  folded: true,
  add: { label: trans => trans.__('Upload pipeline'), command: CommandIDs.uploadPipeline },
  Body: Pipelines
};

/** Private and shared pipelines in two groups; a click opens one. */
function Pipelines(context: IPanelContext): React.JSX.Element {
  const { format, manager, setCount, execute } = context;
  const { trans } = format;
  const [search, setSearch] = React.useState('');
  const own = usePipelines(context, search, false);
  const shared = usePipelines(context, search, true);
  const total = countAll(own) + countAll(shared);
  React.useEffect(() => {
    if (search === '' && own.items && shared.items) {
      setCount(total);
    }
  });
  const none = search ? (
    <EmptyState title={trans.__('No pipelines match.')} />
  ) : (
    <EmptyState
      title={trans.__('No private pipelines yet.')}
      text={trans.__('Upload a YAML file, or right-click one in the file browser.')}
    >
      <Button
        label={trans.__('Upload pipeline…')}
        off={whyLocked(manager.connection, trans)}
        onClick={() => execute(CommandIDs.uploadPipeline)}
      />
    </EmptyState>
  );
  const hasShared = countAll(shared) > 0 || shared.error !== null;
  const groups = [
    { id: 'private', title: trans.__('Private'), list: own, empty: none, isShown: true },
    { id: 'shared', title: trans.__('Shared'), list: shared, empty: null, isShown: hasShared }
  ];
  return (
    <>
      <ItemSearch label={trans.__('Search pipelines')} search={search} total={total} onSearch={setSearch} />
      {groups
        .filter(({ isShown }) => isShown)
        .map(({ id, title, list, empty }) => (
          <React.Fragment key={id}>
            {(hasShared || countAll(list) > 0) && (
              <h3 className="jp-kfp-Item-group" title={id === 'shared' ? trans.__('Everyone on this KFP can read these.') : undefined}>
                {title}
                <span className="jp-kfp-num">{format.shortCount(countAll(list))}</span>
              </h3>
            )}
            <ItemList list={list} format={format} label={title} empty={empty} onCopy={context.copy}>
              {pipeline => (
                <PipelineRow key={pipeline.pipeline_id} pipeline={pipeline} group={title} context={context} />
              )}
            </ItemList>
          </React.Fragment>
        ))}
    </>
  );
}

function usePipelines({ manager, version }: IPanelContext, search: string, shared: boolean): IPaged<Pipeline> {
  const { namespace } = manager.connection;
  return usePaged<Pipeline>(
    async (page_token, text) => {
      const page = await manager.api.listPipelines(namespace, { page_token, search: text, shared, page_size: LISTED });
      return { items: page.pipelines, total: page.total_size, next: page.next_page_token };
    },
    search,
    version,
    chooseInterval(manager.connection)
  );
}

function countAll({ items, total }: IPaged<Pipeline>): number {
  return Math.max(total, items?.length ?? 0);
}

interface IPipelineRowProps {
  readonly pipeline: Pipeline;
  /** “Private” or “Shared”. */
  readonly group: string;
  readonly context: IPanelContext;
}

function PipelineRow({ pipeline, group, context }: IPipelineRowProps): React.JSX.Element {
  const { format, manager, execute, openMenu } = context;
  const { trans } = format;
  const { pipeline_id, versions } = pipeline;
  const name = pipeline.display_name || pipeline.name;
  const age = format.moment(pipeline.created_at, Date.now());
  const count = versions === null ? '' : trans._n('%1 version', '%1 versions', versions);
  return (
    <ItemRow
      className="jp-kfp-PipelineRow"
      icon={pipelinesIcon}
      name={name}
      label={[name, group, count, age].filter(part => part !== '').join(', ')}
      title={[name, pipeline.description].filter(part => part !== '').join('\n')}
      format={format}
      fact={age}
      details={[count || pipeline.description]}
      action={{
        label: trans.__('New run…'),
        icon: runIcon,
        off: whyLocked(manager.connection, trans),
        run: () => execute(CommandIDs.newRun, { source: { kind: 'pipeline', pipeline_id } })
      }}
      onOpen={() => execute(CommandIDs.openPipeline, { pipeline_id })}
      onMenu={(x, y) => openMenu(listPipelineItems(pipeline_id), x, y)}
    />
  );
}
