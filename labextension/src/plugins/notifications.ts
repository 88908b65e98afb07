import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import type { Run } from '../api/types';
import { CommandIDs } from '../commands';
import { Endings } from '../model/endings';
import type { INotice } from '../model/endings';
import { IRunManager } from '../tokens';
import { DOMAIN } from './names';
import { Preferences } from './preferences';

/** Tells of runs that start and end, once each. */
export const notifications: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-kfp-mt:notifications',
  description: 'Tells when runs of Kubeflow Pipelines start and end.',
  autoStart: true,
  requires: [IRunManager, ITranslator],
  optional: [ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    manager: IRunManager,
    translator: ITranslator,
    settings: ISettingRegistry | null
  ): Promise<void> => {
    const preferences = await Preferences.load(settings);
    const format = preferences.format(translator.load(DOMAIN));
    const { trans } = format;
    const tell = ({ text, type, autoClose, runId, retry }: INotice): void => {
      const run = (command: string) => () => void app.commands.execute(command, { run_id: runId });
      const actions = runId
        ? [{ label: trans.__('Open'), callback: run(CommandIDs.openRun) }]
        : [{ label: trans.__('Show'), callback: run(CommandIDs.togglePanel) }];
      if (retry) {
        actions.push({ label: trans.__('Retry'), callback: run(CommandIDs.retry) });
      }
      Notification.emit(text, type, { autoClose, actions });
    };
    const reasonOf = (run: Run): Promise<string> =>
      manager.api.viewRun(run.namespace || manager.namespace, run.run_id).then(
        view => view.failure?.message ?? '',
        // The notice is more than its reason.
        () => run.error?.message ?? ''
      );
    const endings = new Endings({
      format,
      tell,
      reasonOf,
      notify: () => preferences.notify,
      isMine: id => manager.isMine(id)
    });
    manager.runChanged.connect((_, change) => endings.note(change));
  }
};
