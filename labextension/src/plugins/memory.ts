import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { IStateDB } from '@jupyterlab/statedb';

import type { IRunFilter, IRunManager } from '../tokens';

/** The key under which JupyterLab keeps the namespace and the filters. */
const KEY = 'jupyter-kfp-mt:place';

/** The part of a filter that is kept: a search is not. */
type Kept = Pick<IRunFilter, 'only' | 'archived'>;

const ALL: Kept = { only: 'all', archived: false };

/** Keeps the current namespace, and the filter of each, across reloads. */
export class Memory {
  constructor(
    private readonly _manager: IRunManager,
    private readonly _state: IStateDB
  ) {}

  /** Restore the kept namespace if it still exists, and keep changes from then on. */
  async begin(): Promise<void> {
    const [kept] = await Promise.all([this._state.fetch(KEY), this._manager.ready]);
    const { namespace, filters } = readPlace(kept);
    this._filters = new Map(filters);
    if (namespace !== '' && this._manager.connection.status?.namespaces.includes(namespace)) {
      await this._manager.connection.setNamespace(namespace);
    }
    this._manager.changed.connect(this._note, this);
    this._note();
  }

  private _note(): void {
    const { namespace } = this._manager.connection;
    const { filter } = this._manager.list;
    if (namespace === '') {
      return;
    }
    if (namespace !== this._namespace) {
      this._namespace = namespace;
      const { only, archived } = this._filters.get(namespace) ?? ALL;
      if (only !== filter.only || archived !== filter.archived) {
        this._manager.list.setFilter({ only, archived });
      }
    } else {
      this._filters.set(namespace, { only: filter.only, archived: filter.archived });
    }
    this._save();
  }

  private _save(): void {
    const filters = [...this._filters].filter(([, { only, archived }]) => only !== 'all' || archived);
    const place = { namespace: this._namespace, filters: Object.fromEntries(filters) };
    const text = JSON.stringify(place);
    if (text !== this._saved) {
      this._saved = text;
      this._state.save(KEY, place).catch((error: unknown) => {
        console.warn('Where you are in Kubeflow Pipelines cannot be kept.', error);
      });
    }
  }

  private _filters = new Map<string, Kept>();
  private _namespace = '';
  private _saved = '';
}

/** Read the kept place, which another version may have written. */
function readPlace(kept: unknown): { namespace: string; filters: [string, Kept][] } {
  const { namespace, filters } = asObject(kept);
  return {
    namespace: typeof namespace === 'string' ? namespace : '',
    filters: Object.entries(asObject(filters)).map(([name, value]) => {
      const { only, archived } = asObject(value);
      return [name, { only: only === 'active' || only === 'failed' ? only : 'all', archived: archived === true }];
    })
  };
}

function asObject(value: unknown): ReadonlyPartialJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ReadonlyPartialJSONObject) : {};
}
