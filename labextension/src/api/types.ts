/** Short names for the generated types of the REST interface. */
import type { components, paths } from './schema';

type Schemas = components['schemas'];

/** What a request body must have, the rest having defaults on the server. */
type Wanted<T, Required extends keyof T> = Pick<T, Required> & Partial<Omit<T, Required>>;

export type AccessList = Schemas['AccessList'];
export type Artifact = Schemas['Artifact'];
export type BulkEvent = Schemas['BulkEvent'];
export type BulkFailure = Schemas['BulkFailure'];
export type BulkJob = Schemas['BulkJob'];
export type BulkList = Schemas['BulkList'];
export type BulkRequest = Wanted<Schemas['BulkRequest'], 'verb' | 'run_ids'>;
export type BulkVerb = Schemas['BulkVerb'];
export type Caution = Schemas['Caution'];
export type CellName = Schemas['CellName'];
export type Check = Schemas['Check'];
export type DoctorReport = Schemas['DoctorReport'];
export type ErrorBody = Schemas['ErrorBody'];
export type ExecutedNotebook = Schemas['ExecutedNotebook'];
export type Experiment = Schemas['Experiment'];
export type ExperimentPage = Schemas['ExperimentPage'];
export type ExperimentRequest = Wanted<Schemas['ExperimentRequest'], 'display_name'>;
export type ExperimentView = Schemas['ExperimentView'];
export type Failure = Schemas['Failure'];
export type Import = Schemas['Import'];
export type Inspection = Schemas['Inspection'];
export type LogChunk = Schemas['LogChunk'];
export type Origin = Schemas['Origin'];
export type MetricsPage = Schemas['MetricsPage'];
export type ParameterSpec = Schemas['ParameterSpec'];
export type ParameterType = Schemas['ParameterType'];
export type ParameterValue = Schemas['ParameterValue'];
export type Phase = Schemas['Phase'];
export type Pipeline = Schemas['Pipeline'];
export type PipelineInfo = Schemas['PipelineInfo'];
export type PipelinePage = Schemas['PipelinePage'];
export type PipelineVersion = Schemas['PipelineVersion'];
export type PipelineVersionPage = Schemas['PipelineVersionPage'];
export type PipelineView = Schemas['PipelineView'];
export type PodEvent = Schemas['PodEvent'];
export type PodView = Schemas['PodView'];
export type Preset = Schemas['Preset'];
export type PresetList = Schemas['PresetList'];
export type PresetRequest = Wanted<Schemas['PresetRequest'], 'pipeline' | 'name'>;
export type Preview = Schemas['Preview'];
export type PreviewRequest = Wanted<Omit<Schemas['PreviewRequest'], 'run'> & { run: SubmitRequest }, 'run'>;
export type Progress = Schemas['Progress'];
export type RecurringRun = Schemas['RecurringRun'];
export type RecurringRunPage = Schemas['RecurringRunPage'];
export type Run = Schemas['Run'];
export type RunPage = Schemas['RunPage'];
export type RunsEvent = Schemas['RunsEvent'];
export type RunView = Schemas['RunView'];
/** What the SDK's `context.json` can be made to forget. */
export type SavedPart = NonNullable<
  NonNullable<paths['/jupyter-kfp-mt/saved-context']['delete']['parameters']['query']>['part']
>;
export type SentFile = Schemas['SentFile'];
export type Source = Wanted<Schemas['Source'], 'kind'>;
export type SourceFunction = Schemas['SourceFunction'];
export type Status = Schemas['Status'];
export type SubmitRequest = Wanted<Omit<Schemas['SubmitRequest'], 'source'> & { source: Source }, 'source'>;
export type Task = Schemas['Task'];
export type TaskValues = Schemas['TaskValues'];
export type UploadRequest = Wanted<Omit<Schemas['UploadRequest'], 'source'> & { source: Source }, 'source'>;
export type Schedule = Partial<Schemas['Schedule']>;
export type SchedulePreview = Schemas['SchedulePreview'];
export type SpecTask = Schemas['SpecTask'];
export type TextDifference = Schemas['TextDifference'];
export type DifferenceRow = Schemas['DifferenceRow'];
export type LineBlock = Schemas['LineBlock'];
export type VersionDifference = Schemas['VersionDifference'];
export type VersionView = Schemas['VersionView'];
/** A recurring run to create, or what one becomes. */
export interface RecurringRunRequest {
  readonly run: SubmitRequest;
  readonly schedule: Schedule;
  readonly enabled?: boolean;
}
