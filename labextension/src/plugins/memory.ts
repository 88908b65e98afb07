import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { IStateDB } from '@jupyterlab/statedb';

import type { Phase } from '../api/types';
import { EVERYTHING, FILTERABLE, NEWEST_FIRST } from '../filter';
import type { IRunFilter, IRunManager } from '../tokens';

/** The key under which JupyterLab keeps the namespace and the filters. */
const KEY = 'jupyter-kfp-mt:place';

/** The phases that a kept filter may have. */
const PHASES: readonly Phase[] = [...FILTERABLE, 'UNCONFIRMED'];

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
      const kept = this._filters.get(namespace) ?? EVERYTHING;
      if (JSON.stringify(kept) !== JSON.stringify(omitSearch(filter))) {
        this._manager.list.setFilter(omitSearch(kept));
      }
    } else {
      this._filters.set(namespace, omitSearch(filter));
    }
    this._save();
  }

  private _save(): void {
    const usual = JSON.stringify(omitSearch(EVERYTHING));
    const filters = [...this._filters].filter(([, kept]) => JSON.stringify(kept) !== usual);
    const place = { namespace: this._namespace, filters: Object.fromEntries(filters) };
    const text = JSON.stringify(place);
    if (text !== this._saved) {
      this._saved = text;
      this._state.save(KEY, JSON.parse(text) as ReadonlyPartialJSONObject).catch((error: unknown) => {
        console.warn('Where you are in Kubeflow Pipelines cannot be kept.', error);
      });
    }
  }

  private _filters = new Map<string, IRunFilter>();
  private _namespace = '';
  private _saved = '';
}

function omitSearch(filter: IRunFilter): IRunFilter {
  return { ...filter, search: '', notebook: null };
}

/** Read the kept place, which another version may have written. */
function readPlace(kept: unknown): { namespace: string; filters: [string, IRunFilter][] } {
  const { namespace, filters } = asObject(kept);
  return {
    namespace: typeof namespace === 'string' ? namespace : '',
    filters: Object.entries(asObject(filters)).map(([name, value]) => [name, readFilter(asObject(value))])
  };
}

function readFilter(value: ReadonlyPartialJSONObject): IRunFilter {
  const { states, since, sort } = value;
  const { field, descending } = asObject(sort);
  return {
    search: '', // is not kept, nor is the notebook
    notebook: null,
    states: PHASES.filter(phase => Array.isArray(states) && states.includes(phase)),
    experiment: readNamed(value['experiment'], 'experiment_id'),
    pipeline: readNamed(value['pipeline'], 'pipeline_id'),
    recurring: readNamed(value['recurring'], 'recurring_run_id'),
    since: since === 'today' || since === 'week' ? since : 'any',
    archived: value['archived'] === true,
    sort:
      field === 'created_at' || field === 'display_name' || field === 'finished_at'
        ? { field, descending: descending !== false }
        : NEWEST_FIRST
  };
}

function readNamed<Id extends string>(
  value: unknown,
  id: Id
): (Record<Id, string> & { readonly display_name: string }) | null {
  const { [id]: key, display_name } = asObject(value);
  return typeof key === 'string' && typeof display_name === 'string'
    ? ({ [id]: key, display_name } as Record<Id, string> & { display_name: string })
    : null;
}

function asObject(value: unknown): ReadonlyPartialJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ReadonlyPartialJSONObject) : {};
}
