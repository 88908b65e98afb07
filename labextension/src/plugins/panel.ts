import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator } from '@jupyterlab/translation';

import { HiddenCautions } from '../model/hidden';
import { INotebooks } from '../model/notebooks';
import { DOMAIN } from '../names';
import { KfpPanel } from '../views/panel';
import type { IOpenWork } from '../views/access';
import { IPanelSections } from '../views/sections/section';
import { IRunManager } from '../tokens';
import { Preferences } from './preferences';
import { SectionSizes } from './sizes';

/** The key that records that the panel was opened once. */
const SHOWN = 'jupyter-kfp-mt:shown';

/** Puts the panel into the left side bar; it is open when JupyterLab starts for the first time. */
export const panel: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-kfp-mt:panel',
  description: 'Shows Kubeflow Pipelines in the left side bar.',
  autoStart: true,
  requires: [IRunManager, IPanelSections, ITranslator],
  optional: [ILayoutRestorer, IStateDB, ISettingRegistry, INotebooks],
  activate: async (
    app: JupyterFrontEnd,
    manager: IRunManager,
    sections: IPanelSections,
    translator: ITranslator,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    settings: ISettingRegistry | null,
    notebooks: INotebooks | null
  ): Promise<void> => {
    const preferences = await Preferences.load(settings, translator.load(DOMAIN));
    preferences.follow(() => {
      manager.list.setPageSize(preferences.pageSize);
      manager.metrics.columns = preferences.metricColumns;
    });
    const format = preferences.format(translator.load(DOMAIN));
    const widget = new KfpPanel({
      manager,
      sections,
      commands: app.commands,
      format,
      translator,
      work: () => countOpenWork(app),
      notebooks,
      hidden: new HiddenCautions(state)
    });
    app.shell.add(widget, 'left', { rank: 600, type: 'Kubeflow Pipelines' });
    restorer?.add(widget, widget.id);
    if (state) {
      void import('./memory').then(({ Memory }) => new Memory(manager, state).begin());
    }
    void app.restored.then(async () => {
      if (state) {
        await new SectionSizes(widget, state).begin();
      }
      if (state && !(await state.fetch(SHOWN))) {
        app.shell.activateById(widget.id);
        await state.save(SHOWN, true);
      }
    });
  }
};

/** Count the unsaved documents on the page, and the kernels and terminals on its server. */
function countOpenWork({ shell, serviceManager }: JupyterFrontEnd): IOpenWork {
  // JupyterLab marks the titles of unsaved documents of every kind.
  const unsaved = [...shell.widgets()].filter(({ title }) => title.className.includes('jp-mod-dirty'));
  return {
    unsaved: unsaved.length,
    kernels: [...serviceManager.kernels.running()].length,
    terminals: [...serviceManager.terminals.running()].length
  };
}
