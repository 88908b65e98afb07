import { IRouter } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { ITranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commandids';
import { DOMAIN } from '../names';
import { IRunManager } from '../tokens';

/** Follows links of the form `…/lab?kfp-run={run_id}&kfp-ns={namespace}`, then cleans the address. */
export const router: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-kfp-mt:router',
  description: 'Opens the run that a link names.',
  autoStart: true,
  requires: [IRunManager, ITranslator],
  optional: [IRouter],
  activate: (app: JupyterFrontEnd, manager: IRunManager, translator: ITranslator, routes: IRouter | null): void => {
    const trans = translator.load(DOMAIN);
    const command = 'jupyter-kfp-mt:follow-link';
    app.commands.addCommand(command, {
      label: trans.__('Follow a link to a run'),
      describedBy: { args: null },
      execute: async () => {
        const query = new URLSearchParams(routes?.current.search);
        const runId = query.get('kfp-run');
        if (!routes || !runId) {
          return;
        }
        await Promise.all([app.restored, manager.ready]);
        const namespace = query.get('kfp-ns') ?? manager.connection.namespace;
        await app.commands.execute(CommandIDs.openRun, { run_id: runId, namespace });
        query.delete('kfp-run');
        query.delete('kfp-ns');
        const rest = query.toString();
        const path = routes.current.path ?? PageConfig.getOption('appUrl');
        routes.navigate(rest ? `${path}?${rest}` : path, { skipRouting: true });
      }
    });
    routes?.register({ command, pattern: /[?&]kfp-run=/ });
  }
};
