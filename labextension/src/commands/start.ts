/** Commands that begin a run, or bring something to Kubeflow Pipelines. */
import { fileUploadIcon, runIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commandids';
import { experimentIcon, pipelinesIcon } from '../icons';
import { whyLocked } from '../reasons';
import { readForm, readSource } from '../values/kept';
import type { ICommandsOptions } from './options';
import { text } from './table';
import type { ICommand } from './table';

export function listStartCommands({ manager, page, actions, format }: ICommandsOptions): readonly ICommand[] {
  const { trans } = format;
  const why = (): string | undefined => whyLocked(manager.connection, trans);
  return [
    {
      id: CommandIDs.newRun,
      label: args => (args['isLauncher'] ? trans.__('New pipeline run') : trans.__('New run…')),
      caption: trans.__('Start a run of a pipeline'),
      icon: pipelinesIcon,
      args: { source: 'object', kept: 'object' },
      execute: args => page.openForm({ source: readSource(args['source']), kept: readForm(args['kept']) })
    },
    {
      id: CommandIDs.runFile,
      label: trans.__('Run as pipeline…'),
      caption: trans.__('Start a run of the pipeline in this file'),
      icon: pipelinesIcon,
      args: { path: 'string' },
      execute: args => page.openForm({ source: { kind: 'file', path: text(args, 'path') || page.chosenFile() } })
    },
    {
      id: CommandIDs.uploadPipeline,
      label: trans.__('Upload as pipeline…'),
      caption: trans.__('Register the pipeline in this file, or a new version of it'),
      icon: fileUploadIcon,
      args: { path: 'string' },
      why,
      execute: args => page.upload(text(args, 'path') || page.chosenFile())
    },
    {
      id: CommandIDs.newExperiment,
      label: trans.__('New experiment…'),
      caption: trans.__('Create an experiment in the current namespace'),
      icon: experimentIcon,
      why,
      execute: () => page.newExperiment()
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
