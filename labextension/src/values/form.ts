/** The state of the submit form. */
import type { ErrorBody, Experiment, Inspection, Pipeline, PipelineVersion, Source, SubmitRequest } from '../api/types';
import type { Draft } from './draft';

/** Where the pipeline of a new run comes from; `run` is the spec of an earlier run. */
export type SourceChoice = 'file' | 'pipeline' | 'run' | 'example';

/** The choices of the Options group. */
export interface IRunOptions {
  readonly cache: NonNullable<SubmitRequest['cache']>;
  readonly description: string;
  readonly pipelineRoot: string;
  readonly serviceAccount: string;
}

/** A stage of a submit. */
export interface IStage {
  readonly id: 'check' | 'start';
  readonly state: 'waiting' | 'active' | 'done' | 'failed' | 'unclear';
  /** Seconds it took, when it is done. */
  readonly seconds: number | null;
}

/** Everything that the form shows. */
export interface IFormState {
  readonly choice: SourceChoice;
  readonly path: string;
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
  readonly experiments: readonly Experiment[];
  readonly experiment: string;
  /** Why the lists cannot be read, or the experiment not be created. */
  readonly listError: ErrorBody | null;
  /** null until the person writes one; the proposal is used then. */
  readonly name: string | null;
  readonly options: IRunOptions;
  /** Empty while nothing was sent. */
  readonly stages: readonly IStage[];
  readonly submitError: ErrorBody | null;
  /** Whether a request is in flight or not confirmed, so that nothing may be sent. */
  readonly busy: boolean;
}

/** The form as it opens. */
export const EMPTY_FORM: IFormState = {
  choice: 'file',
  path: '',
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
  experiments: [],
  experiment: 'Default',
  listError: null,
  name: null,
  options: { cache: 'compiled', description: '', pipelineRoot: '', serviceAccount: '' },
  stages: [],
  submitError: null,
  busy: false
};

/** Return the name that the run will have. */
export function getRunName(state: IFormState): string {
  return state.name ?? state.inspection?.display_name ?? '';
}

/** Return the chosen source, or null while the choice is incomplete; `text` is the spec of the cloned run. */
export function chooseSource(state: IFormState, text: string): Source | null {
  const { choice, path, pipelineId, versionId, versions } = state;
  switch (choice) {
    case 'file':
      return path.trim() ? { kind: 'file', path: path.trim() } : null;
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
