import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { KfpApi } from '../api/client';
import { RunManager } from '../model/manager';
import { DOMAIN } from '../names';
import { IRunManager } from '../tokens';

/** Provides the runs of the current namespace to all other plugins. */
export const manager: JupyterFrontEndPlugin<IRunManager> = {
  id: 'jupyter-kfp-mt:manager',
  description: 'Keeps the runs of the current Kubeflow Pipelines namespace up to date.',
  autoStart: true,
  requires: [ITranslator],
  provides: IRunManager,
  activate: (app: JupyterFrontEnd, translator: ITranslator): IRunManager =>
    new RunManager({ api: new KfpApi(app.serviceManager.serverSettings, translator.load(DOMAIN)) })
};
