import { Signal, type ISignal } from '@lumino/signaling';

import type { KfpApi } from '../api/client';
import type { Run } from '../api/types';
import { isActive } from '../rules';
import type { IConnection, IMetrics } from '../tokens';

/** The most runs whose metrics are asked for at once. */
const AT_ONCE = 50;

/** The scalar metrics of ended runs, which do not change; no list of KFP has them, so they are read when wanted. */
export class Metrics implements IMetrics {
  constructor(
    private readonly _api: KfpApi,
    private readonly _connection: IConnection
  ) {}

  columns: readonly string[] = [];

  get changed(): ISignal<IMetrics, void> {
    return this._changed;
  }

  readonly find = (run: Run): Readonly<Record<string, number>> | undefined => this._known.get(identify(run));

  async load(runs: readonly Run[]): Promise<void> {
    const { namespace } = this._connection;
    const wanted = runs.filter(run => !isActive(run.phase) && !this._asked.has(identify(run)));
    wanted.forEach(run => this._asked.add(identify(run)));
    for (let start = 0; start < wanted.length; start += AT_ONCE) {
      const some = wanted.slice(start, start + AT_ONCE);
      try {
        const { metrics } = await this._api.listMetrics(namespace, some.map(({ run_id }) => run_id));
        for (const run of some) {
          const values = metrics.find(({ run_id }) => run_id === run.run_id)?.metrics;
          this._known.set(identify(run), readMetrics(values ?? {}));
        }
        this._changed.emit();
      } catch (error) {
        wanted.slice(start).forEach(run => this._asked.delete(identify(run)));
        throw error;
      }
    }
  }

  private readonly _asked = new Set<string>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _known = new Map<string, Readonly<Record<string, number>>>();
}

/** A run that is retried ends again. */
function identify({ run_id, finished_at }: Run): string {
  return `${run_id} ${finished_at ?? ''}`;
}

/** JSON has no NaN, which comes as null. */
function readMetrics(values: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? Number.NaN]));
}
