import type { TranslationBundle } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import type * as React from 'react';

import type { ErrorBody, RunView } from '../../api/types';
import type { Format } from '../../format';
import type { ILogState } from '../../log/state';
import type { IAccess } from '../../reasons';
import type { IRanked, IRegistry } from '../../registry';
import type { RunAction } from '../../rules';
import type { ITaskGraph } from '../../tasks/graph';
import type { IPodState } from '../../tasks/pod';
import type { IFreshness, Ticker } from '../now';

/** The tabs of the pane of a task. */
export type TaskTab = 'log' | 'values' | 'events';

/** Where a person is in the run view. */
export interface IRunPlace {
  /** The id of the tab. */
  readonly tab: string;
  /** The chosen task, `""` for none; null while nobody has chosen. */
  readonly task: string | null;
  /** The task that the view opened with; it stays chosen when it ends. */
  readonly opened: string;
  /** The tab of the pane of the task; null while nobody has chosen. */
  readonly taskTab: TaskTab | null;
  /** The attempt whose log is shown; 0 for the newest. */
  readonly attempt: number;
}

/** Where a run view starts. */
export const FIRST_PLACE: IRunPlace = { tab: 'tasks', task: null, opened: '', taskTab: null, attempt: 0 };

export interface IRunPageProps {
  readonly view: RunView | null;
  readonly error: ErrorBody | null;
  /** Whether the run was deleted; what was known of it stays. */
  readonly isGone: boolean;
  readonly freshness: IFreshness;
  readonly access: IAccess;
  readonly tabs: readonly IRunTab[];
  readonly place: IRunPlace;
  readonly log: ILogState | null;
  readonly pod: IPodState | null;
  readonly tail: number;
  /** Whether lines of logs are wrapped at first. */
  readonly wrap: boolean;
  readonly format: Format;
  readonly ticker: Ticker;
  /** Start of the ids in this view. */
  readonly prefix: string;
  readonly onMove: (place: Partial<IRunPlace>) => void;
  readonly onAction: (action: RunAction) => void;
  readonly onNotebook: (verb: 'open' | 'download') => void;
  readonly onOpenRun: (runId: string) => void;
  readonly onRefresh: () => void;
  readonly onCopy: (text: string, message: string) => void;
  readonly onDownloadLog: () => void;
  readonly onDownloadSpec: () => void;
  readonly onLoadEarlier: () => void;
}

/** A run that was read, and its tasks as a graph. */
export interface ILoadedRun {
  readonly view: RunView;
  readonly graph: ITaskGraph;
}

export interface IRunTabProps extends Omit<IRunPageProps, 'view'>, ILoadedRun {
  /** The id of the task that is shown; empty for none. */
  readonly shown: string;
  /** The tab of its pane. */
  readonly taskTab: TaskTab;
  /** The time, renewed each second. */
  readonly now: number;
  readonly copy: (text: string) => void;
}

/** A tab of the run view. */
export interface IRunTab extends IRanked {
  readonly title: (trans: TranslationBundle) => string;
  /** The count beside the title; 0 for none. */
  readonly count?: (run: ILoadedRun) => number;
  /** Whether the pane of the chosen task is shown, so that its log or pod is read. */
  readonly showsTask?: boolean;
  readonly Body: React.FunctionComponent<IRunTabProps>;
}

/** The tabs of the run view. */
export type IRunTabs = IRegistry<IRunTab>;

export const IRunTabs = new Token<IRunTabs>('jupyter-kfp-mt:IRunTabs', 'The tabs of the view of a run.');
