/** What the commands are given: a plugin provides it. */
import type { Run, Source } from '../api/types';
import type { Format } from '../format';
import type { INotebooks } from '../model/notebooks';
import type { IRunFilter, IRunManager } from '../tokens';
import type { IKeptForm } from '../values/kept';

/** What a form for a new run starts with. */
export interface IFormBegin {
  readonly source?: Source;
  /** The number of the cell that is the source. */
  readonly cell?: number;
  /** The id of a run whose pipeline and values are used. */
  readonly cloneOf?: string;
  readonly namespace?: string;
  /** The name of the experiment that it begins with. */
  readonly experiment?: string;
  /** Whether a recurring run is to be created. */
  readonly onSchedule?: boolean;
  /** The id of a recurring run that is edited. */
  readonly edited?: string;
  /** The form as it was left. */
  readonly kept?: IKeptForm | null;
}

/** What the runs list can be filtered by, besides properties of a run. */
export type FilterSubject = 'experiment' | 'pipeline' | 'recurring';

/** A form for a new run. */
export interface IOpenForm {
  /** Why nothing can be sent now. */
  readonly whyNotRun: string | undefined;
  /** Why there is no code, or no notebook to put it in. */
  readonly whyNotInsert: string | undefined;
  submit(): Promise<void>;
  /** Put the code for the form into the next cell of the notebook in front. */
  insertCode(): Promise<void>;
}

/** Kubeflow's own page about a run. */
export interface IKubeflowPage {
  /** Why there is none. */
  readonly why: string | undefined;
  open(runId: string, namespace: string): void;
}

/** What the view of a pipeline starts with. */
export interface IPipelineBegin {
  readonly pipelineId: string;
  readonly namespace: string;
  /** The version to show; the newest if it is "". */
  readonly versionId?: string;
  readonly tab?: 'graph' | 'inputs' | 'spec' | 'compare';
}

/** What commands do with the page; a plugin provides it. */
export interface IPage {
  togglePanel(): void;
  openRun(runId: string, namespace: string): Promise<void>;
  /** Show the executed notebook of a run in a read-only tab, or offer it as a file. */
  openNotebook(runId: string, namespace: string): Promise<void>;
  downloadNotebook(runId: string, namespace: string): Promise<void>;
  /** Open a run, its log in front. */
  openLog(runId: string, namespace: string): Promise<void>;
  /** The form that was last in front; null if none is open. */
  currentForm(): IOpenForm | null;
  readonly kubeflow: IKubeflowPage;
  /** Open the form for a new run, empty or with a source, or with the values of a run. */
  openForm(start: IFormBegin): Promise<void>;
  openPipeline(start: IPipelineBegin): Promise<void>;
  openDoctor(): Promise<void>;
  openRunsTable(): Promise<void>;
  openSettings(): void;
  whoAmI(): Promise<void>;
  /** The link that opens a run in this JupyterLab. */
  linkTo(runId: string, namespace: string): string;
  /** The path of the file selected in the file browser. */
  chosenFile(): string;
  /** Ask for an experiment, a pipeline or a recurring run; null if nothing was chosen. */
  chooseFilter(subject: FilterSubject): Promise<Partial<IRunFilter> | null>;
  /** Set how many rows a page of the runs list has. */
  setPageSize(size: number): void;
  /** Ask for a namespace; "" if none was chosen. */
  chooseNamespace(): Promise<string>;
  upload(path: string): Promise<void>;
}

/** The actions on runs, which ask for confirmation where needed. */
export interface IRunActions {
  terminate(runs: readonly Run[]): Promise<void>;
  retry(runs: readonly Run[]): Promise<void>;
  archive(runs: readonly Run[]): Promise<void>;
  restore(runs: readonly Run[]): Promise<void>;
  remove(runs: readonly Run[]): Promise<void>;
  runExample(): Promise<Run | null>;
  startEmbedded(): Promise<void>;
  stopEmbedded(): Promise<void>;
  say(text: string): void;
  /** Say why something could not be done. */
  fail(error: unknown): void;
}

/** The actions on experiments, which ask for confirmation where needed and say what came of it. */
export interface IExperimentActions {
  create(): Promise<void>;
  archive(namespace: string, id: string): Promise<void>;
  restore(namespace: string, id: string): Promise<void>;
  remove(namespace: string, id: string): Promise<void>;
}

/** The actions on recurring runs, which ask for confirmation where needed and say what came of it. */
export interface IRecurringActions {
  /** Show only the runs of one in the list of runs. */
  showRuns(namespace: string, id: string): Promise<void>;
  runNow(namespace: string, id: string): Promise<void>;
  /** Switch one on or off. */
  toggle(namespace: string, id: string): Promise<void>;
  remove(namespace: string, id: string): Promise<void>;
}

/** The actions on registered pipelines, likewise. */
export interface IPipelineActions {
  uploadVersion(namespace: string, pipelineId: string): Promise<void>;
  remove(namespace: string, pipelineId: string): Promise<void>;
}

export interface ICommandsOptions {
  /** Loaded when first used. */
  readonly experiments: () => Promise<IExperimentActions>;
  readonly manager: IRunManager;
  readonly page: IPage;
  readonly actions: IRunActions;
  /** Loaded when first used. */
  readonly recurring: () => Promise<IRecurringActions>;
  readonly pipelines: () => Promise<IPipelineActions>;
  readonly format: Format;
  /** The notebooks of the page; null where it has none. */
  readonly notebooks: INotebooks | null;
}
