import * as React from 'react';

import type { RecurringRun } from '../../api/types';
import { CommandIDs } from '../../commandids';
import { Button } from '../../components/Button';
import { EmptyState } from '../../components/EmptyState';
import { ItemList, ItemSearch } from '../../components/panel/ItemList';
import { chooseInterval, LISTED } from '../../components/panel/Listing';
import { usePaged } from '../../components/panel/paged';
import { RecurringRow } from '../../components/panel/RecurringRow';
import { whyLocked } from '../../reasons';
import { listRecurringItems } from '../menus';
import type { IPanelContext, IPanelSection } from './section';

export const recurringSection: IPanelSection = {
  id: 'recurring',
  rank: 40,
  title: trans => trans.__('Recurring runs'),
  folded: true,
  add: { label: trans => trans.__('New recurring run'), command: CommandIDs.newRecurringRun },
  Body: RecurringRuns
};

/** The recurring runs of the namespace; a click shows the runs of one. */
function RecurringRuns(context: IPanelContext): React.JSX.Element {
  const { manager, format, version, execute, openMenu, setCount } = context;
  const { trans } = format;
  const { namespace } = manager.connection;
  const [search, setSearch] = React.useState('');
  const list = usePaged<RecurringRun>(
    async (page_token, text) => {
      const page = await manager.api.listRecurringRuns(namespace, { page_token, search: text, page_size: LISTED });
      return { items: page.recurringRuns, total: page.total_size, next: page.next_page_token };
    },
    search,
    version,
    chooseInterval(manager.connection)
  );
  React.useEffect(() => {
    if (search === '' && list.items) {
      setCount(Math.max(list.total, list.items.length));
    }
  });
  const first = (
    <EmptyState title={trans.__('No recurring runs.')} text={trans.__('Start one from New run → On a schedule.')}>
      <Button label={trans.__('New recurring run')} onClick={() => execute(CommandIDs.newRecurringRun)} />
    </EmptyState>
  );
  return (
    <>
      <ItemSearch
        label={trans.__('Search recurring runs')}
        search={search}
        total={list.total}
        onSearch={setSearch}
      />
      <ItemList
        list={list}
        format={format}
        label={trans.__('Recurring runs')}
        empty={search ? <EmptyState title={trans.__('No recurring runs match.')} /> : first}
        onCopy={context.copy}
      >
        {row => (
          <RecurringRow
            key={row.recurring_run_id}
            row={row}
            format={format}
            off={whyLocked(manager.connection, trans)}
            onOpen={() => execute(CommandIDs.showRecurringRuns, { recurring_run_id: row.recurring_run_id })}
            onSwitch={() => execute(CommandIDs.toggleRecurringRun, { recurring_run_id: row.recurring_run_id })}
            onMenu={(x, y) => openMenu(listRecurringItems(row.recurring_run_id, row.status === 'ENABLED'), x, y)}
          />
        )}
      </ItemList>
    </>
  );
}
