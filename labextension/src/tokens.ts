import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { KfpApi } from './api/client';
import type {
  BulkEvent,
  BulkJob,
  BulkVerb,
  ErrorBody,
  Experiment,
  Phase,
  Pipeline,
  RecurringRun,
  Run,
  Status,
  SubmitRequest
} from './api/types';

/** How the page is connected to Kubeflow Pipelines. */
export type ConnectionState = 'connecting' | 'connected' | 'lost';

/** The fields by which the runs list is sorted. */
export type SortField = 'created_at' | 'display_name' | 'finished_at';

/** The order of the runs list. */
export interface IRunSort {
  readonly field: SortField;
  readonly descending: boolean;
}

/** A notebook. */
export interface INotebookRef {
  /** Its path below the Jupyter root. */
  readonly path: string;
  /** Our id in its metadata, which stays when the file is moved; "" before a run was started from it. */
  readonly id: string;
}

/** The filter and the order of the runs list. */
export interface IRunFilter {
  readonly search: string;
  /** Only runs in one of these phases; empty for all. */
  readonly states: readonly Phase[];
  /** Only runs of this experiment, or of all; the same for the next two. */
  readonly experiment: Pick<Experiment, 'experiment_id' | 'display_name'> | null;
  readonly pipeline: Pick<Pipeline, 'pipeline_id' | 'display_name'> | null;
  readonly recurring: Pick<RecurringRun, 'recurring_run_id' | 'display_name'> | null;
  /** Only runs created today, in the last seven days, or ever. */
  readonly since: 'any' | 'today' | 'week';
  /** Only runs started from this notebook, or from anywhere. */
  readonly notebook: INotebookRef | null;
  readonly archived: boolean;
  readonly sort: IRunSort;
}

/** A run that is new or has changed. */
export interface IRunChange {
  readonly run: Run;
  /** The phase before; null for a run that was not known. */
  readonly previous: Phase | null;
}

/** Which rows of the runs list are chosen; commands without a `run_id` act on them. */
export interface IRunSelection {
  readonly ids: ReadonlySet<string>;
  /** The focused row; empty if none had the focus. */
  readonly active: string;
  /** The chosen rows, else the one with the focus. */
  readonly targets: readonly string[];
  readonly changed: ISignal<IRunSelection, void>;
  set(ids: Iterable<string>, active?: string): void;
  toggle(id: string): void;
}

/** The connection to Kubeflow Pipelines: where the page is, and as whom. */
export interface IConnection {
  /** The account and the place, as far as known. */
  readonly status: Status | null;
  /** The current namespace; empty until it is known. */
  readonly namespace: string;
  readonly state: ConnectionState;
  /** Why nothing can be shown, or why the rows are old. */
  readonly error: ErrorBody | null;
  /** When the connection was last checked, in milliseconds since 1970; 0 for never. */
  readonly checkedAt: number;
  /** When the next attempt starts after a loss; 0 when none is waiting. */
  readonly retryAt: number;
  setNamespace(namespace: string): Promise<void>;
  /** Start the embedded server and connect to it. */
  startEmbedded(): Promise<void>;
  stopEmbedded(): Promise<void>;
}

/** The runs of the current namespace, as a list that is filtered and loaded page by page. */
export interface IRunList {
  /** The loaded runs that pass the filter, newest first. */
  readonly runs: readonly Run[];
  /** Whether the first page of runs is being loaded and there is nothing to show yet. */
  readonly loading: boolean;
  /** Whether there are more runs to load. */
  readonly hasMore: boolean;
  /** How many runs there are in all, as the server says. */
  readonly total: number;
  /** How many there are without a filter, as last seen; 0 if that is not known. */
  readonly totalOfAll: number;
  /** How many of the runs seen are active, and how many failed, whatever the filter is. */
  readonly counts: { readonly active: number; readonly failed: number };
  readonly filter: IRunFilter;
  readonly selection: IRunSelection;
  /** When the rows were last known to be right, in milliseconds since 1970; 0 for never. */
  readonly updatedAt: number;
  /** Find a loaded run by its id. */
  find(runId: string): Run | undefined;
  /** Return the newest `count` runs of an experiment among those seen, the newest first. */
  listLast(experimentId: string, count: number): readonly Run[];
  /** Load the next page of runs. */
  loadMore(): Promise<void>;
  /** Load every page, up to a bound. */
  loadAll(): Promise<void>;
  setFilter(filter: Partial<IRunFilter>): void;
  /** How many rows a page has. */
  readonly pageSize: number;
  /** Set how many rows a page has. */
  setPageSize(size: number): void;
  /** Take a run off the list before it is deleted, or put it back. */
  hide(runId: string, hidden: boolean): void;
}

/** What can be done with runs, in the current namespace unless another is given; the list shows it at once. */
export interface IRunVerbs {
  /** Start a run. */
  submit(request: SubmitRequest, namespace?: string): Promise<Run>;
  /** Send the request of a run again that `submitLost` was emitted for. */
  submitAgain(runId: string): Promise<Run>;
  terminate(runId: string, namespace?: string): Promise<Run>;
  retry(runId: string, namespace?: string): Promise<Run>;
  archive(runId: string, namespace?: string): Promise<Run>;
  unarchive(runId: string, namespace?: string): Promise<Run>;
  /** Delete a run for good. */
  deleteRun(runId: string, namespace?: string): Promise<void>;
  /** Whether the run was started from this page: the page reports its end. */
  isMine(runId: string): boolean;
  /** Emitted for a run of mine that was not confirmed and that KFP has no record of. */
  readonly submitLost: ISignal<IRunVerbs, Run>;
}

export interface IBulkOptions {
  /** Seconds until the job starts, in which it can be undone. */
  readonly delay?: number;
  /** By default the current one. */
  readonly namespace?: string;
}

/** The scalar metrics of runs, as far as they were read. */
export interface IMetrics {
  /** The metrics that a person wants to see, three at most; empty for the first ones there are. */
  columns: readonly string[];
  readonly changed: ISignal<IMetrics, void>;
  /** Return what is known of a run. */
  readonly find: (run: Run) => Readonly<Record<string, number>> | undefined;
  /** Read those of ended runs that are not known. */
  load(runs: readonly Run[]): Promise<void>;
}

/** Changes of many runs, which the Jupyter server makes whether the page is open or not. */
export interface IBulkJobs {
  /** Emitted for each step of a job. */
  readonly changed: ISignal<IBulkJobs, BulkEvent>;
  /** Start a job. */
  start(verb: BulkVerb, runIds: readonly string[], options?: IBulkOptions): Promise<BulkJob>;
  /** Return the jobs of the namespace that no other page reports on. */
  list(): Promise<readonly BulkJob[]>;
  /** Wait for the end of a job. */
  follow(jobId: string): Promise<BulkJob>;
  /** Stop a job, or undo one that waits; what has started is completed. */
  stop(jobId: string): Promise<BulkJob>;
}

/** The runs of the current namespace, kept up to date while a view is open. */
export interface IRunManager extends IDisposable {
  readonly api: KfpApi;
  readonly connection: IConnection;
  readonly list: IRunList;
  readonly verbs: IRunVerbs;
  readonly bulk: IBulkJobs;
  readonly metrics: IMetrics;
  /** Settles after the first answer, good or bad. */
  readonly ready: Promise<void>;
  /** Emitted after the connection or the list has changed. */
  readonly changed: ISignal<IRunManager, void>;
  /** Emitted for each run that is new or changed, after `changed`. */
  readonly runChanged: ISignal<IRunManager, IRunChange>;
  /** Emitted with the ids of runs that have left the server's list: deleted or archived. */
  readonly runsRemoved: ISignal<IRunManager, readonly string[]>;
  /** Claim what one page of the browser is to do; resolves to whether this page was the first to ask. */
  claim(name: string): Promise<boolean>;
  /** Keep everything up to date until the handle is disposed; so does a run of mine that is active. */
  watch(): IDisposable;
  /** Ask for everything again. */
  refresh(): Promise<void>;
  /** Counts the refreshes: lists that are loaded once are out of date when it changes. */
  readonly revision: number;
}

export const IRunManager = new Token<IRunManager>(
  'jupyter-kfp-mt:IRunManager',
  'The runs of the current Kubeflow Pipelines namespace, kept up to date.'
);
