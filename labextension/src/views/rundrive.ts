import { Drive, type Contents } from '@jupyterlab/services';

import type { KfpApi } from '../api/client';

/** The name of the drive with the executed notebooks of runs. */
export const RUN_DRIVE = 'kfp-runs';

const NEVER = new Date(0).toISOString();

/** The executed notebooks of runs, read-only: `kfp-runs:{namespace}/{run_id}/{name}.ipynb`. */
export class RunDrive extends Drive {
  constructor(private readonly _api: KfpApi) {
    super({ name: RUN_DRIVE });
  }

  /** Return the path of the executed notebook of a run. */
  static toPath(namespace: string, runId: string, name: string): string {
    const file = name.replace(/\.ipynb$/, '').replace(/[/:\\]+/g, '-').slice(0, 120);
    return `${RUN_DRIVE}:${namespace || '-'}/${runId}/${file}.ipynb`;
  }

  override async get(localPath: string): Promise<Contents.IModel> {
    const [namespace = '', runId = '', name = ''] = localPath.split('/');
    const { content } = await this._api.readNotebook(namespace, runId);
    return {
      name,
      path: localPath,
      type: 'notebook',
      format: 'json',
      mimetype: 'application/x-ipynb+json',
      writable: false,
      created: NEVER,
      last_modified: NEVER, // it does not change
      content
    };
  }

  override listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return Promise.resolve([]);
  }

  override save(): Promise<Contents.IModel> {
    return Promise.reject(new Error('It is read-only.'));
  }
}
