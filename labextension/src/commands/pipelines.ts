/** Commands on registered pipelines; each takes the id of one. */
import { Clipboard } from '@jupyterlab/apputils';
import { copyIcon, deleteIcon, fileUploadIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commandids';
import { pipelinesIcon } from '../icons';
import { whyLocked } from '../reasons';
import type { ICommandsOptions } from './options';
import { text } from './table';
import type { Args, ICommand } from './table';

const ARGS = { pipeline_id: 'string', pipeline_version_id: 'string', namespace: 'string' } as const;

export function listPipelineCommands(options: ICommandsOptions): readonly ICommand[] {
  const { manager, page, actions, pipelines, format } = options;
  const { trans } = format;
  const chosen = (args: Args): string | undefined =>
    text(args, 'pipeline_id') ? undefined : trans.__('Choose a pipeline first.');
  const why = (args: Args): string | undefined => whyLocked(manager.connection, trans) ?? chosen(args);
  const namespace = (args: Args): string => text(args, 'namespace') || manager.connection.namespace;
  const open = (args: Args, tab: 'graph' | 'spec' | 'compare'): Promise<void> =>
    page.openPipeline({
      pipelineId: text(args, 'pipeline_id'),
      versionId: text(args, 'pipeline_version_id'),
      namespace: namespace(args),
      tab
    });
  return [
    {
      id: CommandIDs.openPipeline,
      label: args => (args['isRow'] === true ? trans.__('Versions') : trans.__('Open pipeline')),
      caption: trans.__('Show the versions of this pipeline, their graphs, inputs and specs'),
      icon: pipelinesIcon,
      args: { ...ARGS, isRow: 'boolean' },
      why: chosen,
      execute: args => open(args, 'graph')
    },
    {
      id: CommandIDs.openSpec,
      label: trans.__('Open spec'),
      caption: trans.__('Show the compiled pipeline as YAML'),
      icon: pipelinesIcon,
      args: ARGS,
      why: chosen,
      execute: args => open(args, 'spec')
    },
    {
      id: CommandIDs.compareVersions,
      label: trans.__('Compare versions'),
      caption: trans.__('Show what differs between two versions of this pipeline'),
      icon: pipelinesIcon,
      args: ARGS,
      why: chosen,
      execute: args => open(args, 'compare')
    },
    {
      id: CommandIDs.uploadNewVersion,
      label: trans.__('Upload new version…'),
      caption: trans.__('Register another version of this pipeline'),
      icon: fileUploadIcon,
      args: ARGS,
      why,
      execute: async args => (await pipelines()).uploadVersion(namespace(args), text(args, 'pipeline_id'))
    },
    {
      id: CommandIDs.copyPipelineId,
      label: trans.__('Copy id'),
      caption: trans.__('Copy the id of this pipeline'),
      icon: copyIcon,
      args: ARGS,
      why: chosen,
      isHidden: true,
      execute: args => {
        Clipboard.copyToSystem(text(args, 'pipeline_id'));
        actions.say(trans.__('Pipeline id copied'));
      }
    },
    {
      id: CommandIDs.deletePipeline,
      label: trans.__('Delete…'),
      caption: trans.__('Delete this pipeline with its versions'),
      icon: deleteIcon,
      args: ARGS,
      why,
      isHidden: true,
      execute: async args => (await pipelines()).remove(namespace(args), text(args, 'pipeline_id'))
    }
  ];
}
