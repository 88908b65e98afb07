/** Commands about where the page is: the namespace and the embedded server. */
import { copyIcon, runIcon, stopIcon, usersIcon } from '@jupyterlab/ui-components';
import { Clipboard } from '@jupyterlab/apputils';

import { CommandIDs } from '../commandids';
import type { IRunManager } from '../tokens';
import type { ICommandsOptions } from './options';
import { text } from './table';
import type { ICommand } from './table';

/** Whether the embedded server can be started: it is allowed, or it was running and has stopped. */
export function isStartable({ connection }: IRunManager): boolean {
  const { status, state, error } = connection;
  const jupyterGone = error?.code.startsWith('jupyter-') === true;
  return (
    status !== null && state !== 'connected' && !jupyterGone && (status.can_start_embedded || status.embedded)
  );
}

export function listPlaceCommands({ manager, page, actions, format }: ICommandsOptions): readonly ICommand[] {
  const { trans } = format;
  const { connection } = manager;
  const isEmbedded = (): boolean => connection.status?.connected === true && connection.status.embedded;
  const whyNowhere = (): string | undefined =>
    connection.namespace === '' ? trans.__('There is no namespace yet.') : undefined;
  return [
    {
      id: CommandIDs.switchNamespace,
      label: args => text(args, 'namespace') || trans.__('Switch namespace…'),
      caption: trans.__('Show the runs of another namespace'),
      icon: usersIcon,
      args: { namespace: 'string' },
      why: whyNowhere,
      isToggled: args => text(args, 'namespace') === connection.namespace,
      execute: async args => {
        const namespace = text(args, 'namespace') || (await page.chooseNamespace());
        if (namespace !== '') {
          await connection.setNamespace(namespace);
        }
      }
    },
    {
      id: CommandIDs.copyNamespace,
      label: trans.__('Copy namespace'),
      caption: trans.__('Copy the name of the current namespace'),
      icon: copyIcon,
      why: whyNowhere,
      execute: () => {
        Clipboard.copyToSystem(connection.namespace);
        actions.say(trans.__('Namespace copied'));
      }
    },
    {
      id: CommandIDs.startEmbedded,
      label: trans.__('Start embedded server'),
      caption: trans.__('Run pipelines on this machine, for you only'),
      icon: runIcon,
      why: () => {
        if (isStartable(manager)) {
          return undefined;
        }
        if (isEmbedded()) {
          return trans.__('It is running.');
        }
        return connection.state === 'connected'
          ? trans.__('You are connected to a cluster.')
          : trans.__('It may not be started here.');
      },
      execute: () => actions.startEmbedded()
    },
    {
      id: CommandIDs.stopEmbedded,
      label: trans.__('Stop embedded server…'),
      caption: trans.__('Stop what runs on this machine; history stays'),
      icon: stopIcon,
      why: () => (isEmbedded() ? undefined : trans.__('It is not running.')),
      execute: () => actions.stopEmbedded()
    }
  ];
}
