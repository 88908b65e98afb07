import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { KfpApi } from '../../src/api/client';
import type {
  ErrorBody,
  Inspection,
  ParameterSpec,
  Preset,
  PresetList,
  PresetRequest,
  PreviewRequest,
  Run,
  SubmitRequest
} from '../../src/api/types';
import { UnsentError, type ICellCode, type INotebookMemory, type INotebooks } from '../../src/model/notebooks';
import type { IRunChange, IRunManager, IRunVerbs } from '../../src/tokens';
import { run, view } from '../run/samples';

export function parameter(name: string, type: ParameterSpec['type'], more: Partial<ParameterSpec> = {}): ParameterSpec {
  return { name, type, description: '', has_default: false, default: null, optional: false, literals: [], ...more };
}

export const INSPECTION: Inspection = {
  pipeline: {
    name: 'train',
    description: 'Trains the churn model.',
    tasks: 5,
    images: [],
    parameters: [
      parameter('epochs', 'NUMBER_INTEGER', { has_default: true, default: 10 }),
      parameter('lr', 'NUMBER_DOUBLE', { has_default: true, default: 0.1 }),
      parameter('mode', 'STRING', { has_default: true, default: 'fast', literals: ['fast', 'exact'] }),
      parameter('shuffle', 'BOOLEAN', { has_default: true, default: true }),
      parameter('config', 'STRUCT', { optional: true })
    ]
  },
  display_name: 'train 2026-03-12 14-02',
  warnings: ['Image train:latest may change between runs.'],
  functions: [],
  function: '',
  code: '',
  imports: [],
  names: [],
  ignored: {},
  is_tagged: null,
  cells: 0,
  files: [],
  image: '',
  kernel: '',
  language: ''
};

/** A preset as the server returns it. */
export function createPreset(fields: Partial<Preset> & Pick<Preset, 'name'>): Preset {
  return {
    pipeline: 'train',
    saved_at: '2026-03-12T14:02:00Z',
    parameters: {},
    experiment: '',
    description: '',
    cache: 'compiled',
    pipeline_root: '',
    service_account: '',
    ...fields
  };
}

/** What the form talks to; each answer can be replaced. */
export class FakeServer {
  inspect = (): Promise<Inspection> => Promise.resolve(INSPECTION);
  submit = (request: SubmitRequest): Promise<Run> => {
    this.sent.push(request);
    return Promise.resolve(run('PENDING'));
  };
  sent: SubmitRequest[] = [];
  inspected: unknown[] = [];
  experiments: { display_name: string }[] = [];
  status: { can_run: boolean; error: ErrorBody | null } = { can_run: true, error: null };
  created: string[] = [];
  presets: PresetList = { presets: [], last: null };
  previewed: PreviewRequest[] = [];

  readonly api = {
    status: () => Promise.resolve(this.status),
    inspect: (_: string, source: unknown) => {
      this.inspected.push(source);
      return this.inspect();
    },
    listExperiments: () => Promise.resolve({ experiments: this.experiments, total_size: 0, next_page_token: '' }),
    createExperiment: (_: string, request: { display_name: string }) => {
      this.created.push(request.display_name);
      return Promise.resolve({ ...request, experiment_id: 'e2' });
    },
    listPresets: () => Promise.resolve(this.presets),
    savePreset: (_: string, request: PresetRequest) => {
      const preset = createPreset(request);
      const others = this.presets.presets.filter(({ name }) => name !== preset.name);
      this.presets = { ...this.presets, presets: [...others, preset] };
      return Promise.resolve(preset);
    },
    deletePreset: () => Promise.resolve(),
    preview: (_: string, request: PreviewRequest) => {
      this.previewed.push(request);
      return Promise.resolve({ body: '{}', curl: 'curl', python: 'run', line: '%kfp', notes: [] });
    },
    listPipelines: (_: string, query: { shared?: boolean }) =>
      Promise.resolve({ pipelines: query.shared ? [] : [{ pipeline_id: 'p1', display_name: 'prep', namespace: 'a' }] }),
    listVersions: () =>
      Promise.resolve({
        pipeline_versions: [
          { pipeline_version_id: 'v2', display_name: 'two' },
          { pipeline_version_id: 'v1', display_name: 'one' }
        ]
      }),
    viewRun: () =>
      Promise.resolve(
        view('FAILED', [], {
          spec: 'the spec',
          parameters: [
            { name: 'epochs', type: 'NUMBER_INTEGER', value: 7, is_default: false, description: '' },
            { name: 'lr', type: 'NUMBER_DOUBLE', value: 0.1, is_default: true, description: '' }
          ]
        })
      )
  } as unknown as KfpApi;

  readonly changed = new Signal<IRunManager, void>(this as unknown as IRunManager);
  readonly runChanged = new Signal<IRunManager, IRunChange>(this as unknown as IRunManager);

  readonly submitLost = new Signal<IRunVerbs, Run>(this as unknown as IRunVerbs);

  // a fake of the few parts that the form uses
  readonly manager = {
    api: this.api,
    connection: {
      namespace: 'team-a',
      state: 'connected',
      status: { connected: true, can_run: true, identity: 'default-editor' }
    },
    verbs: { submitLost: this.submitLost, submit: (request: SubmitRequest) => this.submit(request) },
    changed: this.changed,
    runChanged: this.runChanged,
    revision: 0,
    refresh: () => Promise.resolve(),
    watch: () => new DisposableDelegate(() => undefined)
  } as unknown as IRunManager;
}

/** The notebooks of a page: one is open. */
export class FakeNotebooks implements INotebooks {
  readonly changed: Signal<INotebooks, void> = new Signal<INotebooks, void>(this);
  readonly current = { path: 'a/analysis.ipynb', id: 'n1' };
  unsaved = false;
  experiment = '';
  readonly saved: string[] = [];
  values: Record<string, unknown> = {};

  findCell = (): ICellCode => ({ path: 'a/analysis.ipynb', code: 'print(lr)', cell: 3 });
  readonly inserted: string[] = [];
  insertCell = (source: string): boolean => this.inserted.push(source) > 0;
  isOpen = (path: string): boolean => path === this.current.path;
  isUnsaved = (path: string): boolean => this.isOpen(path) && this.unsaved;
  save = (path: string): Promise<void> => {
    this.saved.push(path);
    this.unsaved = false;
    return Promise.resolve();
  };
  tagFirstCell = (): Promise<boolean> => Promise.resolve(true);
  recall = (): INotebookMemory => ({ id: 'n1', experiment: this.experiment });
  remember = (_: string, experiment: string): Promise<INotebookMemory> => {
    this.experiment = experiment;
    return Promise.resolve(this.recall());
  };
  evaluate = (_: string, name: string): Promise<unknown> =>
    name in this.values ? Promise.resolve(this.values[name]) : Promise.reject(new UnsentError('It cannot be sent.'));
  show = (): void => undefined;
  openAt = (): Promise<void> => Promise.resolve();
}
