import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { KfpApi } from '../api/client';
import type { Run, SubmitRequest } from '../api/types';
import type { IRunChange, IRunVerbs } from '../tokens';
import type { Connection } from './connection';
import type { RunList } from './runlist';

/** A request that was sent, and the run that it may have become. */
interface ISent {
  readonly run: Run;
  readonly request: SubmitRequest;
  readonly namespace: string;
}

/** The verbs on runs; the list shows their answers without waiting for the stream. */
export class RunVerbs implements IRunVerbs, IDisposable {
  constructor(
    private readonly _api: KfpApi,
    private readonly _connection: Connection,
    private readonly _list: RunList
  ) {
    _list.runChanged.connect(this._onRunChanged, this);
    _list.listed.connect(this._onListed, this);
  }

  get submitLost(): ISignal<IRunVerbs, Run> {
    return this._submitLost;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  isMine(runId: string): boolean {
    return this._mine.has(runId);
  }

  async submit(request: SubmitRequest, namespace = this._connection.namespace): Promise<Run> {
    const run = await this._api.submit(namespace, request);
    this._mine.add(run.run_id);
    const known = this._list.known(run.run_id);
    if ((known ?? run).phase === 'UNCONFIRMED') {
      this._unclear.set(run.run_id, { run, request, namespace });
    }
    if (known) {
      // The stream was faster than the answer, and is newer.
      this._list.announce(known);
    } else if (namespace === this._connection.namespace) {
      this._list.take([run]);
    }
    return run;
  }

  async submitAgain(runId: string): Promise<Run> {
    const lost = this._lost.get(runId);
    if (!lost) {
      throw new Error(`Nothing was lost under ${runId}.`);
    }
    return this.submit(lost.request, lost.namespace);
  }

  async terminate(runId: string, namespace = this._connection.namespace): Promise<Run> {
    return this._show(namespace, runId, this._api.terminate(namespace, runId));
  }

  async retry(runId: string, namespace = this._connection.namespace): Promise<Run> {
    this._mine.add(runId);
    return this._show(namespace, runId, this._api.retry(namespace, runId));
  }

  async archive(runId: string, namespace = this._connection.namespace): Promise<Run> {
    return this._show(namespace, runId, this._api.archive(namespace, runId));
  }

  async unarchive(runId: string, namespace = this._connection.namespace): Promise<Run> {
    return this._show(namespace, runId, this._api.unarchive(namespace, runId));
  }

  async deleteRun(runId: string, namespace = this._connection.namespace): Promise<void> {
    await this._api.deleteRun(namespace, runId);
    this._list.take([], [runId]);
  }

  /** Of the runs that are not confirmed, those that left the server's list did not start. */
  lose(gone: readonly string[]): void {
    for (const runId of gone) {
      const sent = this._unclear.get(runId);
      if (sent?.namespace === this._connection.namespace) {
        this._unclear.delete(runId);
        this._lost.set(runId, sent);
        this._submitLost.emit(sent.run);
      }
    }
  }

  /** Show the answer about a run, unless the stream has meanwhile reported the run, which may be newer. */
  private async _show(namespace: string, runId: string, answer: Promise<Run>): Promise<Run> {
    const before = this._list.known(runId);
    const run = await answer;
    if (namespace === this._connection.namespace && this._list.known(runId) === before) {
      this._list.take([run]);
    }
    return run;
  }

  private _onRunChanged(_: RunList, { run }: IRunChange): void {
    if (run.phase !== 'UNCONFIRMED') {
      this._unclear.delete(run.run_id);
    }
  }

  private _onListed(_: RunList, ids: ReadonlySet<string>): void {
    this.lose([...this._unclear.keys()].filter(runId => !ids.has(runId)));
  }

  private readonly _submitLost = new Signal<this, Run>(this);
  private readonly _mine = new Set<string>();
  private readonly _unclear = new Map<string, ISent>();
  private readonly _lost = new Map<string, ISent>();
  private _isDisposed = false;
}
