/** The list of plugins, nothing else. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { commands } from './plugins/commands';
import { manager } from './plugins/manager';
import { notebooks } from './plugins/notebooks';
import { notifications } from './plugins/notifications';
import { panel } from './plugins/panel';
import { panelSections, runTabs } from './plugins/registries';
import { router } from './plugins/router';
import { status } from './plugins/status';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  manager,
  panelSections,
  runTabs,
  notebooks,
  panel,
  commands,
  notifications,
  status,
  router
];

export default plugins;
