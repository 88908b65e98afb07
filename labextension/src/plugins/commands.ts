import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commandids';
import { addCommands } from '../commands';
import { IRunTabs } from '../components/run/tab';
import { DOMAIN } from '../names';
import { RunActions } from '../views/actions';
import { IRunManager } from '../tokens';
import { Page } from './page';
import { Preferences } from './preferences';

/** Commands that make sense without an argument or a selected row. */
const IN_PALETTE = [
  CommandIDs.togglePanel,
  CommandIDs.newRun,
  CommandIDs.runExample,
  CommandIDs.openRun,
  CommandIDs.retry,
  CommandIDs.terminate,
  CommandIDs.clone,
  CommandIDs.archive,
  CommandIDs.restore,
  CommandIDs.remove,
  CommandIDs.copyId,
  CommandIDs.copyLink,
  CommandIDs.newExperiment,
  CommandIDs.uploadPipeline,
  CommandIDs.whoAmI,
  CommandIDs.doctor,
  CommandIDs.startEmbedded,
  CommandIDs.stopEmbedded,
  CommandIDs.refresh
];

/** Adds the commands and opens what they open. */
export const commands: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-kfp-mt:commands',
  description: 'Adds the commands for Kubeflow Pipelines to palette, menus and launcher.',
  autoStart: true,
  requires: [IRunManager, IRunTabs, ITranslator],
  optional: [ILabShell, ICommandPalette, ILauncher, ILayoutRestorer, ISettingRegistry, IDefaultFileBrowser],
  activate: async (
    app: JupyterFrontEnd,
    manager: IRunManager,
    tabs: IRunTabs,
    translator: ITranslator,
    labShell: ILabShell | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    settings: ISettingRegistry | null,
    files: IDefaultFileBrowser | null
  ): Promise<void> => {
    const preferences = await Preferences.load(settings, translator.load(DOMAIN));
    const trans = translator.load(DOMAIN);
    const format = preferences.format(trans);
    const page = new Page({ app, manager, translator, format, labShell, files, preferences, tabs });
    const actions = new RunActions(manager, trans, preferences);
    addCommands(app.commands, { manager, page, actions, format });
    manager.changed.connect(() => app.commands.notifyCommandChanged());
    for (const command of IN_PALETTE) {
      palette?.addItem({ command, category: trans.__('Kubeflow Pipelines') });
    }
    launcher?.add({
      command: CommandIDs.newRun,
      args: { isLauncher: true },
      category: trans.__('Other')
    });
    page.restore(restorer);
  }
};
