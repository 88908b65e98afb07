import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { INotebookRef } from '../tokens';

/** What a notebook's metadata keeps for us. */
export interface INotebookMemory {
  readonly id: string;
  /** The experiment that was last used; "" for none. */
  readonly experiment: string;
}

/** A cell, or what is selected in it. */
export interface ICellCode {
  /** The path of its notebook. */
  readonly path: string;
  readonly code: string;
  /** Its number among all cells, from 1. */
  readonly cell: number;
}

/** A value that cannot be sent; the message says why. */
export class UnsentError extends Error {}

/** The notebooks that are open in the page, and what the form does with them. */
export interface INotebooks {
  /** Emitted when another notebook comes to the front, or one is edited, saved, moved or closed. */
  readonly changed: ISignal<INotebooks, void>;
  /** The notebook that was last in front; null if none is open. */
  readonly current: INotebookRef | null;
  /** Return the active cell of the notebook in front, or the one of the context menu: its selected text, if any. */
  findCell(fromMenu: boolean): ICellCode | null;
  /** Insert a code cell after the active one of the notebook in front; false if none is open. */
  insertCell(source: string): boolean;
  /** Whether a notebook is open in the page. */
  isOpen(path: string): boolean;
  /** Whether an open notebook has changes that are not saved. */
  isUnsaved(path: string): boolean;
  save(path: string): Promise<void>;
  /** Tag the first code cell `parameters`, and save; false if the notebook is not open or has no code. */
  tagFirstCell(path: string): Promise<boolean>;
  recall(path: string): INotebookMemory;
  /** Keep the experiment, and an id, in an open notebook; one without other changes is saved. */
  remember(path: string, experiment: string): Promise<INotebookMemory>;
  /** Ask the kernel of an open notebook for the value of a name, which JSON can hold; raises `UnsentError`. */
  evaluate(path: string, name: string): Promise<unknown>;
  /** Show a notebook without a kernel. */
  show(path: string): void;
  /** Open a file at a line. */
  openAt(path: string, line: number): Promise<void>;
}

export const INotebooks = new Token<INotebooks>(
  'jupyter-kfp-mt:INotebooks',
  'The notebooks that are open in the page, as sources of runs.'
);
