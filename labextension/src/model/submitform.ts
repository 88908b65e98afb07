import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';

import { toErrorBody, type KfpApi } from '../api/client';
import type {
  ErrorBody,
  Inspection,
  Origin,
  ParameterValue,
  Preview,
  RecurringRun,
  Run,
  Source,
  SubmitRequest
} from '../api/types';
import type { IRunChange, IRunManager, IRunVerbs } from '../tokens';
import { createDraft, listFields, listValues, type IField } from '../values/draft';
import {
  choiceOf,
  chooseSource,
  EMPTY_FORM,
  getRunName,
  isCompiled,
  type IFormState,
  type IRunOptions,
  type IStage,
  type SourceChoice
} from '../values/form';
import { refill, type IKeptForm } from '../values/kept';
import { fillSchedule, readSchedule } from '../values/schedule';
import { FormLists } from './formlists';
import { FormNotebook } from './formnotebook';
import { FormPresets } from './formpresets';
import type { INotebooks } from './notebooks';
import { Scheduling } from './scheduling';
import { Stages } from './stages';

/** What a form starts with. */
export interface IFormStart {
  readonly source?: Source;
  /** The image of notebooks and cells; "" for that of this notebook. */
  readonly image?: string;
  /** The number of the cell that is the source. */
  readonly cell?: number;
  /** Values to fill in. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** The id of a run whose pipeline and values are used. */
  readonly cloneOf?: string;
  /** Whether a recurring run is to be created. */
  readonly onSchedule?: boolean;
  /** The id of a recurring run that is edited. */
  readonly edited?: string;
  /** The experiment to start with. */
  readonly experiment?: string;
  /** The form as it was left; it overrides the rest. */
  readonly kept?: IKeptForm | null;
}

/** The messages about conditions that only the form knows. */
export interface IFormWords {
  /** The pipeline has changed since the form was filled in. */
  readonly changed: ErrorBody;
  /** The account may look but not run. */
  readonly locked: ErrorBody;
  /** The experiment that the notebook remembers is gone. */
  readonly gone: (experiment: string) => string;
  /** It is not known whether the run started. */
  readonly unclear: ErrorBody;
  /** The run did not start after all. */
  readonly lost: (name: string) => ErrorBody;
}

export interface ISubmitFormModelOptions {
  readonly api: KfpApi;
  readonly manager: IRunManager;
  readonly namespace: string;
  readonly start?: IFormStart;
  readonly words: IFormWords;
  /** The notebooks of the page; without them a notebook is what its file is. */
  readonly notebooks?: INotebooks | null;
  /** Milliseconds after the last key before a path is inspected. */
  readonly patience?: number;
}

/** The model of the submit form: inspects the pipeline, keeps the input, sends it once. */
export class SubmitFormModel implements IDisposable {
  constructor(options: ISubmitFormModelOptions) {
    this._options = options;
    this._lists = new FormLists({
      api: options.api,
      namespace: options.namespace,
      state: () => this._state,
      set: part => this._set(part)
    });
    this._presets = new FormPresets({
      api: options.api,
      namespace: options.namespace,
      state: () => this._state,
      set: part => this._set(part)
    });
    const patience = options.patience ?? 300;
    this._look = new Debouncer(() => this._inspect(), patience);
    this.scheduling = new Scheduling({
      api: options.api,
      namespace: options.namespace,
      patience,
      state: () => this._state,
      set: part => this._change(part)
    });
    this.notebook = new FormNotebook({
      notebooks: options.notebooks ?? null,
      image: options.start?.image ?? '',
      experiment: options.start?.experiment ?? EMPTY_FORM.experiment,
      gone: options.words.gone,
      isEmbedded: () => options.manager.connection.status?.embedded === true,
      isRestored: () => this._isRestored,
      state: () => this._state,
      set: part => this._set(part),
      change: part => this._change(part),
      inspect: () => this._inspect(),
      // `_inspect` reports errors in the state
      inspectSoon: () => void this._look.invoke().catch(() => undefined)
    });
    this._values = options.start?.values ?? {};
    const fresh = {
      ...EMPTY_FORM,
      experiment: options.start?.experiment ?? EMPTY_FORM.experiment,
      cell: options.start?.cell ?? 0,
      edited: options.start?.edited ?? ''
    };
    const kept = options.start?.kept;
    this._state = kept ? refill(fresh, kept) : fresh;
    this._key = kept?.key ?? UUID.uuid4();
    this._isRestored = Boolean(kept);
    this._id = kept?.id ?? UUID.uuid4();
    this._cloneOf = (kept ?? options.start)?.cloneOf ?? '';
    this._revision = options.manager.revision;
    options.manager.changed.connect(this._onManagerChanged, this);
    options.manager.runChanged.connect(this._onRunChanged, this);
    options.manager.verbs.submitLost.connect(this._onSubmitLost, this);
    this.ready = this._begin(options.start ?? {});
  }

  /** The schedule, if the form makes a recurring run. */
  readonly scheduling: Scheduling;

  /** The notebook or cell, if one is the source. */
  readonly notebook: FormNotebook;

  /** Settles when the lists, the cloned run and the source are loaded or have failed to load. */
  readonly ready: Promise<void>;

  /** Emitted after a change of the state. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when the recurring run was created. */
  get scheduled(): ISignal<this, RecurringRun> {
    return this._scheduled;
  }

  /** Emitted when the run has started. */
  get submitted(): ISignal<this, Run> {
    return this._submitted;
  }

  /** What the form shows. */
  get state(): IFormState {
    return this._state;
  }

  /** The part of the form that survives a reload. */
  get kept(): IKeptForm {
    const { choice, path, pipelineId, versionId, draft, name, experiment, options, cell } = this._state;
    const { schedule, edited } = this._state;
    const unfinished: Record<SourceChoice, Source> = {
      file: { kind: 'file', path },
      python: { kind: 'file', path },
      notebook: { kind: 'notebook', path },
      cell: { kind: 'cell', path },
      pipeline: { kind: 'pipeline', pipeline_id: pipelineId, pipeline_version_id: versionId },
      run: { kind: 'text', text: this._cloneOf ? '' : this._text },
      example: { kind: 'example' }
    };
    const chosen = isCompiled(this._state) ? chooseSource(this._state, '') : null;
    return {
      id: this._id,
      key: this._key,
      namespace: this._options.namespace,
      choice,
      source: chosen ?? unfinished[choice],
      cell,
      cloneOf: this._cloneOf,
      draft: Object.fromEntries(draft),
      name,
      experiment,
      options,
      schedule: schedule.isOn ? schedule.draft : null,
      edited
    };
  }

  /** The fields of the pipeline, checked. */
  get fields(): readonly IField[] {
    return listFields(this._state.inspection?.pipeline.parameters ?? [], this._state.draft);
  }

  /** Whether it is disposed. */
  get isDisposed(): boolean {
    return this._look.isDisposed;
  }

  /** Choose where the pipeline comes from. */
  choose(choice: SourceChoice): void {
    this._paths.set(this._state.choice, this._state.path);
    const inFront = choice === 'notebook' ? (this._options.notebooks?.current?.path ?? '') : '';
    this._change({ choice, path: this._paths.get(choice) ?? inFront, inspection: null, sourceError: null });
    this.notebook.recall();
    if (choice === 'pipeline' && this._state.pipelines === null) {
      void this._lists.loadPipelines();
    }
    void this._inspect();
  }

  /** Take a file, a notebook or a Python file; it is read shortly after the last change. */
  setPath(path: string, now = false): void {
    const { choice } = this._state;
    const kept = choice === 'notebook' || choice === 'python' ? choice : 'file';
    this._change({ path, choice: kept, fn: '', inspecting: path.trim() !== '' });
    this.notebook.recall();
    // `_inspect` reports errors in the state
    (now ? this._inspect() : this._look.invoke()).catch(() => undefined);
  }

  /** Take a function of the Python file. */
  setFunction(fn: string): void {
    this._change({ fn });
    void this._inspect();
  }

  /** Take a registered pipeline, its newest version. */
  async setPipeline(pipelineId: string): Promise<void> {
    this._change({ pipelineId, versionId: '', versions: null, inspection: null });
    await this._lists.loadVersions();
    await this._inspect();
  }

  /** Take a version of the pipeline; `""` for the newest. */
  setVersion(versionId: string): void {
    this._change({ versionId });
    void this._inspect();
  }

  /** Change a field; null puts it back to its default. */
  setValue(name: string, text: string | null): void {
    const draft = new Map(this._state.draft);
    if (text === null) {
      draft.delete(name);
    } else {
      draft.set(name, text);
    }
    this._change({ draft });
  }

  /** Put every field back to its default. */
  resetValues(): void {
    this._change({ draft: new Map() });
    this._presets.forget();
  }

  /** Fill in the values and options of a preset. */
  usePreset(name: string): void {
    const part = this._presets.use(name);
    if (part) {
      this._change(part);
    }
  }

  /** Keep the values and options under a name; resolves to whether that worked. */
  savePreset(name: string): Promise<boolean> {
    const { experiment, options } = this._state;
    return this._presets.save({
      name,
      parameters: listValues(this.fields.filter(({ touched }) => touched)),
      experiment,
      description: options.description,
      cache: options.cache,
      pipeline_root: options.pipelineRoot.trim(),
      service_account: options.serviceAccount.trim()
    });
  }

  deletePreset(name: string): Promise<void> {
    return this._presets.remove(name);
  }

  /** Ask what Run would send, and for the code for a notebook in `folder`; null while nothing is chosen. */
  async preview(folder: string): Promise<Preview | null> {
    const source = chooseSource(this._state, this._text);
    if (!source) {
      return null;
    }
    const { api, namespace } = this._options;
    return api.preview(namespace, {
      run: this._createRequest(source, this.notebook.findOrigin()),
      folder,
      clone_of: this._state.choice === 'run' ? this._cloneOf : '',
      is_named: this._state.name !== null
    });
  }

  /** Create an experiment and choose it; resolves to whether that worked. */
  async createExperiment(displayName: string): Promise<boolean> {
    const created = await this._lists.createExperiment(displayName);
    if (created) {
      void this._options.manager.refresh(); // other views list it too
    }
    return created;
  }

  setName(name: string): void {
    this._change({ name });
  }

  setExperiment(experiment: string): void {
    this.notebook.forgetExperiment();
    this._change({ experiment, experimentHint: '' });
  }

  setOptions(options: Partial<IRunOptions>): void {
    this._change({ options: { ...this._state.options, ...options } });
  }

  /** Send the form once; does nothing while it has problems or a request is in flight. */
  async submit(): Promise<void> {
    const source = chooseSource(this._state, this._text);
    const { busy, inspecting, inspection: seen } = this._state;
    if (busy || inspecting || !source || !seen || this._hasProblem() || !getRunName(this._state).trim()) {
      return;
    }
    const ids = isCompiled(this._state) ? (['check', 'compile', 'start'] as const) : (['check', 'start'] as const);
    const stages = new Stages(ids, stages => this._set({ stages }));
    this._set({ busy: true, submitError: null });
    const checked = isCompiled(this._state)
      ? (await this._step(stages, 'check', () => this._checkPlace())) &&
        (await this._step(stages, 'compile', () => this._recheck(source)))
      : await this._step(stages, 'check', () => this._recheck(source));
    if (checked && this._state.schedule.isOn) {
      const made = await this._step(stages, 'start', () => this._sendSchedule(source));
      return made && this._scheduled.emit(made);
    }
    const run = checked && (await this._step(stages, 'start', () => this._send(source)));
    if (!run) {
      return;
    }
    if (run.phase === 'UNCONFIRMED') {
      stages.unclear('start');
      this._await(run);
    } else {
      this._finish(run);
    }
  }

  /** Stop everything; later responses are dropped. */
  dispose(): void {
    this._watching?.dispose();
    this._look.dispose();
    this.scheduling.dispose();
    this.notebook.dispose();
    Signal.clearData(this);
  }

  private async _begin({ source, kept, onSchedule }: IFormStart): Promise<void> {
    const chosen = kept?.source ?? source ?? { kind: 'file' };
    const fromRun = this._cloneOf !== '' && (!kept || kept.choice === 'run');
    const { edited } = this._state;
    const taken =
      edited && !kept ? this._takeRecurringRun(edited) : fromRun ? this._clone(this._cloneOf) : this._takeSource(chosen);
    if (kept?.schedule || onSchedule) {
      this.scheduling.begin(kept?.schedule ?? undefined);
    }
    await Promise.all([this._lists.loadExperiments(), taken]);
    this.notebook.chooseExperiment();
  }

  private async _takeSource(source: Source): Promise<void> {
    switch (source.kind) {
      case 'file':
        this._set({ choice: choiceOf(source.path ?? ''), path: source.path ?? '', fn: source.function ?? '' });
        break;
      case 'notebook':
      case 'cell':
        this._set({ choice: source.kind, path: source.path ?? '', code: source.text ?? '', luggage: this.notebook.takeLuggage(source) });
        break;
      case 'data':
      case 'address':
        break; // only uploads have them
      case 'pipeline':
        this._set({
          choice: 'pipeline',
          pipelineId: source.pipeline_id ?? '',
          versionId: source.pipeline_version_id ?? ''
        });
        await Promise.all([this._lists.loadPipelines(), this._lists.loadVersions()]);
        break;
      case 'text':
        this._text = source.text ?? '';
        this._set({ choice: 'run' });
        break;
      case 'example':
        this._set({ choice: 'example' });
        break;
    }
    this.notebook.recall();
    await this._inspect();
  }

  /** Fill in everything of the recurring run that is edited. */
  private async _takeRecurringRun(id: string): Promise<void> {
    const { api, namespace } = this._options;
    try {
      const row = await api.viewRecurringRun(namespace, id);
      const { pipeline_version_reference: reference, runtime_config: config } = row;
      this._values = config?.parameters ?? {};
      this._set({
        name: row.display_name,
        experiment: row.experiment_name || this._state.experiment,
        options: {
          ...this._state.options,
          description: row.description,
          pipelineRoot: config?.pipeline_root ?? '',
          serviceAccount: row.service_account
        }
      });
      this.scheduling.begin(fillSchedule(row));
      const spec = { kind: 'text' as const, text: JSON.stringify(row.pipeline_spec) };
      await this._takeSource(reference ? { kind: 'pipeline', ...reference } : spec);
    } catch (error) {
      this._set({ sourceError: toErrorBody(error) });
    }
  }

  private async _clone(runId: string): Promise<void> {
    const { api, namespace } = this._options;
    try {
      const { run, spec, parameters } = await api.viewRun(namespace, runId);
      const reference = run.pipeline_version_reference;
      const linked = reference?.pipeline_id && reference.pipeline_version_id;
      this._set({
        clonedFrom: run.display_name,
        clonedValues: Object.fromEntries(parameters.map(({ name, value }) => [name, value as unknown]))
      });
      if (!this._options.start?.kept) {
        this._fillIn(run, parameters);
      }
      await this._takeSource(linked ? { kind: 'pipeline', ...reference } : { kind: 'text', text: spec });
    } catch (error) {
      this._set({ sourceError: toErrorBody(error) });
    }
  }

  /** Copy the values and options of the cloned run. */
  private _fillIn(run: Run, parameters: readonly ParameterValue[]): void {
    this._set({
      experiment: run.experiment_name || this._state.experiment,
      options: {
        ...this._state.options,
        description: run.description,
        pipelineRoot: run.runtime_config?.pipeline_root ?? '',
        serviceAccount: run.service_account
      }
    });
    this._values = Object.fromEntries(
      parameters.filter(({ is_default }) => !is_default).map(({ name, value }) => [name, value as unknown])
    );
  }

  /** Inspect the chosen source; a late response to an earlier choice is dropped. */
  private async _inspect(): Promise<void> {
    const { api, namespace } = this._options;
    const source = chooseSource(this._state, this._text);
    const turn = ++this._turn;
    if (!source) {
      this._set({ inspecting: false, inspection: null, sourceError: null });
      return;
    }
    this._set({ inspecting: true });
    try {
      const inspection = await api.inspect(namespace, source);
      if (turn === this._turn) {
        this._take(inspection);
      }
    } catch (error) {
      if (turn === this._turn) {
        this._set({ inspecting: false, inspection: null, sourceError: toErrorBody(error) });
      }
    }
  }

  /** Check that there is a server, and that we may run there. */
  private async _checkPlace(): Promise<true> {
    const { api, namespace, words } = this._options;
    const status = await api.status(namespace);
    if (status.error) {
      throw new FormError(status.error);
    }
    if (status.can_run === false) {
      throw new FormError(words.locked);
    }
    return true;
  }

  private _take(inspection: Inspection): void {
    const filled = createDraft(inspection.pipeline.parameters, this._values);
    const isFresh = filled.size === 0 && !this._isRestored && this._cloneOf === '';
    this._values = {};
    this._set({
      inspecting: false,
      inspection,
      sourceError: null,
      draft: new Map([...this._state.draft, ...filled])
    });
    if (!this._isRestored) {
      this.notebook.pack(inspection);
    }
    void this._presets.load(isFresh);
  }

  /** Inspect the source again: a file may have changed. */
  private async _recheck(source: Source): Promise<Inspection> {
    const { api, namespace, words } = this._options;
    const before = this._state.inspection;
    const inspection = await api.inspect(namespace, source);
    const same = JSON.stringify(inspection.pipeline.parameters) === JSON.stringify(before?.pipeline.parameters);
    this._set({ inspection: { ...inspection, display_name: before?.display_name ?? inspection.display_name } });
    if (!same) {
      throw new FormError(words.changed);
    }
    return inspection;
  }

  /** Create the recurring run, or put it in the place of the one that is edited. */
  private async _sendSchedule(source: Source): Promise<RecurringRun> {
    const { api, manager, namespace } = this._options;
    const { edited } = this._state;
    // An edited one that takes the newest version each time goes on doing so.
    const isNewest = edited !== '' && source.kind === 'pipeline' && this._state.versionId === '';
    const taken = isNewest ? { ...source, pipeline_version_id: '' } : source;
    const wish = this._createRequest(taken, await this.notebook.remember());
    const request = this.scheduling.wrap({ ...wish, submit_key: '' });
    if (!request) {
      throw new Error('The schedule has a problem.'); // Create is off while it has one
    }
    const made = edited
      ? await api.editRecurringRun(namespace, edited, request)
      : await api.createRecurringRun(namespace, request);
    void manager.refresh(); // other views list it too
    return made;
  }

  private async _send(source: Source): Promise<Run> {
    const { manager, namespace } = this._options;
    return manager.verbs.submit(this._createRequest(source, await this.notebook.remember()), namespace);
  }

  private _createRequest(source: Source, origin: Origin | null): SubmitRequest {
    const { experiment, options } = this._state;
    return {
      source,
      parameters: listValues(this.fields),
      experiment,
      display_name: getRunName(this._state).trim(),
      description: options.description,
      cache: options.cache,
      pipeline_root: options.pipelineRoot.trim(),
      service_account: options.serviceAccount.trim(),
      submit_key: this._key,
      ...(origin && { origin })
    };
  }

  /** Run a stage; if it fails, show its error and unlock the form. */
  private async _step<T>(stages: Stages, id: IStage['id'], work: () => Promise<T>): Promise<T | undefined> {
    stages.begin(id);
    try {
      const result = await work();
      stages.end(id);
      return result;
    } catch (error) {
      stages.fail(id);
      this._set({ busy: false, submitError: error instanceof FormError ? error.body : toErrorBody(error) });
      return undefined;
    }
  }

  private _hasProblem(): boolean {
    const { schedule } = this._state;
    const isWrong = schedule.isOn && (schedule.error !== null || 'problem' in readSchedule(schedule.draft));
    return isWrong || this.fields.some(({ checked }) => checked.kind === 'problem');
  }

  /** Keep the form locked until the manager knows whether `run` has started. */
  private _await(run: Run): void {
    this._awaited = run.run_id;
    this._watching = this._options.manager.watch();
    this._set({ submitError: this._options.words.unclear });
  }

  private _finish(run: Run): void {
    this._settle();
    this._key = UUID.uuid4();
    this._submitted.emit(run);
  }

  private _settle(): void {
    this._awaited = '';
    this._watching?.dispose();
    this._watching = null;
  }

  private _onRunChanged(_: IRunManager, { run }: IRunChange): void {
    if (run.run_id === this._awaited && run.phase !== 'UNCONFIRMED') {
      this._finish(run);
    }
  }

  private _onSubmitLost(_: IRunVerbs, run: Run): void {
    if (run.run_id === this._awaited) {
      this._settle();
      this._set({ busy: false, submitError: this._options.words.lost(getRunName(this._state)) });
    }
  }

  private _onManagerChanged(): void {
    const { revision } = this._options.manager;
    if (revision !== this._revision) {
      this._revision = revision;
      void this._lists.renew();
    }
    this._changed.emit();
  }

  /** Apply a change by the person; a restored form that was already sent becomes a new request. */
  private _change(part: Partial<IFormState>): void {
    if (this._isRestored && !this._state.busy) {
      this._key = UUID.uuid4();
      this._isRestored = false;
    }
    this._set(part);
  }

  private _set(part: Partial<IFormState>): void {
    if (this.isDisposed) {
      return;
    }
    this._state = { ...this._state, ...part };
    this._changed.emit();
  }

  private readonly _options: ISubmitFormModelOptions;
  private readonly _lists: FormLists;
  private readonly _presets: FormPresets;
  /** The manager's revision at which the lists were loaded. */
  private _revision: number;
  private readonly _look: Debouncer;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _submitted = new Signal<this, Run>(this);
  private readonly _scheduled = new Signal<this, RecurringRun>(this);
  private _state: IFormState;
  private _text = '';
  /** The paths of the choices that were left. */
  private readonly _paths = new Map<SourceChoice, string>();
  private _awaited = '';
  private _watching: IDisposable | null = null;
  /** Identifies one press of Run: a request that arrives twice starts one run. */
  private _key: string;
  private _isRestored: boolean;
  private readonly _id: string;
  private readonly _cloneOf: string;
  private _values: Readonly<Record<string, unknown>>;
  private _turn = 0;
}

/** Why the form cannot be sent, found by itself. */
class FormError extends Error {
  constructor(readonly body: ErrorBody) {
    super(body.message);
  }
}
