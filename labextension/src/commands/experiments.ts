/** Commands on experiments; each takes the id of one. */
import { addIcon, deleteIcon, folderIcon, listIcon, undoIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commandids';
import { experimentIcon } from '../icons';
import { whyLocked } from '../reasons';
import type { ICommandsOptions } from './options';
import { text } from './table';
import type { Args, ICommand } from './table';

const ARGS = { experiment_id: 'string', display_name: 'string', namespace: 'string' } as const;

export function listExperimentCommands(options: ICommandsOptions): readonly ICommand[] {
  const { manager, page, experiments, format } = options;
  const { trans } = format;
  const locked = (): string | undefined => whyLocked(manager.connection, trans);
  const why = (args: Args): string | undefined =>
    locked() ?? (text(args, 'experiment_id') ? undefined : trans.__('Choose an experiment first.'));
  const place = (args: Args): [namespace: string, id: string] => [
    text(args, 'namespace') || manager.connection.namespace,
    text(args, 'experiment_id')
  ];
  return [
    {
      id: CommandIDs.newExperiment,
      label: trans.__('New experiment…'),
      caption: trans.__('Create an experiment in the current namespace'),
      icon: experimentIcon,
      why: locked,
      execute: async () => (await experiments()).create()
    },
    {
      id: CommandIDs.showExperimentRuns,
      label: trans.__('Show runs'),
      caption: trans.__('Show only the runs of this experiment'),
      icon: listIcon,
      args: ARGS,
      isHidden: true,
      execute: args => {
        const experiment = { experiment_id: text(args, 'experiment_id'), display_name: text(args, 'display_name') };
        manager.list.setFilter({ experiment });
      }
    },
    {
      id: CommandIDs.newRunInExperiment,
      label: trans.__('New run here…'),
      caption: trans.__('Start a run in this experiment'),
      icon: addIcon,
      args: ARGS,
      isHidden: true,
      why,
      execute: args => page.openForm({ experiment: text(args, 'display_name') })
    },
    {
      id: CommandIDs.archiveExperiment,
      label: trans.__('Archive experiment…'),
      caption: trans.__('Archive the experiment and its runs; its recurring runs stop'),
      icon: folderIcon,
      args: ARGS,
      isHidden: true,
      why,
      execute: async args => (await experiments()).archive(...place(args))
    },
    {
      id: CommandIDs.restoreExperiment,
      label: trans.__('Restore experiment'),
      caption: trans.__('Put the experiment back on the list, without its runs'),
      icon: undoIcon,
      args: ARGS,
      isHidden: true,
      why,
      execute: async args => (await experiments()).restore(...place(args))
    },
    {
      id: CommandIDs.deleteExperiment,
      label: trans.__('Delete experiment…'),
      caption: trans.__('Remove the experiment; its runs stay'),
      icon: deleteIcon,
      args: ARGS,
      isHidden: true,
      why,
      execute: async args => (await experiments()).remove(...place(args))
    }
  ];
}
