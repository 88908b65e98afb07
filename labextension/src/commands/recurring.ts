/** Commands on recurring runs; each takes the id of one. */
import { deleteIcon, editIcon, listIcon, runIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commandids';
import { recurringIcon } from '../icons';
import { whyLocked } from '../reasons';
import type { ICommandsOptions } from './options';
import { text } from './table';
import type { Args, ICommand } from './table';

const ARGS = { recurring_run_id: 'string', namespace: 'string' } as const;

export function listRecurringCommands({ manager, page, recurring, format }: ICommandsOptions): readonly ICommand[] {
  const { trans } = format;
  const locked = (): string | undefined => whyLocked(manager.connection, trans);
  const why = (args: Args): string | undefined =>
    locked() ?? (text(args, 'recurring_run_id') ? undefined : trans.__('Choose a recurring run first.'));
  const place = (args: Args): [namespace: string, id: string] => [
    text(args, 'namespace') || manager.connection.namespace,
    text(args, 'recurring_run_id')
  ];
  return [
    {
      id: CommandIDs.newRecurringRun,
      label: trans.__('New recurring run…'),
      caption: trans.__('Run a pipeline on a schedule'),
      icon: recurringIcon,
      why: locked,
      execute: () => page.openForm({ onSchedule: true })
    },
    {
      id: CommandIDs.showRecurringRuns,
      label: trans.__('Show runs'),
      caption: trans.__('Show only the runs of this recurring run'),
      icon: listIcon,
      args: ARGS,
      isHidden: true,
      execute: async args => (await recurring()).showRuns(...place(args))
    },
    {
      id: CommandIDs.runRecurringNow,
      label: trans.__('Run now'),
      caption: trans.__('Start one run of this recurring run now'),
      icon: runIcon,
      args: ARGS,
      why,
      execute: async args => (await recurring()).runNow(...place(args))
    },
    {
      id: CommandIDs.editRecurringRun,
      label: trans.__('Edit…'),
      caption: trans.__('Put a changed recurring run in the place of this one'),
      icon: editIcon,
      args: ARGS,
      why,
      execute: args => page.openForm({ edited: text(args, 'recurring_run_id'), namespace: text(args, 'namespace') })
    },
    {
      id: CommandIDs.toggleRecurringRun,
      label: args =>
        args['on'] === true
          ? trans.__('Switch off')
          : args['on'] === false
            ? trans.__('Switch on')
            : trans.__('Switch recurring run on or off'),
      caption: trans.__('Start runs on the schedule, or stop doing so; runs that have started go on'),
      icon: recurringIcon,
      args: { ...ARGS, on: 'boolean' },
      why,
      execute: async args => (await recurring()).toggle(...place(args))
    },
    {
      id: CommandIDs.deleteRecurringRun,
      label: trans.__('Delete…'),
      caption: trans.__('Delete this recurring run; its runs stay'),
      icon: deleteIcon,
      args: ARGS,
      why,
      isHidden: true,
      execute: async args => (await recurring()).remove(...place(args))
    }
  ];
}
