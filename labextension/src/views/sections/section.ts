import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { Token } from '@lumino/coreutils';
import type * as React from 'react';

import type { Ticker } from '../../components/now';
import type { Format } from '../../format';
import type { IRanked, IRegistry } from '../../registry';
import type { INotebookRef, IRunManager } from '../../tokens';
import type { MenuItems } from '../menus';

/** What the panel gives to its sections. */
export interface IPanelContext {
  readonly manager: IRunManager;
  readonly format: Format;
  readonly ticker: Ticker;
  /** The notebook in front; null if none is open. */
  readonly notebook: INotebookRef | null;
  /** Changes when lists that are loaded once are out of date. */
  readonly version: string;
  readonly execute: (command: string, args?: Parameters<CommandRegistry['execute']>[1]) => void;
  /** Show a menu at a place of the page. */
  readonly openMenu: (items: MenuItems, x: number, y: number) => void;
  readonly copy: (text: string) => void;
  /** Say how many there are, once that is known: it stands beside the title. */
  readonly setCount: (count: number) => void;
}

/** A section of the panel. */
export interface IPanelSection extends IRanked {
  readonly title: (trans: TranslationBundle) => string;
  /** Whether it is folded at first; a folded section is not drawn, so it asks for nothing. */
  readonly folded?: boolean;
  /** The count beside the title; empty for none. */
  readonly count?: (context: IPanelContext) => string;
  /** What the + beside the title does. */
  readonly add?: { readonly label: (trans: TranslationBundle) => string; readonly command: string };
  /** Its content; a list says itself what stands in its place while it is empty. */
  readonly Body: React.FunctionComponent<IPanelContext>;
}

/** The sections of the panel. */
export type IPanelSections = IRegistry<IPanelSection>;

export const IPanelSections = new Token<IPanelSections>(
  'jupyter-kfp-mt:IPanelSections',
  'The sections of the Kubeflow Pipelines panel.'
);
