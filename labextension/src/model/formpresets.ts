import type { KfpApi } from '../api/client';
import { toErrorBody } from '../api/errors';
import type { ParameterSpec, Preset, PresetRequest } from '../api/types';
import { createDraft, type Draft } from '../values/draft';
import { NO_PRESETS, type IFormPresets, type IFormState } from '../values/form';

export interface IFormPresetsOptions {
  readonly api: KfpApi;
  readonly namespace: string;
  readonly state: () => IFormState;
  readonly set: (part: Partial<IFormState>) => void;
}

/** The presets of the pipeline in a form; the server keeps them. */
export class FormPresets {
  constructor(private readonly _options: IFormPresetsOptions) {}

  /** Read the presets of the pipeline in the form, if it has become another; fill in the values of its last run. */
  async load(fill: boolean): Promise<void> {
    const { inspection } = this._options.state();
    const name = inspection?.pipeline.name ?? '';
    if (name === this._pipeline) {
      return;
    }
    this._pipeline = name;
    this._note(NO_PRESETS);
    const found = name === '' ? null : await this._read(name);
    if (!found || name !== this._pipeline) {
      return;
    }
    this._note({ named: found.presets });
    const { draft } = this._options.state();
    if (fill && draft.size === 0 && found.last) {
      const filled = this._fit(found.last).draft;
      if (filled.size > 0) {
        this._options.set({ draft: filled });
        this._note({ used: found.last.name });
      }
    }
  }

  /** Fill in the values and options of a preset; a value of a parameter that is gone is left out, and named. */
  use(name: string): Partial<IFormState> | null {
    const { presets, options, experiment } = this._options.state();
    const preset = presets.named.find(each => each.name === name);
    if (!preset) {
      return null;
    }
    const { draft, gone } = this._fit(preset);
    return {
      draft,
      experiment: preset.experiment || experiment,
      options: {
        ...options,
        cache: preset.cache,
        description: preset.description,
        pipelineRoot: preset.pipeline_root,
        serviceAccount: preset.service_account
      },
      presets: { ...presets, used: name, gone, unkept: [] }
    };
  }

  /** Keep values and options under a name; resolves to whether that worked. */
  async save(request: Omit<PresetRequest, 'pipeline'>): Promise<boolean> {
    const { api, namespace } = this._options;
    try {
      const kept = await api.savePreset(namespace, { ...request, pipeline: this._pipeline });
      const unkept = Object.keys(request.parameters ?? {}).filter(name => !(name in kept.parameters));
      const named = (await this._read(this._pipeline))?.presets ?? [];
      this._note({ named, used: kept.name, gone: [], unkept, error: null });
      return true;
    } catch (error) {
      this._note({ error: toErrorBody(error) });
      return false;
    }
  }

  /** Delete a preset; the form keeps its values. */
  async remove(name: string): Promise<void> {
    const { api, namespace, state } = this._options;
    try {
      await api.deletePreset(namespace, this._pipeline, name);
      const { named, used } = state().presets;
      this._note({ named: named.filter(each => each.name !== name), used: used === name ? null : used, error: null });
    } catch (error) {
      this._note({ error: toErrorBody(error) });
    }
  }

  /** Forget what was filled in: the person has changed it. */
  forget(): void {
    const { used, gone, unkept } = this._options.state().presets;
    if (used !== null || gone.length > 0 || unkept.length > 0) {
      this._note({ used: null, gone: [], unkept: [] });
    }
  }

  private async _read(pipeline: string): Promise<{ presets: Preset[]; last: Preset | null } | null> {
    const { api, namespace } = this._options;
    // Presets are a help: a form without them works.
    return api.listPresets(namespace, pipeline).catch(() => null);
  }

  private _fit({ parameters }: Preset): { readonly draft: Draft; readonly gone: readonly string[] } {
    const specs: readonly ParameterSpec[] = this._options.state().inspection?.pipeline.parameters ?? [];
    const known = new Set(specs.map(({ name }) => name));
    return {
      draft: createDraft(specs, parameters),
      gone: Object.keys(parameters).filter(name => !known.has(name))
    };
  }

  private _note(part: Partial<IFormPresets>): void {
    this._options.set({ presets: { ...this._options.state().presets, ...part } });
  }

  /** The name of the pipeline whose presets were read. */
  private _pipeline = '';
}
