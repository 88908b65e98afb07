import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import { version } from '../../package.json';
import { createErrorBody, isErrorBody, KfpApiError } from './errors';
import { readEvents } from './sse';
import type {
  AccessList,
  BulkJob,
  BulkList,
  BulkRequest,
  Check,
  DoctorReport,
  ErrorBody,
  ExecutedNotebook,
  Experiment,
  ExperimentPage,
  ExperimentRequest,
  ExperimentView,
  Inspection,
  LogChunk,
  MetricsPage,
  PipelinePage,
  PipelineVersion,
  PipelineVersionPage,
  PipelineView,
  PodView,
  Preset,
  PresetList,
  PresetRequest,
  Preview,
  PreviewRequest,
  RecurringRun,
  RecurringRunPage,
  RecurringRunRequest,
  Run,
  RunPage,
  RunView,
  SavedPart,
  Schedule,
  SchedulePreview,
  Source,
  Status,
  SubmitRequest,
  UploadRequest,
  VersionDifference,
  VersionView
} from './types';

export { toErrorBody, createErrorBody, KfpApiError } from './errors';

/** The version of this half of the extension. */
export const VERSION: string = version;

/** The first part of every path of ours. */
const ROOT = 'jupyter-kfp-mt';

/** The query of a page of any resource. */
export interface IPageQuery {
  readonly page_size?: number;
  readonly page_token?: string;
  readonly sort_by?: string;
}

/** Which runs a page should contain. */
export interface IRunQuery extends IPageQuery {
  /** KFP states, separated by commas. */
  readonly state?: string;
  readonly search?: string;
  readonly experiment_id?: string;
  readonly pipeline_id?: string;
  readonly recurring_run_id?: string;
  /** RFC 3339, in UTC. */
  readonly created_after?: string;
  readonly archived?: boolean;
  /** Only runs started from the notebook at this path, or with this id. */
  readonly notebook?: string;
  readonly notebook_id?: string;
}

/** Which part of a log is wanted: from a byte, or the last lines. */
export interface ILogQuery {
  readonly offset?: number;
  readonly attempt?: number;
  readonly tail?: number;
}

/** Stands for the namespace in a path if KFP has none. */
const NO_NAMESPACE = '-';

type Query = Record<string, string | number | boolean | undefined>;

/**
 * The REST interface of the server half.
 *
 * Every method rejects with `KfpApiError`. Nothing here talks to Kubeflow Pipelines or sees a credential of it.
 */
export class KfpApi {
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _trans: TranslationBundle
  ) {}

  /** The Jupyter server that is asked. */
  get baseUrl(): string {
    return this._settings.baseUrl;
  }

  /** Return who and where; rejects with `version-mismatch` if page and server differ. */
  async status(namespace = ''): Promise<Status> {
    const status = await this._get<Status>(['status'], { namespace });
    if (status.version !== VERSION) {
      throw new KfpApiError(this._versionMismatch(status.version), 0);
    }
    return status;
  }

  /** Return who has access to a namespace, as far as we may know. */
  async listGrants(namespace: string): Promise<AccessList> {
    return this._get<AccessList>([...getNamespacePath(namespace), 'access']);
  }

  /** Run the doctor's checks in order; `onCheck` receives each as soon as it is done. */
  async doctor(namespace: string, onCheck: (check: Check) => void): Promise<DoctorReport> {
    const headers = { Accept: 'text/event-stream' };
    const response = await this._request(['doctor', 'events'], { namespace }, { method: 'GET', headers });
    for await (const { event, data } of readEvents(response)) {
      if (event === 'check') {
        onCheck(JSON.parse(data) as Check);
      } else if (event === 'report') {
        return JSON.parse(data) as DoctorReport;
      }
    }
    throw new KfpApiError(this._unexpected(response, ''), response.status);
  }

  /** Create “Allow access to Kubeflow Pipelines” in this notebook's profile. */
  async createAccessOption(): Promise<void> {
    await this._send('POST', ['access-option']);
  }

  /** Restart this notebook with that option; the server stops soon after it responds. */
  async restartNotebook(): Promise<void> {
    await this._send('POST', ['notebook', 'restart']);
  }

  /** Remove a namespace or a header from the SDK's `context.json`. */
  async forgetSaved(part: SavedPart): Promise<void> {
    await this._decode(await this._request(['saved-context'], { part }, { method: 'DELETE' }));
  }

  /** Start the embedded server unless it is running. */
  startEmbedded(): Promise<Status> {
    return this._send('POST', ['embedded']);
  }

  /** Stop the embedded server. */
  stopEmbedded(): Promise<Status> {
    return this._send('DELETE', ['embedded']);
  }

  /** Read a pipeline for the submit form; starts nothing. */
  inspect(namespace: string, source: Source): Promise<Inspection> {
    return this._send('POST', [...getNamespacePath(namespace), 'inspect'], source);
  }

  /** Return what a submit would send, and the code for it; sends nothing. */
  preview(namespace: string, request: PreviewRequest): Promise<Preview> {
    return this._send('POST', [...getNamespacePath(namespace), 'preview'], request);
  }

  /** Return the presets of a pipeline by its own name, and the values of its last run. */
  listPresets(namespace: string, pipeline: string): Promise<PresetList> {
    return this._get([...getNamespacePath(namespace), 'presets'], { pipeline });
  }

  /** Keep a preset, and return what is kept of it. */
  savePreset(namespace: string, request: PresetRequest): Promise<Preset> {
    return this._send('POST', [...getNamespacePath(namespace), 'presets'], request);
  }

  /** Delete a preset. */
  async deletePreset(namespace: string, pipeline: string, name: string): Promise<void> {
    const path = [...getNamespacePath(namespace), 'presets'];
    await this._decode(await this._request(path, { pipeline, name }, { method: 'DELETE' }));
  }

  /** Return one page of runs, without their specs. */
  listRuns(namespace: string, query: IRunQuery = {}): Promise<RunPage> {
    return this._get([...getNamespacePath(namespace), 'runs'], { ...query });
  }

  /** Return a run with its tasks and parameters. */
  viewRun(namespace: string, runId: string): Promise<RunView> {
    return this._get([...getNamespacePath(namespace), 'runs', runId]);
  }

  /** Start a run. */
  submit(namespace: string, request: SubmitRequest): Promise<Run> {
    return this._send('POST', [...getNamespacePath(namespace), 'runs'], request);
  }

  /** Stop a run; safe to repeat. */
  terminate(namespace: string, runId: string): Promise<Run> {
    return this._send('POST', [...getNamespacePath(namespace), 'runs', runId, 'terminate']);
  }

  /** Retry a run from its failed tasks. */
  retry(namespace: string, runId: string): Promise<Run> {
    return this._send('POST', [...getNamespacePath(namespace), 'runs', runId, 'retry']);
  }

  /** Take a run off the list; safe to repeat. */
  archive(namespace: string, runId: string): Promise<Run> {
    return this._send('POST', [...getNamespacePath(namespace), 'runs', runId, 'archive']);
  }

  /** Put an archived run back on the list; safe to repeat. */
  unarchive(namespace: string, runId: string): Promise<Run> {
    return this._send('POST', [...getNamespacePath(namespace), 'runs', runId, 'unarchive']);
  }

  /** Delete a run for good. */
  async deleteRun(namespace: string, runId: string): Promise<void> {
    await this._send('DELETE', [...getNamespacePath(namespace), 'runs', runId]);
  }

  /** Return the executed notebook of a run, with its outputs. */
  readNotebook(namespace: string, runId: string): Promise<ExecutedNotebook> {
    return this._get([...getNamespacePath(namespace), 'runs', runId, 'notebook']);
  }

  /** Return the scalar metrics of at most fifty runs. */
  listMetrics(namespace: string, runIds: readonly string[]): Promise<MetricsPage> {
    return this._get([...getNamespacePath(namespace), 'metrics'], { run_ids: runIds.join(',') });
  }

  /** Start one change of many runs; the same id is the same job. */
  startBulk(namespace: string, request: BulkRequest): Promise<BulkJob> {
    return this._send('POST', [...getNamespacePath(namespace), 'bulk'], request);
  }

  /** Return the changes of many runs that have not ended, or have lately. */
  listBulk(namespace: string): Promise<BulkList> {
    return this._get([...getNamespacePath(namespace), 'bulk']);
  }

  /** Return how far a change of many runs has come. */
  viewBulk(namespace: string, jobId: string): Promise<BulkJob> {
    return this._get([...getNamespacePath(namespace), 'bulk', jobId]);
  }

  /** Stop a change of many runs; one that has ended is listed no more. */
  stopBulk(namespace: string, jobId: string): Promise<BulkJob> {
    return this._send('DELETE', [...getNamespacePath(namespace), 'bulk', jobId]);
  }

  /** Return a part of a task's log. */
  log(namespace: string, runId: string, taskId: string, query: ILogQuery = {}): Promise<LogChunk> {
    return this._get([...getNamespacePath(namespace), 'runs', runId, 'tasks', taskId, 'log'], { ...query });
  }

  /** Return the pod of an attempt at a task; 0 is the last attempt. */
  pod(namespace: string, runId: string, taskId: string, attempt = 0): Promise<PodView> {
    return this._get([...getNamespacePath(namespace), 'runs', runId, 'tasks', taskId, 'pod'], { attempt });
  }

  /** Return one page of experiments. */
  listExperiments(
    namespace: string,
    query: IPageQuery & { search?: string; archived?: boolean } = {}
  ): Promise<ExperimentPage> {
    return this._get([...getNamespacePath(namespace), 'experiments'], { ...query });
  }

  /** Return an experiment, and how much goes with it when it is archived. */
  viewExperiment(namespace: string, experimentId: string): Promise<ExperimentView> {
    return this._get([...getNamespacePath(namespace), 'experiments', experimentId]);
  }

  /** Archive an experiment and its runs; safe to repeat. */
  archiveExperiment(namespace: string, experimentId: string): Promise<Experiment> {
    return this._send('POST', [...getNamespacePath(namespace), 'experiments', experimentId, 'archive']);
  }

  /** Restore an experiment without its runs; safe to repeat. */
  unarchiveExperiment(namespace: string, experimentId: string): Promise<Experiment> {
    return this._send('POST', [...getNamespacePath(namespace), 'experiments', experimentId, 'unarchive']);
  }

  /** Delete an experiment; its runs stay. */
  async deleteExperiment(namespace: string, experimentId: string): Promise<void> {
    await this._send('DELETE', [...getNamespacePath(namespace), 'experiments', experimentId]);
  }

  /** Create an experiment. */
  createExperiment(namespace: string, request: ExperimentRequest): Promise<Experiment> {
    return this._send('POST', [...getNamespacePath(namespace), 'experiments'], request);
  }

  /** Return one page of recurring runs. */
  listRecurringRuns(namespace: string, query: IPageQuery & { search?: string } = {}): Promise<RecurringRunPage> {
    return this._get([...getNamespacePath(namespace), 'recurring-runs'], { ...query });
  }

  /** Return one page of private or of shared pipelines. */
  listPipelines(
    namespace: string,
    query: IPageQuery & { search?: string; shared?: boolean } = {}
  ): Promise<PipelinePage> {
    return this._get([...getNamespacePath(namespace), 'pipelines'], { ...query });
  }

  /** Return the versions of a pipeline, newest first. */
  listVersions(namespace: string, pipelineId: string, query: IPageQuery = {}): Promise<PipelineVersionPage> {
    return this._get([...getNamespacePath(namespace), 'pipelines', pipelineId, 'versions'], { ...query });
  }

  /** Return a pipeline, and what uses it. */
  viewPipeline(namespace: string, pipelineId: string): Promise<PipelineView> {
    return this._get([...getNamespacePath(namespace), 'pipelines', pipelineId]);
  }

  /** Delete a pipeline with its versions. */
  async deletePipeline(namespace: string, pipelineId: string): Promise<void> {
    await this._send('DELETE', [...getNamespacePath(namespace), 'pipelines', pipelineId]);
  }

  /** Return a version with its tasks, inputs and spec. */
  viewVersion(namespace: string, pipelineId: string, versionId: string): Promise<VersionView> {
    return this._get([...getNamespacePath(namespace), 'pipelines', pipelineId, 'versions', versionId]);
  }

  /** Return what differs between two versions. */
  compareVersions(namespace: string, pipelineId: string, left: string, right: string): Promise<VersionDifference> {
    const path = ['pipelines', pipelineId, 'versions', left, 'compare', right];
    return this._get([...getNamespacePath(namespace), ...path]);
  }

  /** Return a recurring run with its spec. */
  viewRecurringRun(namespace: string, id: string): Promise<RecurringRun> {
    return this._get([...getNamespacePath(namespace), 'recurring-runs', id]);
  }

  /** Say what a schedule means; creates nothing. */
  previewSchedule(namespace: string, schedule: Schedule): Promise<SchedulePreview> {
    return this._send('POST', [...getNamespacePath(namespace), 'schedule'], schedule);
  }

  /** Create a recurring run. */
  createRecurringRun(namespace: string, request: RecurringRunRequest): Promise<RecurringRun> {
    return this._send('POST', [...getNamespacePath(namespace), 'recurring-runs'], request);
  }

  /** Put a new recurring run in the place of one. */
  editRecurringRun(namespace: string, id: string, request: RecurringRunRequest): Promise<RecurringRun> {
    return this._send('POST', [...getNamespacePath(namespace), 'recurring-runs', id, 'edit'], request);
  }

  /** Switch a recurring run on or off; safe to repeat. */
  switchRecurringRun(namespace: string, id: string, on: boolean): Promise<RecurringRun> {
    const verb = on ? 'enable' : 'disable';
    return this._send('POST', [...getNamespacePath(namespace), 'recurring-runs', id, verb]);
  }

  /** Start one run of a recurring run. */
  runRecurringRun(namespace: string, id: string): Promise<Run> {
    return this._send('POST', [...getNamespacePath(namespace), 'recurring-runs', id, 'run']);
  }

  /** Delete a recurring run; its runs stay. */
  async deleteRecurringRun(namespace: string, id: string): Promise<void> {
    await this._send('DELETE', [...getNamespacePath(namespace), 'recurring-runs', id]);
  }

  /** Register a pipeline privately, or a new version of a known name. */
  upload(namespace: string, request: UploadRequest): Promise<PipelineVersion> {
    return this._send('POST', [...getNamespacePath(namespace), 'pipelines'], request);
  }

  /** Open the event stream of a namespace; `EventStream` reads the response's body. */
  openEvents(namespace: string, lastEventId: string, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (lastEventId) {
      headers['Last-Event-ID'] = lastEventId;
    }
    return this._request([...getNamespacePath(namespace), 'events'], {}, { method: 'GET', headers, signal });
  }

  private async _get<T>(path: readonly string[], query: Query = {}): Promise<T> {
    return this._decode<T>(await this._request(path, query, { method: 'GET' }));
  }

  private async _send<T>(method: 'POST' | 'DELETE', path: readonly string[], body?: object): Promise<T> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    return this._decode<T>(await this._request(path, {}, init));
  }

  /** Return the JSON of a response; a proxy may have replaced it by a web page. */
  private async _decode<T>(response: Response): Promise<T> {
    const text = await response.text();
    const body = parseJson(text);
    if (typeof body !== 'object' || body === null) {
      throw new KfpApiError(this._unexpected(response, text), response.status);
    }
    return body as T;
  }

  /** Send a request and return a good response; KFP gets the request id, and errors carry it. */
  private async _request(path: readonly string[], query: Query, init: RequestInit): Promise<Response> {
    const url = this._url(path, query);
    const headers = { ...init.headers, 'X-Request-ID': UUID.uuid4() };
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, { ...init, headers }, this._settings);
    } catch (error) {
      if (error instanceof ServerConnection.NetworkError) {
        throw new KfpApiError(this._noAnswer(error), 0);
      }
      throw error;
    }
    if (!response.ok) {
      throw new KfpApiError(await this._readError(response), response.status);
    }
    return response;
  }

  /** Return the URL of `path` below our root; ids come from users, links and servers and must not escape it. */
  private _url(path: readonly string[], query: Query): string {
    for (const part of path) {
      if (part === '' || part === '.' || part === '..') {
        const message = this._trans.__('No such thing.');
        throw new KfpApiError(createErrorBody({ code: 'not-found', message, details: path.join('/') }), 404);
      }
    }
    const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== '' && value !== false);
    const search = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
    const url = URLExt.join(this._settings.baseUrl, ROOT, ...path.map(encodeURIComponent));
    return search ? `${url}?${search}` : url;
  }

  private async _readError(response: Response): Promise<ErrorBody> {
    const text = await response.text();
    const body: unknown = parseJson(text);
    if (isErrorBody(body)) {
      return createErrorBody(body);
    }
    if (response.status === 404) {
      return this._serverHalfMissing();
    }
    if (response.status === 401 || response.status === 403) {
      return createErrorBody({
        code: 'jupyter-login',
        message: this._trans.__('You are signed out of Jupyter.'),
        why: this._trans.__('The Jupyter server answered %1.', response.status),
        next: this._trans.__('Reload the page and sign in.')
      });
    }
    return this._unexpected(response, text);
  }

  private _unexpected(response: Response, text: string): ErrorBody {
    return createErrorBody({
      code: 'jupyter-error',
      message: this._trans.__('The Jupyter server answered something unexpected.'),
      why: `${response.status} ${response.statusText}`,
      next: this._trans.__('“Copy report” and show an admin.'),
      details: text.slice(0, 2000)
    });
  }

  private _noAnswer(error: Error): ErrorBody {
    return createErrorBody({
      code: 'jupyter-unreachable',
      message: this._trans.__('The Jupyter server does not answer.'),
      why: this._trans.__('It is stopped, restarting, or the network is down.'),
      next: this._trans.__('The page tries again automatically.'),
      details: error.message
    });
  }

  private _serverHalfMissing(): ErrorBody {
    return createErrorBody({
      code: 'server-half-missing',
      message: this._trans.__('The server part is missing.'),
      why: this._trans.__('The page has the extension, the Jupyter server has not.'),
      next: this._trans.__('Install it, then restart Jupyter.'),
      command: 'pip install jupyter_kfp_mt && jupyter server extension enable jupyter_kfp_mt'
    });
  }

  private _versionMismatch(server: string): ErrorBody {
    return createErrorBody({
      code: 'version-mismatch',
      message: this._trans.__('Reload the page.'),
      why: this._trans.__('Page %1, server %2.', VERSION, server)
    });
  }
}

/** Return the start of every path in a namespace. */
function getNamespacePath(namespace: string): [string, string] {
  return ['namespaces', namespace || NO_NAMESPACE];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}
