/** The state of the submit form. */
import type { ErrorBody, Experiment, Inspection, Pipeline, PipelineVersion, Preset, SchedulePreview, Source, SubmitRequest } from '../api/types';
import type { Draft } from './draft';
import { createSchedule, type IScheduleDraft } from './schedule';

/** What a run is made of; `run` is the spec of an earlier run, `cell` a cell or a selection of a notebook. */
export type SourceChoice = 'file' | 'pipeline' | 'notebook' | 'python' | 'cell' | 'run' | 'example';

/** What goes along with a notebook or a cell. */
export interface ILuggage {
  /** Paths below the notebook's folder. */
  readonly files: readonly string[];
  /** Requirements of pip. */
  readonly packages: readonly string[];
  /** "" for the image of this notebook. */
  readonly image: string;
  /** Values of names that other cells define. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The choices of the Options group. */
export interface IRunOptions {
  readonly cache: NonNullable<SubmitRequest['cache']>;
  readonly description: string;
  readonly pipelineRoot: string;
  readonly serviceAccount: string;
}

/** A stage of a submit. */
export interface IStage {
  readonly id: 'check' | 'compile' | 'start';
  readonly state: 'waiting' | 'active' | 'done' | 'failed' | 'unclear';
  /** Seconds it took, when it is done. */
  readonly seconds: number | null;
}

/** The presets of the pipeline, and what one did to the form. */
export interface IFormPresets {
  readonly named: readonly Preset[];
  /** The preset whose values were filled in or kept, "" for those of the last run; null for none. */
  readonly used: string | null;
  /** Names of its values that the pipeline has no parameter for. */
  readonly gone: readonly string[];
  /** Parameters whose values were not kept, since they look like a credential. */
  readonly unkept: readonly string[];
  readonly error: ErrorBody | null;
}

export const NO_PRESETS: IFormPresets = { named: [], used: null, gone: [], unkept: [], error: null };

/** The schedule of a recurring run. */
export interface IScheduleState {
  /** Whether a recurring run is made, and not a run. */
  readonly isOn: boolean;
  readonly draft: IScheduleDraft;
  /** What it means; null until that is known. */
  readonly preview: SchedulePreview | null;
  /** Why the server does not take it. */
  readonly error: ErrorBody | null;
}

/** Everything that the form shows. */
export interface IFormState {
  readonly choice: SourceChoice;
  /** The file, notebook or Python file; of a cell the notebook that it is in. */
  readonly path: string;
  /** The function of a Python file; "" for the first. */
  readonly fn: string;
  /** The code of a cell. */
  readonly code: string;
  /** The number of the cell among all cells, from 1; 0 if there is none. */
  readonly cell: number;
  readonly luggage: ILuggage;
  /** Whether the notebook has changes that are not saved, which the run would lack. */
  readonly unsaved: boolean;
  /** The name of the run that is cloned, or "". */
  readonly clonedFrom: string;
  /** Its values, to say what they were. */
  readonly clonedValues: Readonly<Record<string, unknown>>;
  /** null until they were asked for. */
  readonly pipelines: readonly Pipeline[] | null;
  readonly pipelineId: string;
  readonly versions: readonly PipelineVersion[] | null;
  /** "" for the newest. */
  readonly versionId: string;
  readonly inspecting: boolean;
  readonly inspection: Inspection | null;
  /** Why the source cannot be read. */
  readonly sourceError: ErrorBody | null;
  readonly draft: Draft;
  readonly presets: IFormPresets;
  readonly experiments: readonly Experiment[];
  readonly experiment: string;
  /** What is to be said of the experiment; "" for nothing. */
  readonly experimentHint: string;
  /** Why the lists cannot be read, or the experiment not be created. */
  readonly listError: ErrorBody | null;
  /** null until the person writes one; the proposal is used then. */
  readonly name: string | null;
  readonly options: IRunOptions;
  readonly schedule: IScheduleState;
  /** The id of the recurring run that is edited, or "". */
  readonly edited: string;
  /** Empty while nothing was sent. */
  readonly stages: readonly IStage[];
  readonly submitError: ErrorBody | null;
  /** Whether a request is in flight or not confirmed, so that nothing may be sent. */
  readonly busy: boolean;
}

/** So many experiments are listed at most: with fewer, one that is not listed does not exist. */
export const MOST_LISTED = 200;

/** The form as it opens. */
export const EMPTY_FORM: IFormState = {
  choice: 'file',
  path: '',
  fn: '',
  code: '',
  cell: 0,
  luggage: { files: [], packages: [], image: '', inputs: {} },
  unsaved: false,
  clonedFrom: '',
  clonedValues: {},
  pipelines: null,
  pipelineId: '',
  versions: null,
  versionId: '',
  inspecting: false,
  inspection: null,
  sourceError: null,
  draft: new Map(),
  presets: NO_PRESETS,
  experiments: [],
  experiment: 'Default',
  experimentHint: '',
  listError: null,
  name: null,
  options: { cache: 'compiled', description: '', pipelineRoot: '', serviceAccount: '' },
  schedule: { isOn: false, draft: createSchedule(), preview: null, error: null },
  edited: '',
  stages: [],
  submitError: null,
  busy: false
};

/** Return the name that the run will have, or the recurring run, which needs no time in it. */
export function getRunName({ name, inspection, schedule }: IFormState): string {
  return name ?? (schedule.isOn ? inspection?.pipeline.name : inspection?.display_name) ?? '';
}

/** Whether what is run is code of a notebook, so that files, packages and an image go along. */
export function isNotebook({ choice }: Pick<IFormState, 'choice'>): boolean {
  return choice === 'notebook' || choice === 'cell';
}

/** Whether Python makes the pipeline each time. */
export function isCompiled({ choice }: Pick<IFormState, 'choice'>): boolean {
  return choice === 'python' || choice === 'notebook' || choice === 'cell';
}

/** Return the choice that fits a file of this name. */
export function choiceOf(path: string): 'file' | 'notebook' | 'python' {
  return path.endsWith('.ipynb') ? 'notebook' : path.endsWith('.py') ? 'python' : 'file';
}

/** Return a file below the Jupyter root as a source. */
export function sourceOf(path: string): Source {
  return { kind: choiceOf(path) === 'notebook' ? 'notebook' : 'file', path };
}

/** Return what goes along with a source. */
export function toLuggage({ files, packages, image, inputs }: Source): ILuggage {
  return { files: files ?? [], packages: packages ?? [], image: image ?? '', inputs: inputs ?? {} };
}

/** Return the chosen source, or null while the choice is incomplete; `text` is the spec of the cloned run. */
export function chooseSource(state: IFormState, text: string): Source | null {
  const { choice, pipelineId, versionId, versions, fn, code, luggage } = state;
  const path = state.path.trim();
  const { files, packages, image, inputs } = luggage;
  const along = { files: [...files], packages: [...packages], image: image.trim() };
  switch (choice) {
    case 'file':
      return path ? { kind: 'file', path } : null;
    case 'python':
      return path ? { kind: 'file', path, function: fn } : null;
    case 'notebook':
      return path ? { kind: 'notebook', path, ...along } : null;
    case 'cell':
      return code.trim() ? { kind: 'cell', path, text: code, ...along, inputs: { ...inputs } } : null;
    case 'pipeline': {
      const version = versionId || (versions?.[0]?.pipeline_version_id ?? '');
      return pipelineId && version
        ? { kind: 'pipeline', pipeline_id: pipelineId, pipeline_version_id: version }
        : null;
    }
    case 'run':
      return text ? { kind: 'text', text } : null;
    case 'example':
      return { kind: 'example' };
  }
}
