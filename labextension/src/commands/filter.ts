/** Commands that choose which runs the list shows, and in which order. */
import { caretUpEmptyThinIcon, clearIcon, filterIcon, listIcon } from '@jupyterlab/ui-components';

import type { Phase } from '../api/types';
import { CommandIDs } from '../commandids';
import { EVERYTHING, FILTERABLE, NEWEST_FIRST } from '../filter';
import type { IRunFilter, IRunSort } from '../tokens';
import type { FilterSubject, ICommandsOptions } from './options';
import { text } from './table';
import type { Args, ICommand } from './table';

const SUBJECTS: readonly FilterSubject[] = ['experiment', 'pipeline', 'recurring'];

export function listFilterCommands({ manager, page, format: { trans } }: ICommandsOptions): readonly ICommand[] {
  const { list } = manager;
  return [
    {
      id: CommandIDs.filter,
      label: args => text(args, 'name') || trans.__('Filter runs'),
      caption: trans.__('Choose which runs the list shows'),
      icon: filterIcon,
      args: { name: 'string', state: 'string', since: 'string', archived: 'boolean' },
      isHidden: true,
      isToggled: args => isSet(args, list.filter),
      execute: args => list.setFilter(change(args, list.filter))
    },
    {
      id: CommandIDs.filterBy,
      label: args => text(args, 'name') || trans.__('Filter runs by…'),
      caption: trans.__('Show the runs of an experiment, a pipeline or a recurring run only'),
      icon: filterIcon,
      args: { name: 'string', subject: 'string' },
      isHidden: true,
      isToggled: args => SUBJECTS.some(subject => subject === args['subject'] && list.filter[subject] !== null),
      execute: async args => {
        const subject = SUBJECTS.find(each => each === args['subject']);
        const filter = subject && (await page.chooseFilter(subject));
        if (filter) {
          list.setFilter(filter);
        }
      }
    },
    {
      id: CommandIDs.clearFilter,
      label: trans.__('Clear filters'),
      caption: trans.__('Show all runs that are not archived, the newest first'),
      icon: clearIcon,
      execute: () => list.setFilter(EVERYTHING)
    },
    {
      id: CommandIDs.sort,
      label: args => text(args, 'name') || trans.__('Sort runs'),
      caption: trans.__('Choose the order of the runs list'),
      icon: caretUpEmptyThinIcon,
      args: { name: 'string', field: 'string', descending: 'boolean' },
      isHidden: true,
      isToggled: args => JSON.stringify(readSort(args)) === JSON.stringify(list.filter.sort),
      execute: args => list.setFilter({ sort: readSort(args) })
    },
    {
      id: CommandIDs.pageSize,
      label: args => text(args, 'size') || trans.__('Rows per page'),
      caption: trans.__('Choose how many runs are loaded at once'),
      icon: listIcon,
      args: { size: 'string' },
      isHidden: true,
      isToggled: args => Number(args['size']) === list.pageSize,
      execute: args => page.setPageSize(Number(args['size']))
    }
  ];
}

function isSet({ state, since, archived }: Args, filter: IRunFilter): boolean {
  if (typeof state === 'string') {
    return state === '' ? filter.states.length === 0 : filter.states.some(phase => phase === state);
  }
  return typeof since === 'string' ? filter.since === since : archived === true && filter.archived;
}

/** Return what a menu item changes: states and the archive are switched, the rest is set. */
function change({ state, since, archived }: Args, { states, ...filter }: IRunFilter): Partial<IRunFilter> {
  if (typeof state === 'string') {
    const chosen = (phase: Phase): boolean => (phase === state ? !states.includes(phase) : states.includes(phase));
    return { states: state === '' ? [] : FILTERABLE.filter(chosen) };
  }
  if (since === 'any' || since === 'today' || since === 'week') {
    return { since };
  }
  return archived === true ? { archived: !filter.archived } : {};
}

function readSort({ field, descending }: Args): IRunSort {
  return field === 'created_at' || field === 'display_name' || field === 'finished_at'
    ? { field, descending: descending === true }
    : NEWEST_FIRST;
}
