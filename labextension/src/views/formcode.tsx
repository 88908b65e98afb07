/** The form as code: the preview, and the menus of what can be copied and of presets. */
import { Dialog, InputDialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Preview } from '../api/types';
import { PreviewTabs } from '../components/form/PreviewTabs';
import { openMenu } from './menus';

/** Show what would be sent. */
export async function showPreview(
  preview: Preview,
  trans: TranslationBundle,
  onCopy: (text: string) => void
): Promise<void> {
  await showDialog({
    title: trans.__('Preview'),
    body: ReactWidget.create(<PreviewTabs preview={preview} prefix="jp-kfp-preview" trans={trans} onCopy={onCopy} />),
    buttons: [Dialog.cancelButton({ label: trans.__('Close') })]
  });
}

/** An item of a small menu of the form. */
export interface IChoice {
  readonly label: string;
  readonly run: () => unknown;
  /** Why it is off. */
  readonly off?: string;
}

/** Open a menu at a place of the page; null is a line between items. */
export function openChoices(choices: readonly (IChoice | null)[], x: number, y: number): void {
  const commands = new CommandRegistry();
  const items = choices.map((choice, index) => {
    if (choice === null) {
      return null;
    }
    const command = `choice-${index}`;
    commands.addCommand(command, {
      label: choice.label,
      caption: choice.off,
      describedBy: { args: null },
      isEnabled: () => choice.off === undefined,
      execute: () => choice.run()
    });
    return { command };
  });
  openMenu(commands, items, x, y);
}

/** Ask for the name of a preset; "" if none is wanted. */
export async function askPresetName(used: string, trans: TranslationBundle): Promise<string> {
  const { value } = await InputDialog.getText({
    title: trans.__('Save preset'),
    label: trans.__('Name; a preset of this name is replaced'),
    text: used,
    okLabel: trans.__('Save'),
    cancelLabel: trans.__('Cancel')
  });
  return value?.trim() ?? '';
}

/** Ask which preset is to be deleted; "" for none. */
export async function askDeletedPreset(names: readonly string[], trans: TranslationBundle): Promise<string> {
  const { value } = await InputDialog.getItem({
    title: trans.__('Delete preset'),
    label: trans.__('The values of the form stay.'),
    items: [...names],
    okLabel: trans.__('Delete'),
    cancelLabel: trans.__('Cancel')
  });
  return value ?? '';
}
