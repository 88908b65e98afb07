import * as React from 'react';

import { CommandIDs } from '../../commandids';
import { Button } from '../../components/Button';
import { EmptyState } from '../../components/EmptyState';
import { chooseInterval, Listing, ListingRow, LISTED } from '../../components/panel/Listing';
import { experimentIcon } from '../../icons';
import type { IPanelContext, IPanelSection } from './section';

export const experimentsSection: IPanelSection = {
  id: 'experiments',
  rank: 20,
  title: trans => trans.__('Experiments'),
  folded: true,
  Body: Experiments
};

/** The experiments of the namespace; a click shows the runs of one. */
function Experiments({ manager, format, version, execute, copy }: IPanelContext): React.JSX.Element {
  const { trans } = format;
  const { namespace } = manager.connection;
  return (
    <Listing
      load={async () => (await manager.api.listExperiments(namespace, { page_size: LISTED })).experiments}
      version={version}
      interval={chooseInterval(manager.connection)}
      trans={trans}
      onCopy={copy}
      empty={
        <EmptyState
          title={trans.__('No experiments yet.')}
          text={trans.__('An experiment groups runs that belong together.')}
        >
          <Button label={trans.__('New experiment')} onClick={() => execute(CommandIDs.newExperiment)} />
        </EmptyState>
      }
    >
      {experiment => (
        <ListingRow
          key={experiment.experiment_id}
          className="jp-kfp-ExperimentRow"
          icon={experimentIcon}
          name={experiment.display_name}
          title={experiment.description || experiment.display_name}
          fact={format.moment(experiment.last_run_created_at ?? experiment.created_at, Date.now())}
          onClick={() => manager.list.setFilter({ experiment })}
        />
      )}
    </Listing>
  );
}
