/** The commands: labels, when they are enabled, and what they do. Buttons and menus know only ids. */
import { Clipboard } from '@jupyterlab/apputils';
import { copyIcon, deleteIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { Run, Source } from './api/types';
import { CommandIDs } from './commandids';
import type { Format } from './format';
import { doctorIcon, pipelinesIcon } from './icons';
import { whyLocked, whyOff } from './reasons';
import { mayDo } from './rules';
import type { RunAction } from './rules';
import type { IRunManager } from './tokens';
import { readForm, readSource } from './values/kept';
import type { IKeptForm } from './values/kept';

/** What a form for a new run starts with. */
export interface IFormBegin {
  readonly source?: Source;
  /** The id of a run whose pipeline and values are used. */
  readonly cloneOf?: string;
  readonly namespace?: string;
  /** The form as it was left. */
  readonly kept?: IKeptForm | null;
}

/** What commands do with the page; a plugin provides it. */
export interface IPage {
  togglePanel(): void;
  openRun(runId: string, namespace: string): Promise<void>;
  /** Open the form for a new run, empty or with a source, or with the values of a run. */
  openForm(start: IFormBegin): Promise<void>;
  openDoctor(): Promise<void>;
  openSettings(): void;
  whoAmI(): Promise<void>;
  /** The link that opens a run in this JupyterLab. */
  linkTo(runId: string, namespace: string): string;
  /** The path of the file selected in the file browser. */
  chosenFile(): string;
  newExperiment(): Promise<void>;
  upload(path: string): Promise<void>;
}

/** The actions on runs, which ask for confirmation where needed. */
export interface IRunActions {
  terminate(runs: readonly Run[]): Promise<void>;
  retry(runs: readonly Run[]): Promise<void>;
  archive(runs: readonly Run[]): Promise<void>;
  restore(runs: readonly Run[]): Promise<void>;
  remove(runs: readonly Run[]): Promise<void>;
  runExample(): Promise<Run | null>;
  startEmbedded(): Promise<void>;
  stopEmbedded(): Promise<void>;
  say(text: string): void;
  /** Say why something could not be done. */
  fail(error: unknown): void;
}

export interface ICommandsOptions {
  readonly manager: IRunManager;
  readonly page: IPage;
  readonly actions: IRunActions;
  readonly format: Format;
}

type Args = ReadonlyPartialJSONObject;

function text(args: Args, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}

/** Whether the embedded server can be started: it is allowed, or it was running and has stopped. */
export function isStartable({ connection }: IRunManager): boolean {
  const { status, state, error } = connection;
  const jupyterGone = error?.code.startsWith('jupyter-') === true;
  return (
    status !== null && state !== 'connected' && !jupyterGone && (status.can_start_embedded || status.embedded)
  );
}

/** Add every command; each works on the ids in its arguments, or on the selected rows. */
export function addCommands(commands: CommandRegistry, options: ICommandsOptions): void {
  addViewCommands(commands, options);
  addStartCommands(commands, options);
  addRunCommands(commands, options);
  addCopyCommands(commands, options);
  addPlaceCommands(commands, options);
}

function addViewCommands(commands: CommandRegistry, { manager, page, format }: ICommandsOptions): void {
  const { trans } = format;
  commands.addCommand(CommandIDs.togglePanel, {
    label: trans.__('Show Kubeflow Pipelines'),
    icon: pipelinesIcon,
    describedBy: { args: null },
    execute: () => page.togglePanel()
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh runs'),
    icon: refreshIcon,
    describedBy: { args: null },
    execute: () => manager.refresh()
  });
  commands.addCommand(CommandIDs.doctor, {
    label: trans.__('Pipelines doctor'),
    icon: doctorIcon,
    describedBy: { args: null },
    execute: () => page.openDoctor()
  });
  commands.addCommand(CommandIDs.openSettings, {
    label: trans.__('Settings'),
    describedBy: { args: null },
    execute: () => page.openSettings()
  });
  commands.addCommand(CommandIDs.filter, {
    label: args => text(args, 'label') || trans.__('Filter runs'),
    describedBy: {
      args: {
        type: 'object',
        properties: { label: { type: 'string' }, only: { type: 'string' }, archived: { type: 'boolean' } }
      }
    },
    isToggled: args =>
      args['archived'] !== undefined
        ? manager.list.filter.archived === args['archived']
        : manager.list.filter.only === (args['only'] ?? 'all'),
    execute: args => {
      const { only } = args;
      if (only === 'all' || only === 'active' || only === 'failed') {
        manager.list.setFilter({ only });
      }
      if (typeof args['archived'] === 'boolean') {
        manager.list.setFilter({ archived: args['archived'] && !manager.list.filter.archived });
      }
    }
  });
}

function addStartCommands(commands: CommandRegistry, options: ICommandsOptions): void {
  const { manager, page, actions, format } = options;
  const { trans } = format;
  const isEnabled = (): boolean => whyLocked(manager.connection, trans) === undefined;
  commands.addCommand(CommandIDs.newRun, {
    label: args => (args['isLauncher'] ? trans.__('New pipeline run') : trans.__('New run…')),
    caption: () => whyLocked(manager.connection, trans) ?? trans.__('Start a run of a pipeline'),
    icon: pipelinesIcon,
    describedBy: { args: { type: 'object', properties: { source: { type: 'object' }, kept: { type: 'object' } } } },
    execute: args => page.openForm({ source: readSource(args['source']), kept: readForm(args['kept']) })
  });
  commands.addCommand(CommandIDs.runFile, {
    label: trans.__('Run as pipeline…'),
    icon: pipelinesIcon,
    describedBy: { args: { type: 'object', properties: { path: { type: 'string' } } } },
    execute: args => page.openForm({ source: { kind: 'file', path: text(args, 'path') || page.chosenFile() } })
  });
  commands.addCommand(CommandIDs.uploadPipeline, {
    label: trans.__('Upload as pipeline…'),
    describedBy: { args: { type: 'object', properties: { path: { type: 'string' } } } },
    isEnabled,
    execute: args => page.upload(text(args, 'path') || page.chosenFile())
  });
  commands.addCommand(CommandIDs.newExperiment, {
    label: trans.__('New experiment…'),
    describedBy: { args: null },
    isEnabled,
    execute: () => page.newExperiment()
  });
  commands.addCommand(CommandIDs.runExample, {
    label: trans.__('Run the example'),
    describedBy: { args: null },
    isEnabled,
    execute: async () => {
      const run = await actions.runExample();
      if (run) {
        await page.openRun(run.run_id, manager.connection.namespace);
      }
    }
  });
}

function addRunCommands(commands: CommandRegistry, options: ICommandsOptions): void {
  const { manager, page, actions, format } = options;
  const { trans } = format;
  const loaded = (ids: readonly string[]): Run[] =>
    ids.map(id => manager.list.find(id)).filter(run => run !== undefined);
  const aimedAt = (args: Args): readonly string[] =>
    text(args, 'run_id') ? [text(args, 'run_id')] : manager.list.selection.targets;
  // A run view may show a run that is not in the list.
  const chosen = async (args: Args): Promise<Run[]> => {
    const id = text(args, 'run_id');
    const runs = loaded(aimedAt(args));
    if (!id || runs.length > 0) {
      return runs;
    }
    const namespace = text(args, 'namespace') || manager.connection.namespace;
    try {
      return [{ ...(await manager.api.viewRun(namespace, id)).run, namespace }];
    } catch (error) {
      actions.fail(error);
      return [];
    }
  };
  const describedBy = {
    args: {
      type: 'object' as const,
      properties: { run_id: { type: 'string' as const }, namespace: { type: 'string' as const } }
    }
  };
  /** Why a command does nothing now: it may be locked, aim at nothing, or fit none of the runs it aims at. */
  const why = (action: RunAction, args: Args): string | undefined => {
    const locked = whyLocked(manager.connection, trans);
    const ids = aimedAt(args);
    if (locked !== undefined || ids.length === 0) {
      return locked ?? trans.__('Select a run first.');
    }
    const reasons = loaded(ids).map(run => whyOff(action, run, manager.connection, trans));
    return reasons.includes(undefined) ? undefined : reasons[0];
  };
  const add = (
    action: RunAction,
    id: string,
    label: string,
    execute: (runs: Run[]) => Promise<void>,
    icon?: typeof stopIcon
  ): void => {
    commands.addCommand(id, {
      label,
      caption: args => why(action, args) ?? label,
      icon,
      describedBy,
      isEnabled: args => why(action, args) === undefined,
      execute: async args => execute((await chosen(args)).filter(run => mayDo(action, run)))
    });
  };
  add('terminate', CommandIDs.terminate, trans.__('Terminate run'), runs => actions.terminate(runs), stopIcon);
  add('retry', CommandIDs.retry, trans.__('Retry run'), runs => actions.retry(runs), refreshIcon);
  add('archive', CommandIDs.archive, trans.__('Archive run'), runs => actions.archive(runs));
  add('restore', CommandIDs.restore, trans.__('Restore run'), runs => actions.restore(runs));
  add('delete', CommandIDs.remove, trans.__('Delete run…'), runs => actions.remove(runs), deleteIcon);
  commands.addCommand(CommandIDs.openRun, {
    label: trans.__('Open run'),
    describedBy: {
      args: { type: 'object', properties: { run_id: { type: 'string' }, namespace: { type: 'string' } } }
    },
    isEnabled: args => aimedAt(args).length > 0,
    execute: async args => {
      const [id] = aimedAt(args);
      if (id !== undefined) {
        await page.openRun(id, text(args, 'namespace') || manager.connection.namespace);
      }
    }
  });
  commands.addCommand(CommandIDs.clone, {
    label: trans.__('Clone run…'),
    describedBy,
    isEnabled: args => aimedAt(args).length === 1 && why('clone', args) === undefined,
    execute: args =>
      page.openForm({
        cloneOf: aimedAt(args)[0],
        namespace: text(args, 'namespace')
      })
  });
}

function addCopyCommands(commands: CommandRegistry, options: ICommandsOptions): void {
  const { manager, page, actions, format } = options;
  const { trans } = format;
  const ids = (args: Args): readonly string[] =>
    text(args, 'run_id') ? [text(args, 'run_id')] : manager.list.selection.targets;
  const describedBy = { args: { type: 'object' as const, properties: { run_id: { type: 'string' as const } } } };
  commands.addCommand(CommandIDs.copyId, {
    label: trans.__('Copy run id'),
    icon: copyIcon,
    describedBy,
    isEnabled: args => ids(args).length > 0,
    execute: args => {
      Clipboard.copyToSystem(ids(args).join('\n'));
      actions.say(trans._n('Run id copied', '%1 run ids copied', ids(args).length));
    }
  });
  commands.addCommand(CommandIDs.copyLink, {
    label: trans.__('Copy link'),
    icon: copyIcon,
    describedBy,
    isEnabled: args => ids(args).length > 0,
    execute: args => {
      const links = ids(args).map(id => page.linkTo(id, manager.connection.namespace));
      Clipboard.copyToSystem(links.join('\n'));
      actions.say(trans.__('Link copied'));
    }
  });
  commands.addCommand(CommandIDs.copyNamespace, {
    label: trans.__('Copy namespace'),
    icon: copyIcon,
    describedBy: { args: null },
    isEnabled: () => manager.connection.namespace !== '',
    execute: () => {
      Clipboard.copyToSystem(manager.connection.namespace);
      actions.say(trans.__('Namespace copied'));
    }
  });
}

function addPlaceCommands(commands: CommandRegistry, options: ICommandsOptions): void {
  const { manager, page, actions, format } = options;
  const { trans } = format;
  commands.addCommand(CommandIDs.switchNamespace, {
    label: args => text(args, 'namespace') || trans.__('Switch namespace'),
    describedBy: { args: { type: 'object', properties: { namespace: { type: 'string' } }, required: ['namespace'] } },
    isToggled: args => text(args, 'namespace') === manager.connection.namespace,
    isEnabled: args => text(args, 'namespace') !== '',
    execute: args => manager.connection.setNamespace(text(args, 'namespace'))
  });
  commands.addCommand(CommandIDs.whoAmI, {
    label: trans.__('Who am I…'),
    describedBy: { args: null },
    isEnabled: () => manager.connection.status !== null,
    execute: () => page.whoAmI()
  });
  commands.addCommand(CommandIDs.startEmbedded, {
    label: trans.__('Start embedded server'),
    describedBy: { args: null },
    isEnabled: () => isStartable(manager),
    execute: () => actions.startEmbedded()
  });
  commands.addCommand(CommandIDs.stopEmbedded, {
    label: trans.__('Stop embedded server…'),
    describedBy: { args: null },
    isEnabled: () => manager.connection.status?.connected === true && manager.connection.status.embedded,
    execute: () => actions.stopEmbedded()
  });
}
