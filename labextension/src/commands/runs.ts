/** Commands on runs: on the one that is named, else on the chosen rows of the list. */
import { Clipboard } from '@jupyterlab/apputils';
import {
  copyIcon,
  deleteIcon,
  downloadIcon,
  duplicateIcon,
  folderIcon,
  launchIcon,
  linkIcon,
  listIcon,
  notebookIcon,
  redoIcon,
  stopIcon,
  undoIcon
} from '@jupyterlab/ui-components';

import type { Run } from '../api/types';
import { CommandIDs } from '../commandids';
import { whyLocked, whyOff } from '../reasons';
import { mayDo } from '../rules';
import type { RunAction } from '../rules';
import type { ICommandsOptions } from './options';
import { text } from './table';
import type { Args, ICommand } from './table';

/** What the rows of run commands share. */
interface IAimed {
  /** The ids of the runs that a command aims at. */
  readonly aim: (args: Args) => readonly string[];
  /** Those runs; one that is named may be missing from the list. */
  readonly choose: (args: Args) => Promise<Run[]>;
  /** Why an action does nothing now: it is locked, aims at nothing, or fits none of the runs it aims at. */
  readonly why: (action: RunAction, args: Args) => string | undefined;
  /** Why a command that changes nothing does nothing now. */
  readonly whyNone: (args: Args) => string | undefined;
}

const ARGS = { run_id: 'string', namespace: 'string' } as const;

export function listRunCommands(options: ICommandsOptions): readonly ICommand[] {
  const aimed = createAim(options);
  return [...listOpenRows(options, aimed), ...listActionRows(options, aimed), ...listCopyRows(options, aimed)];
}

function createAim({ manager, actions, format: { trans } }: ICommandsOptions): IAimed {
  const loaded = (ids: readonly string[]): Run[] =>
    ids.map(id => manager.list.find(id)).filter(run => run !== undefined);
  const aim = (args: Args): readonly string[] =>
    text(args, 'run_id') ? [text(args, 'run_id')] : manager.list.selection.targets;
  const whyNone = (args: Args): string | undefined =>
    aim(args).length === 0 ? trans.__('Select a run first.') : undefined;
  return {
    aim,
    whyNone,
    choose: async args => {
      const id = text(args, 'run_id');
      const runs = loaded(aim(args));
      if (!id || runs.length > 0) {
        return runs;
      }
      // A run view may show a run that is not in the list.
      const namespace = text(args, 'namespace') || manager.connection.namespace;
      try {
        return [{ ...(await manager.api.viewRun(namespace, id)).run, namespace }];
      } catch (error) {
        actions.fail(error);
        return [];
      }
    },
    why: (action, args) => {
      const missing = whyLocked(manager.connection, trans) ?? whyNone(args);
      if (missing !== undefined) {
        return missing;
      }
      const reasons = loaded(aim(args)).map(run => whyOff(action, run, manager.connection, trans));
      return reasons.includes(undefined) ? undefined : reasons[0];
    }
  };
}

function listOpenRows({ manager, page, format: { trans } }: ICommandsOptions, aimed: IAimed): readonly ICommand[] {
  return [
    {
      id: CommandIDs.openRun,
      label: trans.__('Open run'),
      caption: trans.__('Show the tasks, logs and results of the run'),
      icon: launchIcon,
      args: ARGS,
      why: aimed.whyNone,
      execute: async args => {
        const [id] = aimed.aim(args);
        if (id !== undefined) {
          await page.openRun(id, text(args, 'namespace') || manager.connection.namespace);
        }
      }
    },
    {
      id: CommandIDs.openNotebook,
      label: trans.__('Open executed notebook'),
      caption: trans.__('Show the notebook of the run with its outputs, read-only'),
      icon: notebookIcon,
      args: ARGS,
      why: aimed.whyNone,
      execute: args =>
        page.openNotebook(aimed.aim(args)[0] ?? '', text(args, 'namespace') || manager.connection.namespace)
    },
    {
      id: CommandIDs.downloadNotebook,
      label: trans.__('Download executed notebook'),
      caption: trans.__('Save the notebook of the run with its outputs to your computer'),
      icon: downloadIcon,
      args: ARGS,
      why: aimed.whyNone,
      execute: args =>
        page.downloadNotebook(aimed.aim(args)[0] ?? '', text(args, 'namespace') || manager.connection.namespace)
    },
    {
      id: CommandIDs.openLog,
      label: trans.__('Open log'),
      caption: trans.__('Show the log of the task that failed, else of the one that runs'),
      icon: listIcon,
      args: ARGS,
      why: aimed.whyNone,
      execute: async args => {
        const [id] = aimed.aim(args);
        if (id !== undefined) {
          await page.openLog(id, text(args, 'namespace') || manager.connection.namespace);
        }
      }
    },
    {
      id: CommandIDs.openKubeflowUi,
      label: trans.__('Open in Kubeflow'),
      caption: trans.__('Show the run on the page of Kubeflow Pipelines, in a new tab of the browser'),
      icon: launchIcon,
      args: ARGS,
      why: args => page.kubeflow.why ?? aimed.whyNone(args),
      execute: args => {
        const namespace = text(args, 'namespace') || manager.connection.namespace;
        aimed.aim(args).slice(0, 1).forEach(id => page.kubeflow.open(id, namespace));
      }
    },
    {
      id: CommandIDs.clone,
      label: trans.__('Clone run…'),
      caption: trans.__('Open the form with the pipeline and the values of the run'),
      icon: duplicateIcon,
      args: ARGS,
      why: args =>
        aimed.aim(args).length > 1 ? trans.__('Select one run only.') : aimed.why('clone', args),
      execute: args => page.openForm({ cloneOf: aimed.aim(args)[0], namespace: text(args, 'namespace') })
    }
  ];
}

function listActionRows({ actions, format: { trans } }: ICommandsOptions, aimed: IAimed): readonly ICommand[] {
  const row = (
    action: RunAction,
    look: Pick<ICommand, 'id' | 'label' | 'caption' | 'icon'>,
    act: (runs: readonly Run[]) => Promise<void>
  ): ICommand => ({
    ...look,
    args: ARGS,
    why: args => aimed.why(action, args),
    execute: async args => act((await aimed.choose(args)).filter(run => mayDo(action, run)))
  });
  return [
    row(
      'terminate',
      {
        id: CommandIDs.terminate,
        label: trans.__('Terminate run'),
        caption: trans.__('Stop the running tasks'),
        icon: stopIcon
      },
      runs => actions.terminate(runs)
    ),
    row(
      'retry',
      {
        id: CommandIDs.retry,
        label: trans.__('Retry run'),
        caption: trans.__('Run the failed tasks again'),
        icon: redoIcon
      },
      runs => actions.retry(runs)
    ),
    row(
      'archive',
      {
        id: CommandIDs.archive,
        label: trans.__('Archive run'),
        caption: trans.__('Take the run off the list; the filter Archived shows it'),
        icon: folderIcon
      },
      runs => actions.archive(runs)
    ),
    row(
      'restore',
      {
        id: CommandIDs.restore,
        label: trans.__('Restore run'),
        caption: trans.__('Put an archived run back on the list'),
        icon: undoIcon
      },
      runs => actions.restore(runs)
    ),
    row(
      'delete',
      {
        id: CommandIDs.remove,
        label: trans.__('Delete run…'),
        caption: trans.__('Remove the run and its history'),
        icon: deleteIcon
      },
      runs => actions.remove(runs)
    )
  ];
}

function listCopyRows({ manager, page, actions, format: { trans } }: ICommandsOptions, aimed: IAimed): readonly ICommand[] {
  return [
    {
      id: CommandIDs.copyId,
      label: trans.__('Copy run id'),
      caption: trans.__('Copy the ids of the runs, one a line'),
      icon: copyIcon,
      args: ARGS,
      why: aimed.whyNone,
      execute: args => {
        const ids = aimed.aim(args);
        Clipboard.copyToSystem(ids.join('\n'));
        actions.say(trans._n('Run id copied', '%1 run ids copied', ids.length));
      }
    },
    {
      id: CommandIDs.copyLink,
      label: trans.__('Copy link'),
      caption: trans.__('Copy the addresses that open the runs in JupyterLab'),
      icon: linkIcon,
      args: ARGS,
      why: aimed.whyNone,
      execute: args => {
        const links = aimed.aim(args).map(id => page.linkTo(id, manager.connection.namespace));
        Clipboard.copyToSystem(links.join('\n'));
        actions.say(trans.__('Link copied'));
      }
    }
  ];
}
