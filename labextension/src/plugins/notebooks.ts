import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ITranslator } from '@jupyterlab/translation';

import { INotebooks } from '../model/notebooks';
import { DOMAIN } from '../names';
import { Notebooks } from '../views/notebooks';

/** Provides the notebooks that are open, as sources of runs. */
export const notebooks: JupyterFrontEndPlugin<INotebooks> = {
  id: 'jupyter-kfp-mt:notebook',
  description: 'Provides the notebooks that are open, to run them as pipelines.',
  autoStart: true,
  provides: INotebooks,
  requires: [IDocumentManager, ITranslator],
  activate: (app: JupyterFrontEnd, documents: IDocumentManager, translator: ITranslator): INotebooks =>
    new Notebooks(app.shell, documents, test => app.contextMenuHitTest(test), translator.load(DOMAIN))
};
