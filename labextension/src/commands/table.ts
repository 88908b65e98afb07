/** Commands as rows of a table: every one has a label, a caption and an icon, and says why it is off. */
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { DisposableSet } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** The arguments of a command. */
export type Args = ReadonlyPartialJSONObject;

/** A command: one row of a table. */
export interface ICommand {
  readonly id: string;
  /** “Verb object”, with “…” when a dialog or form follows. */
  readonly label: string | ((args: Args) => string);
  /** What it does; while it is off, the reason stands in its place. */
  readonly caption: string;
  readonly icon: LabIcon;
  /** The types of its arguments. */
  readonly args?: Readonly<Record<string, 'string' | 'boolean' | 'object'>>;
  /** Why it cannot be done now; undefined when it can. */
  readonly why?: (args: Args) => string | undefined;
  readonly isToggled?: (args: Args) => boolean;
  /** Whether the palette leaves it out, because it says nothing without arguments. */
  readonly isHidden?: boolean;
  readonly execute: (args: Args) => unknown;
}

/** The class of our commands in menus and in the palette, where those that are off stay visible. */
const CLASS = 'jp-kfp-Verb';

/** Add commands until the handle is disposed. */
export function addCommands(commands: CommandRegistry, rows: readonly ICommand[]): IDisposable {
  return DisposableSet.from(rows.map(row => commands.addCommand(row.id, describe(row))));
}

function describe({ why, caption, args = {}, ...row }: ICommand): CommandRegistry.ICommandOptions {
  const properties = Object.fromEntries(Object.entries(args).map(([name, type]) => [name, { type }]));
  return {
    label: row.label,
    icon: row.icon,
    className: CLASS,
    caption: given => why?.(given) ?? caption,
    describedBy: { args: { type: 'object', properties } },
    isEnabled: given => why?.(given) === undefined,
    isToggleable: row.isToggled !== undefined,
    isToggled: row.isToggled,
    execute: given => row.execute(given)
  };
}

/** List commands in the palette. */
export function addToPalette(palette: ICommandPalette, rows: readonly ICommand[], trans: TranslationBundle): void {
  const category = trans.__('Kubeflow Pipelines');
  rows.filter(({ isHidden }) => !isHidden).forEach(({ id }) => palette.addItem({ command: id, category }));
}

/** Return a text among the arguments, "" if there is none. */
export function text(args: Args, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}
