import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commandids';
import { addCommands, addToPalette, listCommands } from '../commands';
import { IRunTabs } from '../components/run/tab';
import { INotebooks } from '../model/notebooks';
import { DOMAIN } from '../names';
import { RunActions } from '../views/actions';
import { RunDrive } from '../views/rundrive';
import { IRunManager } from '../tokens';
import { Page } from './page';
import { Preferences } from './preferences';

/** Adds the commands and opens what they open. */
export const commands: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-kfp-mt:commands',
  description: 'Adds the commands for Kubeflow Pipelines to palette, menus and launcher.',
  autoStart: true,
  requires: [IRunManager, IRunTabs, ITranslator],
  optional: [ILabShell, ICommandPalette, ILauncher, ILayoutRestorer, ISettingRegistry, IDefaultFileBrowser, INotebooks],
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
    files: IDefaultFileBrowser | null,
    notebooks: INotebooks | null
  ): Promise<void> => {
    const preferences = await Preferences.load(settings, translator.load(DOMAIN));
    const trans = translator.load(DOMAIN);
    const format = preferences.format(trans);
    app.serviceManager.contents.addDrive(new RunDrive(manager.api)); // before notebooks are brought back
    const page = new Page({ app, manager, translator, format, labShell, files, preferences, tabs, notebooks });
    const actions = new RunActions(manager, trans, preferences);
    const rows = listCommands({
      manager,
      page,
      actions,
      experiments: async () => {
        const { ExperimentActions } = await import('../views/experimentactions');
        return new ExperimentActions(manager, trans);
      },
      recurring: async () => {
        const { RecurringActions } = await import('../views/recurringactions');
        return new RecurringActions(manager, app.commands, trans);
      },
      pipelines: async () => {
        const { PipelineActions } = await import('../views/pipelineactions');
        return new PipelineActions(manager, trans, (name, shared) => page.uploadVersion(name, shared));
      },
      format,
      notebooks
    });
    addCommands(app.commands, rows);
    manager.changed.connect(() => app.commands.notifyCommandChanged());
    notebooks?.changed.connect(() => app.commands.notifyCommandChanged(CommandIDs.runNotebook));
    if (palette) {
      addToPalette(palette, rows, trans);
    }
    launcher?.add({
      command: CommandIDs.newRun,
      args: { isLauncher: true },
      category: trans.__('Other')
    });
    const adopt = (): void => {
      actions.adopt().catch(() => undefined); // the panel says why nothing can be asked
    };
    void manager.ready.then(adopt);
    let { namespace } = manager.connection;
    manager.changed.connect(() => {
      if (manager.connection.namespace !== namespace) {
        ({ namespace } = manager.connection);
        adopt();
      }
    });
    page.restore(restorer);
  }
};
