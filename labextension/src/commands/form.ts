/** Commands on the form for a new run that is in front. */
import { addBelowIcon, runIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commandids';
import type { ICommandsOptions, IOpenForm } from './options';
import type { ICommand } from './table';

export function listFormCommands({ page, format: { trans } }: ICommandsOptions): readonly ICommand[] {
  const why = (off: (form: IOpenForm) => string | undefined): string | undefined => {
    const form = page.currentForm();
    return form ? off(form) : trans.__('Open the form for a new run first.');
  };
  return [
    {
      id: CommandIDs.submit,
      label: trans.__('Submit run'),
      caption: trans.__('Start the run that the form describes'),
      icon: runIcon,
      why: () => why(form => form.whyNotRun),
      execute: () => page.currentForm()?.submit()
    },
    {
      id: CommandIDs.insertCode,
      label: trans.__('Insert code in notebook'),
      caption: trans.__('Put what the form does into the next cell of the notebook in front'),
      icon: addBelowIcon,
      why: () => why(form => form.whyNotInsert),
      execute: () => page.currentForm()?.insertCode()
    }
  ];
}
