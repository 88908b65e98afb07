/** Commands that begin a run, or bring something to Kubeflow Pipelines. */
import { fileUploadIcon, runIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commandids';
import { pipelinesIcon } from '../icons';
import { whyLocked } from '../reasons';
import { sourceOf } from '../values/form';
import { readForm, readSource } from '../values/kept';
import type { ICommandsOptions } from './options';
import { text } from './table';
import type { Args, ICommand } from './table';

export function listStartCommands(options: ICommandsOptions): readonly ICommand[] {
  const { manager, page, actions, format, notebooks } = options;
  const { trans } = format;
  const findNotebook = (args: Args): string => text(args, 'path') || (notebooks?.current?.path ?? '');
  const why = (): string | undefined => whyLocked(manager.connection, trans);
  return [
    {
      id: CommandIDs.newRun,
      label: args => (args['isLauncher'] ? trans.__('New pipeline run') : trans.__('New run…')),
      caption: trans.__('Start a run of a pipeline'),
      icon: pipelinesIcon,
      args: { source: 'object', kept: 'object', isLauncher: 'boolean' },
      execute: args => page.openForm({ source: readSource(args['source']), kept: readForm(args['kept']) })
    },
    {
      id: CommandIDs.runFile,
      label: trans.__('Run as pipeline…'),
      caption: trans.__('Start a run of the pipeline in this file'),
      icon: pipelinesIcon,
      args: { path: 'string' },
      execute: args => page.openForm({ source: sourceOf(text(args, 'path') || page.chosenFile()) })
    },
    {
      id: CommandIDs.runNotebook,
      label: args => (args['toolbar'] ? '' : trans.__('Run notebook as pipeline…')),
      caption: trans.__('Run this notebook as a pipeline'),
      icon: pipelinesIcon,
      args: { path: 'string', toolbar: 'boolean' },
      why: args => (findNotebook(args) === '' ? trans.__('Open a notebook first.') : undefined),
      execute: args => page.openForm({ source: { kind: 'notebook', path: findNotebook(args) } })
    },
    {
      id: CommandIDs.runCell,
      label: trans.__('Run cell as pipeline…'),
      caption: trans.__('Run the active cell, or what is selected, as a pipeline of one task'),
      icon: pipelinesIcon,
      args: { menu: 'boolean' },
      why: args => (notebooks?.findCell(args['menu'] === true) ? undefined : trans.__('Choose a code cell first.')),
      execute: args => {
        const cell = notebooks?.findCell(args['menu'] === true);
        return cell
          ? page.openForm({ source: { kind: 'cell', path: cell.path, text: cell.code }, cell: cell.cell })
          : undefined;
      }
    },
    {
      id: CommandIDs.uploadPipeline,
      label: args => (args['chosen'] ? trans.__('Upload as pipeline…') : trans.__('Upload pipeline…')),
      caption: trans.__('Register a pipeline, or a new version of one: from disk, the file browser or an address'),
      icon: fileUploadIcon,
      args: { path: 'string', chosen: 'boolean' },
      why,
      execute: args => page.upload(text(args, 'path') || (args['chosen'] ? page.chosenFile() : ''))
    },
    {
      id: CommandIDs.runExample,
      label: trans.__('Run the example'),
      caption: trans.__('Start a small pipeline that comes with this extension'),
      icon: runIcon,
      why,
      execute: async () => {
        const run = await actions.runExample();
        if (run) {
          await page.openRun(run.run_id, manager.connection.namespace);
        }
      }
    }
  ];
}
