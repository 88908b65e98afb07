import type { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { DisposableSet } from '@lumino/disposable';
import type { Menu } from '@lumino/widgets';

import type { Experiment } from '../api/types';
import { CommandIDs } from '../commandids';
import { FILTERABLE } from '../filter';
import { describePhase } from '../phase';
import type { IRunManager } from '../tokens';

/** A menu that opens from an item of another one. */
export interface ISubmenu {
  readonly label: string;
  readonly items: MenuItems;
}

/** The items of a menu; null is a line between items. */
export type MenuItems = readonly (Menu.IItemOptions | ISubmenu | null)[];

/** Open a menu at a place of the page. */
export function openMenu(commands: CommandRegistry, items: MenuItems, x: number, y: number): void {
  const menus = new DisposableSet();
  // eslint-disable-next-line jupyter/require-disposable-transfer -- disposed with the set, when it is closed
  const menu = createMenu(commands, items, menus);
  const before = document.activeElement;
  menu.aboutToClose.connect(() => {
    // The chosen command has yet to run.
    setTimeout(() => {
      menus.dispose();
      if (document.activeElement === document.body && before instanceof HTMLElement) {
        before.focus({ preventScroll: true });
      }
    }, 0);
  });
  menu.open(x, y);
}

/** Return a menu, and add it and those that open from it to `menus`. */
function createMenu(commands: CommandRegistry, items: MenuItems, menus: DisposableSet): Menu {
  const menu = new MenuSvg({ commands });
  menus.add(menu);
  for (const item of items) {
    if (item !== null && 'items' in item) {
      const submenu = createMenu(commands, item.items, menus);
      submenu.title.label = item.label;
      menu.addItem({ type: 'submenu', submenu });
    } else {
      menu.addItem(item ?? { type: 'separator' });
    }
  }
  return menu;
}

/** The menu of a run row. */
export const RUN_ITEMS: MenuItems = [
  { command: CommandIDs.openRun },
  { command: CommandIDs.openLog },
  { command: CommandIDs.openKubeflowUi },
  null,
  { command: CommandIDs.retry },
  { command: CommandIDs.terminate },
  { command: CommandIDs.clone },
  null,
  { command: CommandIDs.copyLink },
  { command: CommandIDs.copyId },
  null,
  { command: CommandIDs.archive },
  { command: CommandIDs.restore },
  { command: CommandIDs.remove }
];

/** List the items of the menu of an experiment. */
export function listExperimentItems({ experiment_id, display_name, storage_state }: Experiment): MenuItems {
  const args = { experiment_id, display_name };
  const isArchived = storage_state === 'ARCHIVED';
  return [
    { command: CommandIDs.showExperimentRuns, args },
    ...(isArchived ? [] : [{ command: CommandIDs.newRunInExperiment, args }]),
    null,
    { command: isArchived ? CommandIDs.restoreExperiment : CommandIDs.archiveExperiment, args },
    { command: CommandIDs.deleteExperiment, args }
  ];
}

/** List the items of the menu of a recurring run. */
export function listRecurringItems(id: string, on: boolean): MenuItems {
  const args = { recurring_run_id: id };
  return [
    { command: CommandIDs.showRecurringRuns, args },
    null,
    { command: CommandIDs.runRecurringNow, args },
    { command: CommandIDs.editRecurringRun, args },
    { command: CommandIDs.toggleRecurringRun, args: { ...args, on } },
    null,
    { command: CommandIDs.deleteRecurringRun, args }
  ];
}

/** List the items of the menu of a pipeline. */
export function listPipelineItems(pipelineId: string): MenuItems {
  const args = { pipeline_id: pipelineId };
  return [
    { command: CommandIDs.newRun, args: { source: { kind: 'pipeline', ...args } } },
    { command: CommandIDs.openPipeline, args: { ...args, isRow: true } },
    { command: CommandIDs.openSpec, args },
    null,
    { command: CommandIDs.uploadNewVersion, args },
    { command: CommandIDs.compareVersions, args },
    { command: CommandIDs.copyPipelineId, args },
    null,
    { command: CommandIDs.deletePipeline, args }
  ];
}

/** ⋯ of the header. */
export const MORE_ITEMS: MenuItems = [
  { command: CommandIDs.openRunsTable },
  { command: CommandIDs.whoAmI },
  { command: CommandIDs.uploadPipeline },
  null,
  { command: CommandIDs.startEmbedded },
  { command: CommandIDs.stopEmbedded },
  null,
  { command: CommandIDs.doctor },
  { command: CommandIDs.openSettings }
];

/** List the items of the filter menu. */
export function listFilterItems(trans: TranslationBundle): MenuItems {
  const filter = (name: string, args: ReadonlyPartialJSONObject): Menu.IItemOptions => ({
    command: CommandIDs.filter,
    args: { name, ...args }
  });
  const by = (name: string, subject: string): Menu.IItemOptions => ({
    command: CommandIDs.filterBy,
    args: { name, subject }
  });
  const sort = (name: string, field: string, descending: boolean): Menu.IItemOptions => ({
    command: CommandIDs.sort,
    args: { name, field, descending }
  });
  return [
    {
      label: trans.__('State'),
      items: [
        filter(trans.__('All states'), { state: '' }),
        null,
        ...FILTERABLE.map(state => filter(describePhase(state, trans), { state }))
      ]
    },
    {
      label: trans.__('Started'),
      items: [
        filter(trans.__('Any time'), { since: 'any' }),
        filter(trans.__('Today'), { since: 'today' }),
        filter(trans.__('Last 7 days'), { since: 'week' })
      ]
    },
    by(trans.__('Experiment…'), 'experiment'),
    by(trans.__('Pipeline…'), 'pipeline'),
    by(trans.__('Recurring run…'), 'recurring'),
    filter(trans.__('Show archived'), { archived: true }),
    null,
    {
      label: trans.__('Sort by'),
      items: [
        sort(trans.__('Start, newest first'), 'created_at', true),
        sort(trans.__('Start, oldest first'), 'created_at', false),
        sort(trans.__('End, newest first'), 'finished_at', true),
        sort(trans.__('End, oldest first'), 'finished_at', false),
        sort(trans.__('Name, A to Z'), 'display_name', false),
        sort(trans.__('Name, Z to A'), 'display_name', true)
      ]
    },
    {
      label: trans.__('Rows per page'),
      items: ['25', '50', '100', '200'].map(size => ({ command: CommandIDs.pageSize, args: { size } }))
    },
    null,
    { command: CommandIDs.clearFilter }
  ];
}

/** List the usable namespaces, the current one ticked. */
export function listNamespaceItems(manager: IRunManager): MenuItems {
  const known = new Set([...(manager.connection.status?.namespaces ?? []), manager.connection.namespace]);
  const names = [...known].filter(name => name !== '').sort();
  return [
    ...names.map(namespace => ({ command: CommandIDs.switchNamespace, args: { namespace } })),
    null,
    { command: CommandIDs.whoAmI },
    { command: CommandIDs.copyNamespace }
  ];
}
