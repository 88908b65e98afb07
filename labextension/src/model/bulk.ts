import { UUID } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';

import type { KfpApi } from '../api/client';
import { KfpApiError } from '../api/errors';
import type { BulkEvent, BulkJob, BulkVerb } from '../api/types';
import type { IBulkJobs, IBulkOptions, IConnection } from '../tokens';

/** Milliseconds without an event after which a job is looked up: the stream may be lost. */
const LOOK = 2000;

/** The changes of many runs in the current namespace. */
export class BulkJobs implements IBulkJobs {
  constructor(
    private readonly _api: KfpApi,
    private readonly _connection: IConnection,
    /** Claims a job, on which one page of the browser reports. */
    private readonly _claimName: (name: string) => Promise<boolean>,
    private readonly _look = LOOK
  ) {}

  get changed(): ISignal<IBulkJobs, BulkEvent> {
    return this._changed;
  }

  async start(verb: BulkVerb, runIds: readonly string[], options: IBulkOptions = {}): Promise<BulkJob> {
    const namespace = options.namespace || this._connection.namespace;
    // The id makes a request that is sent again the same job.
    const request = { verb, run_ids: [...runIds], delay_s: options.delay ?? 0, job_id: UUID.uuid4() };
    const job = await this._api.startBulk(namespace, request);
    await this._claim(job, namespace);
    return job;
  }

  async list(): Promise<readonly BulkJob[]> {
    const { namespace } = this._connection;
    const { jobs } = await this._api.listBulk(namespace);
    const unclaimed: BulkJob[] = [];
    for (const job of jobs) {
      if (!this._namespaces.has(job.job_id) && (await this._claim(job, namespace))) {
        unclaimed.push(job);
      }
    }
    return unclaimed;
  }

  async follow(jobId: string): Promise<BulkJob> {
    for (;;) {
      const job = await this._orGone(this._api.viewBulk(this._where(jobId), jobId));
      if (hasEnded(job)) {
        await this.stop(jobId); // its end has been seen
        return job;
      }
      await this._waitForEnd(jobId);
    }
  }

  async stop(jobId: string): Promise<BulkJob> {
    return this._orGone(this._api.stopBulk(this._where(jobId), jobId));
  }

  /** Tell of a step that the server has reported. */
  take(event: BulkEvent): void {
    this._changed.emit(event);
  }

  private async _claim({ job_id }: BulkJob, namespace: string): Promise<boolean> {
    this._namespaces.set(job_id, namespace);
    return this._claimName(`bulk ${job_id}`);
  }

  /** Return the answer about a job; another page may have seen its end. */
  private async _orGone(answer: Promise<BulkJob>): Promise<BulkJob> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof KfpApiError && error.code === 'not-found') {
        return GONE;
      }
      throw error;
    }
  }

  private _where(jobId: string): string {
    return this._namespaces.get(jobId) ?? this._connection.namespace;
  }

  /** Wait for the last event of a job, or for a while. */
  private _waitForEnd(jobId: string): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        clearTimeout(timer);
        this._changed.disconnect(hear);
        resolve();
      };
      const hear = (_: IBulkJobs, event: BulkEvent): void => {
        if (event.job_id === jobId && hasEnded(event)) {
          end();
        }
      };
      const timer = setTimeout(end, this._look);
      this._changed.connect(hear);
    });
  }

  private readonly _changed = new Signal<this, BulkEvent>(this);
  /** The namespace of each job that this page knows. */
  private readonly _namespaces = new Map<string, string>();
}

/** A job that the server no longer lists. */
const GONE: BulkJob = {
  job_id: '',
  verb: 'archive',
  state: 'done',
  total: 0,
  done: 0,
  failures: [],
  left: [],
  starts_at: null
};

/** Whether nothing more happens in a job. */
export function hasEnded({ state }: Pick<BulkJob, 'state'>): boolean {
  return state === 'done' || state === 'stopped';
}
