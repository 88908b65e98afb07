import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { IRunTabs } from '../components/run/tab';
import { Registry } from '../registry';
import { IPanelSections } from '../views/sections/section';
import { SECTIONS } from '../views/sections/sections';

/** Provides the sections of the panel, for other plugins to add theirs. */
export const panelSections: JupyterFrontEndPlugin<IPanelSections> = {
  id: 'jupyter-kfp-mt:panel-sections',
  description: 'Provides the sections of the Kubeflow Pipelines panel, for other plugins to add theirs.',
  autoStart: true,
  provides: IPanelSections,
  activate: (): IPanelSections => new Registry(SECTIONS)
};

/** Provides the tabs of the run view, for other plugins to add theirs; our own are added when a run is opened. */
export const runTabs: JupyterFrontEndPlugin<IRunTabs> = {
  id: 'jupyter-kfp-mt:run-tabs',
  description: 'Provides the tabs of the view of a run, for other plugins to add theirs.',
  autoStart: true,
  provides: IRunTabs,
  activate: (): IRunTabs => new Registry()
};
