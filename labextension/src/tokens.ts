import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { KfpApi } from './api/client';
import type { ErrorBody, Phase, Run, Status, SubmitRequest } from './api/types';

/** How the page is connected to Kubeflow Pipelines. */
export type Connection = 'connecting' | 'connected' | 'lost';

/** What a person wants to see of the runs. */
export interface IRunFilter {
  readonly search: string;
  /** Only runs to which something can still happen, only failed ones, or all. */
  readonly only: 'all' | 'active' | 'failed';
  readonly experimentId: string;
  readonly archived: boolean;
}

/** A run that is new, or that differs from what was known before. */
export interface IRunChange {
  readonly run: Run;
  /** The phase before; null for a run that was not known. */
  readonly previous: Phase | null;
}

/** Which rows of the runs list are chosen; commands without a `run_id` act on them. */
export interface IRunSelection {
  readonly ids: ReadonlySet<string>;
  /** The row with the focus; empty when none had it. */
  readonly active: string;
  /** The chosen rows, else the one with the focus. */
  readonly targets: readonly string[];
  readonly changed: ISignal<IRunSelection, void>;
  set(ids: Iterable<string>, active?: string): void;
  toggle(id: string): void;
}

/** The runs of the current namespace, kept up to date while somebody looks. */
export interface IRunManager extends IDisposable {
  readonly api: KfpApi;
  /** Settles after the first answer, good or bad. */
  readonly ready: Promise<void>;
  /** Who and where, as far as known. */
  readonly status: Status | null;
  /** The current namespace; empty until it is known. */
  readonly namespace: string;
  readonly connection: Connection;
  /** Why nothing can be shown, or why the rows are old. */
  readonly error: ErrorBody | null;
  /** When the rows were last known to be right, in milliseconds since 1970; 0 for never. */
  readonly updatedAt: number;
  /** When the connection was last looked at, in milliseconds since 1970; 0 for never. */
  readonly checkedAt: number;
  /** When the next attempt starts after a loss; 0 when none is waiting. */
  readonly retryAt: number;
  /** The loaded runs that pass the filter, newest first. */
  readonly runs: readonly Run[];
  /** Whether the first page of runs is on its way and there is nothing to show yet. */
  readonly loading: boolean;
  /** Whether there are more runs to load. */
  readonly hasMore: boolean;
  /** How many runs there are in all, as the server says. */
  readonly total: number;
  readonly filter: IRunFilter;
  readonly selection: IRunSelection;
  /** Emitted after anything above has changed. */
  readonly changed: ISignal<IRunManager, void>;
  /** Emitted for each run that is new or changed, after `changed`. */
  readonly runChanged: ISignal<IRunManager, IRunChange>;
  /** Emitted for a run of mine that was not confirmed and that KFP has no record of. */
  readonly submitLost: ISignal<IRunManager, Run>;
  /** A run by its id, when it is loaded. */
  find(runId: string): Run | undefined;
  /** Work while the handle lives: a view is visible, or a run of mine is active. */
  watch(): IDisposable;
  /** Ask for everything again. */
  refresh(): Promise<void>;
  /** Load the next page of runs. */
  loadMore(): Promise<void>;
  setFilter(filter: Partial<IRunFilter>): void;
  /** How many rows a page has. */
  setPageSize(size: number): void;
  setNamespace(namespace: string): Promise<void>;
  /** Start a run; in the current namespace it is shown at once. */
  submit(request: SubmitRequest, namespace?: string): Promise<Run>;
  /** Send again what `submitLost` told of. */
  submitAgain(runId: string): Promise<Run>;
  // The verbs act in the current namespace when none is given, and are shown at once.
  terminate(runId: string, namespace?: string): Promise<Run>;
  retry(runId: string, namespace?: string): Promise<Run>;
  archive(runId: string, namespace?: string): Promise<Run>;
  unarchive(runId: string, namespace?: string): Promise<Run>;
  /** Take a run off the list before it is deleted, or put it back. */
  hide(runId: string, hidden: boolean): void;
  /** Delete a run for good. */
  deleteRun(runId: string, namespace?: string): Promise<void>;
  /** Start the embedded server and connect to it. */
  startEmbedded(): Promise<void>;
  stopEmbedded(): Promise<void>;
  /** Whether the run was started from this page: its end is told. */
  isMine(runId: string): boolean;
}

export const IRunManager = new Token<IRunManager>(
  'jupyter-kfp-mt:IRunManager',
  'The runs of the current Kubeflow Pipelines namespace, kept up to date.'
);
