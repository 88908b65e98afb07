import type { KfpApi } from '../api/client';
import { toErrorBody } from '../api/errors';
import type { IFormState } from '../values/form';

/** The largest page of a list; longer lists are cut after the newest. */
const PAGE = { page_size: 200 } as const;

export interface IFormListsOptions {
  readonly api: KfpApi;
  readonly namespace: string;
  readonly state: () => IFormState;
  readonly set: (part: Partial<IFormState>) => void;
}

/** Loads the lists that the submit form offers: experiments, pipelines and versions. */
export class FormLists {
  constructor(private readonly _options: IFormListsOptions) {}

  /** Create an experiment and choose it; resolves to whether that worked. */
  async createExperiment(displayName: string): Promise<boolean> {
    const { api, namespace } = this._options;
    try {
      const made = await api.createExperiment(namespace, { display_name: displayName });
      this._options.set({
        experiments: [made, ...this._options.state().experiments],
        experiment: made.display_name,
        listError: null
      });
      return true;
    } catch (error) {
      this._options.set({ listError: toErrorBody(error) });
      return false;
    }
  }

  /** Load again what was loaded. */
  async renew(): Promise<void> {
    const { pipelines } = this._options.state();
    await Promise.all([this.loadExperiments(), pipelines && this.loadPipelines(), pipelines && this.loadVersions()]);
  }

  /** Load the experiments, newest first. */
  async loadExperiments(): Promise<void> {
    const { api, namespace } = this._options;
    try {
      const { experiments } = await api.listExperiments(namespace, { ...PAGE, sort_by: 'created_at desc' });
      this._options.set({ experiments, listError: null });
    } catch (error) {
      this._options.set({ listError: toErrorBody(error) });
    }
  }

  /** Load the private and the shared pipelines. */
  async loadPipelines(): Promise<void> {
    const { api, namespace } = this._options;
    try {
      const [own, shared] = await Promise.all([
        api.listPipelines(namespace, PAGE),
        api.listPipelines(namespace, { ...PAGE, shared: true })
      ]);
      const known = new Map([...own.pipelines, ...shared.pipelines].map(each => [each.pipeline_id, each]));
      this._options.set({ pipelines: [...known.values()], listError: null });
    } catch (error) {
      this._options.set({ listError: toErrorBody(error) });
    }
  }

  /** Load the versions of the chosen pipeline. */
  async loadVersions(): Promise<void> {
    const { api, namespace } = this._options;
    const { pipelineId } = this._options.state();
    if (!pipelineId) {
      return;
    }
    try {
      const { pipeline_versions } = await api.listVersions(namespace, pipelineId, PAGE);
      if (this._options.state().pipelineId === pipelineId) {
        this._options.set({ versions: pipeline_versions, listError: null });
      }
    } catch (error) {
      this._options.set({ listError: toErrorBody(error) });
    }
  }
}
