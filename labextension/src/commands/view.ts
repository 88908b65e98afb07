/** Commands that show something, or change what is shown. */
import { infoIcon, refreshIcon, settingsIcon, tableRowsIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commandids';
import { doctorIcon, pipelinesIcon } from '../icons';
import type { ICommandsOptions } from './options';
import type { ICommand } from './table';

export function listViewCommands({ manager, page, format }: ICommandsOptions): readonly ICommand[] {
  const { trans } = format;
  return [
    {
      id: CommandIDs.togglePanel,
      label: trans.__('Show Kubeflow Pipelines'),
      caption: trans.__('Show the panel and go to its runs; again: back to where you were'),
      icon: pipelinesIcon,
      execute: () => page.togglePanel()
    },
    {
      id: CommandIDs.refresh,
      label: trans.__('Refresh runs'),
      caption: trans.__('Ask Kubeflow Pipelines for everything again'),
      icon: refreshIcon,
      execute: () => manager.refresh()
    },
    {
      id: CommandIDs.openRunsTable,
      label: trans.__('Open runs table'),
      caption: trans.__('Show the runs at full width, with metrics and parameters'),
      icon: tableRowsIcon,
      execute: () => page.openRunsTable()
    },
    {
      id: CommandIDs.doctor,
      label: trans.__('Pipelines doctor'),
      caption: trans.__('Say why there is no connection, and what to do'),
      icon: doctorIcon,
      execute: () => page.openDoctor()
    },
    {
      id: CommandIDs.whoAmI,
      label: trans.__('Who am I…'),
      caption: trans.__('Show the account, the namespace, and where both were found'),
      icon: infoIcon,
      why: () => (manager.connection.status === null ? trans.__('Not connected.') : undefined),
      execute: () => page.whoAmI()
    },
    {
      id: CommandIDs.openSettings,
      label: trans.__('Settings'),
      caption: trans.__('Open the settings of Kubeflow Pipelines'),
      icon: settingsIcon,
      execute: () => page.openSettings()
    }
  ];
}
