/** The commands. Buttons and menus know only their ids; one more is a row in the file of its subject. */
import { listExperimentCommands } from './experiments';
import { listFilterCommands } from './filter';
import { listFormCommands } from './form';
import type { ICommandsOptions } from './options';
import { listPlaceCommands } from './place';
import { listPipelineCommands } from './pipelines';
import { listRecurringCommands } from './recurring';
import { listRunCommands } from './runs';
import { listStartCommands } from './start';
import type { ICommand } from './table';
import { listViewCommands } from './view';

export type {
  FilterSubject,
  IExperimentActions,
  IFormBegin,
  IKubeflowPage,
  IOpenForm,
  IPage,
  IPipelineActions,
  IPipelineBegin,
  IRecurringActions,
  IRunActions
} from './options';
export { isStartable } from './place';
export { addCommands, addToPalette } from './table';

/** List every command; each works on the ids in its arguments, or on the chosen rows. */
export function listCommands(options: ICommandsOptions): readonly ICommand[] {
  return [
    ...listViewCommands(options),
    ...listStartCommands(options),
    ...listFormCommands(options),
    ...listRunCommands(options),
    ...listExperimentCommands(options),
    ...listFilterCommands(options),
    ...listRecurringCommands(options),
    ...listPipelineCommands(options),
    ...listPlaceCommands(options)
  ];
}
