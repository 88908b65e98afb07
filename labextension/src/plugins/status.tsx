import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { StatusItem } from '../components/StatusItem';
import { DOMAIN } from '../names';
import { render } from '../views/render';
import { IRunManager } from '../tokens';
import { Preferences } from './preferences';

/** Shows in the status bar how many runs are active. */
export const status: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-kfp-mt:status',
  description: 'Shows in the status bar how many runs of Kubeflow Pipelines are active.',
  autoStart: true,
  requires: [IRunManager, ITranslator],
  optional: [IStatusBar, ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    manager: IRunManager,
    translator: ITranslator,
    statusBar: IStatusBar | null,
    settings: ISettingRegistry | null
  ): Promise<void> => {
    const preferences = await Preferences.load(settings, translator.load(DOMAIN));
    if (!statusBar) {
      return;
    }
    const format = preferences.format(translator.load(DOMAIN));
    const item = render(
      () => (
        <StatusItem
          runs={manager.list.runs}
          connection={manager.connection.state}
          where={`${manager.connection.namespace} ${manager.connection.status?.endpoint ?? ''}`.trim()}
          isMine={runId => manager.verbs.isMine(runId)}
          format={format}
          onClick={() => void app.commands.execute(CommandIDs.togglePanel)}
        />
      ),
      manager.changed
    );
    item.addClass('jp-mod-highlighted');
    // The status bar shows an item at each of its updates unless the item says that it is not active.
    const activeStateChanged = new Signal<typeof item, void>(item);
    const isActive = (): boolean => preferences.statusBar;
    const options = { item, align: 'left' as const, rank: 500, isActive, activeStateChanged };
    statusBar.registerStatusItem('jupyter-kfp-mt:status', options);
    preferences.follow(() => activeStateChanged.emit());
  }
};
