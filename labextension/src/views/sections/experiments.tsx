import { addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Experiment, Run } from '../../api/types';
import { CommandIDs } from '../../commandids';
import { Button } from '../../components/Button';
import { EmptyState } from '../../components/EmptyState';
import { ItemList, ItemSearch } from '../../components/panel/ItemList';
import { ItemRow } from '../../components/panel/ItemRow';
import { chooseInterval, LISTED } from '../../components/panel/Listing';
import { usePaged } from '../../components/panel/paged';
import { StateIcon } from '../../components/StateIcon';
import type { Format } from '../../format';
import { experimentIcon } from '../../icons';
import { describePhase } from '../../phase';
import { whyLocked } from '../../reasons';
import { listExperimentItems } from '../menus';
import type { IPanelContext, IPanelSection } from './section';

/** How many of the last runs of an experiment a row shows. */
const LAST = 5;

export const experimentsSection: IPanelSection = {
  id: 'experiments',
  rank: 20,
  title: trans => trans.__('Experiments'),
  folded: true,
  add: { label: trans => trans.__('New experiment'), command: CommandIDs.newExperiment },
  Body: Experiments
};

/** The experiments of the namespace, the newest activity first; a click shows the runs of one. */
function Experiments(context: IPanelContext): React.JSX.Element {
  const { manager, format, version, setCount } = context;
  const { trans } = format;
  const { namespace } = manager.connection;
  const [search, setSearch] = React.useState('');
  const [archived, setArchived] = React.useState(false);
  /** Counts the searches that were cleared: each begins with an empty field. */
  const [cleared, setCleared] = React.useState(0);
  const list = usePaged<Experiment>(
    async (page_token, text) => {
      const page = await manager.api.listExperiments(namespace, {
        page_token,
        search: text,
        archived,
        page_size: LISTED,
        sort_by: 'last_run_created_at desc'
      });
      return { items: page.experiments, total: page.total_size, next: page.next_page_token };
    },
    search,
    `${version} ${archived}`,
    chooseInterval(manager.connection)
  );
  React.useEffect(() => {
    if (search === '' && !archived && list.items) {
      setCount(Math.max(list.total, list.items.length));
    }
  });
  return (
    <>
      <ItemSearch
        key={cleared}
        label={trans.__('Search experiments')}
        search={search}
        total={list.total}
        onSearch={setSearch}
      />
      <ItemList
        list={list}
        format={format}
        label={archived ? trans.__('Archived experiments') : trans.__('Experiments')}
        empty={
          <Nothing
            context={context}
            search={search}
            archived={archived}
            onClear={() => {
              setSearch('');
              setCleared(cleared + 1);
            }}
          />
        }
        onCopy={context.copy}
      >
        {experiment => <ExperimentRow key={experiment.experiment_id} experiment={experiment} context={context} />}
      </ItemList>
      {list.items && (
        <div className="jp-kfp-Item-more">
          <Button
            label={trans.__('Show archived')}
            kind="quiet"
            pressed={archived}
            onClick={() => setArchived(!archived)}
          />
        </div>
      )}
    </>
  );
}

interface INothingProps {
  readonly context: IPanelContext;
  readonly search: string;
  readonly archived: boolean;
  readonly onClear: () => void;
}

function Nothing({ context, search, archived, onClear }: INothingProps): React.JSX.Element {
  const { format, manager, execute } = context;
  const { trans } = format;
  if (search !== '') {
    return (
      <EmptyState title={trans.__('No experiment matches “%1”.', search)}>
        <Button label={trans.__('Clear')} onClick={onClear} />
      </EmptyState>
    );
  }
  return archived ? (
    <EmptyState title={trans.__('No experiment is archived.')} />
  ) : (
    <EmptyState title={trans.__('No experiments yet.')} text={trans.__('An experiment groups runs that belong together.')}>
      <Button
        label={trans.__('New experiment')}
        off={whyLocked(manager.connection, trans)}
        onClick={() => execute(CommandIDs.newExperiment)}
      />
    </EmptyState>
  );
}

interface IExperimentRowProps {
  readonly experiment: Experiment;
  readonly context: IPanelContext;
}

function ExperimentRow({ experiment, context }: IExperimentRowProps): React.JSX.Element {
  const { format, manager, execute, openMenu } = context;
  const { trans } = format;
  const { experiment_id, display_name, description, storage_state } = experiment;
  const args = { experiment_id, display_name };
  const active = format.moment(experiment.last_run_created_at, Date.now());
  // Out of what is loaded: a row costs no call.
  const last = [...manager.list.listLast(experiment_id, LAST)].reverse();
  const words = last.map(run => describePhase(run.phase, trans, run.state)).join(', ');
  const isArchived = storage_state === 'ARCHIVED';
  return (
    <ItemRow
      className="jp-kfp-ExperimentRow"
      icon={experimentIcon}
      name={display_name}
      label={[display_name, isArchived ? trans.__('Archived') : '', active, words && trans.__('last runs: %1', words)]
        .filter(part => part !== '')
        .join(', ')}
      title={[display_name, description].filter(part => part !== '').join('\n')}
      format={format}
      fact={active}
      details={[last.length > 0 ? <Strip runs={last} format={format} /> : description]}
      action={
        isArchived
          ? undefined
          : {
              label: trans.__('New run here…'),
              icon: addIcon,
              off: whyLocked(manager.connection, trans),
              run: () => execute(CommandIDs.newRunInExperiment, args)
            }
      }
      onOpen={() => execute(CommandIDs.showExperimentRuns, args)}
      onMenu={(x, y) => openMenu(listExperimentItems(experiment), x, y)}
    />
  );
}

/** The states of the last runs, the newest at the right; the row says them in words. */
function Strip({ runs, format }: { readonly runs: readonly Run[]; readonly format: Format }): React.JSX.Element {
  return (
    <span className="jp-kfp-Strip" aria-hidden="true">
      {runs.map(run => (
        <span key={run.run_id} title={`${describePhase(run.phase, format.trans, run.state)}, ${run.display_name}`}>
          <StateIcon phase={run.phase} raw={run.state} trans={format.trans} decorative />
        </span>
      ))}
    </span>
  );
}
