import type { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Menu } from '@lumino/widgets';

import { CommandIDs } from '../commandids';
import type { IRunManager } from '../tokens';

/** The items of a menu; null is a line between items. */
export type MenuItems = readonly (Menu.IItemOptions | null)[];

/** Open a menu at a place of the page. */
export function openMenu(commands: CommandRegistry, items: MenuItems, x: number, y: number): void {
  const menu = new MenuSvg({ commands });
  const before = document.activeElement;
  items.forEach(item => menu.addItem(item ?? { type: 'separator' }));
  menu.aboutToClose.connect(() => {
    // The chosen command has yet to run.
    setTimeout(() => {
      menu.dispose();
      if (document.activeElement === document.body && before instanceof HTMLElement) {
        before.focus({ preventScroll: true });
      }
    }, 0);
  });
  menu.open(x, y);
}

/** The menu of a run row. */
export const RUN_ITEMS: MenuItems = [
  { command: CommandIDs.openRun },
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

/** ⋯ of the header. */
export const MORE_ITEMS: MenuItems = [
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
  const item = (name: string, args: { only?: string; archived?: boolean }): Menu.IItemOptions => ({
    command: CommandIDs.filter,
    args: { name, ...args }
  });
  return [
    item(trans.__('All states'), { only: 'all' }),
    item(trans.__('Active'), { only: 'active' }),
    item(trans.__('Failed'), { only: 'failed' }),
    null,
    item(trans.__('Show archived'), { archived: true })
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
