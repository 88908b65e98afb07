import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { toErrorBody } from '../api/errors';
import type { BulkJob, BulkVerb, Run } from '../api/types';
import { describeBulk } from '../bulkwords';
import type { IRunActions } from '../commands';
import { cutMiddle } from '../format';
import { isActive, mayDo } from '../rules';
import type { IRunManager } from '../tokens';
import { followJob, reportFailures } from './bulk';
import { createParagraphs } from './paragraphs';

/** Milliseconds in which a delete or archive can be undone. */
const UNDO = 8000;
/** The longest name in a notice. */
const NAME = 60;

/** The person's preferences; read each time. */
export interface IActionLikes {
  /** Whether to ask before Terminate. */
  readonly confirmTerminate: boolean;
  readonly defaultExperiment: string;
}

/** Carries out actions on runs: asks for confirmation where needed, and reports the result. */
export class RunActions implements IRunActions {
  constructor(
    private readonly _manager: IRunManager,
    private readonly _trans: TranslationBundle,
    private readonly _likes: IActionLikes,
    /** Milliseconds in which a delete can be undone. */
    private readonly _undo = UNDO
  ) {}

  async terminate(runs: readonly Run[]): Promise<void> {
    const trans = this._trans;
    const asked = await this._ask({
      runs,
      wanted: runs.length > 0 && this._likes.confirmTerminate,
      one: name => trans.__('Terminate %1?', name),
      many: count => trans.__('Terminate %1 runs?', count),
      body: trans.__(
        'Running tasks are stopped now. Finished tasks keep their results. You can retry later from where it stopped.'
      ),
      verb: trans.__('Terminate')
    });
    if (asked) {
      await this._change('terminate', runs);
    }
  }

  async retry(runs: readonly Run[]): Promise<void> {
    await this._change('retry', runs);
  }

  async archive(runs: readonly Run[]): Promise<void> {
    const trans = this._trans;
    const asked = await this._ask({
      runs,
      wanted: runs.some(run => isActive(run.phase)),
      one: name => trans.__('Archive %1?', name),
      many: count => trans.__('Archive %1 runs?', count),
      body: trans.__('It goes on running and leaves this list. Find it with the filter Archived.'),
      verb: trans.__('Archive')
    });
    if (asked) {
      await this._change('archive', runs);
    }
  }

  async restore(runs: readonly Run[]): Promise<void> {
    await this._change('unarchive', runs);
  }

  async remove(runs: readonly Run[]): Promise<void> {
    const trans = this._trans;
    const stops = runs.some(run => mayDo('terminate', run));
    const asked = await this._ask({
      runs,
      wanted: true,
      one: name => trans.__('Delete %1?', name),
      many: count => trans.__('Delete %1 runs?', count),
      body:
        trans.__(
          'The run and its history in KFP are removed. Artifacts stay in the store. This cannot be undone after 8 seconds.'
        ) + (stops ? ` ${trans.__('It is running: it is terminated first.')}` : ''),
      verb: trans.__('Delete'),
      dangerous: true
    });
    if (asked) {
      void this._removeLater(runs);
    }
  }

  async runExample(): Promise<Run | null> {
    try {
      return await this._manager.verbs.submit({
        source: { kind: 'example' },
        experiment: this._likes.defaultExperiment
      });
    } catch (error) {
      this._showError(this._trans.__('The example was not started.'), error);
      return null;
    }
  }

  async startEmbedded(): Promise<void> {
    await this._manager.connection.startEmbedded().catch((error: unknown) => {
      this._showError(this._trans.__('The embedded server did not start.'), error);
    });
  }

  async stopEmbedded(): Promise<void> {
    const trans = this._trans;
    const running = this._manager.list.runs.filter(run => isActive(run.phase)).length;
    const asked = await showDialog({
      title: trans.__('Stop the embedded server?'),
      body:
        running === 0
          ? trans.__('Nothing is running. History stays.')
          : trans._n(
              '%1 running run is stopped. History stays.',
              '%1 running runs are stopped. History stays.',
              running
            ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Stop') })
      ],
      defaultButton: 1
    });
    if (asked.button.accept) {
      await this._manager.connection.stopEmbedded().catch((error: unknown) => {
        this._showError(trans.__('The embedded server was not stopped.'), error);
      });
    }
  }

  say(text: string): void {
    Notification.info(text, { autoClose: 3000 });
  }

  fail(error: unknown): void {
    this._showError('', error);
  }

  /** Report on the jobs that another page started and left. */
  async adopt(): Promise<void> {
    for (const job of await this._manager.bulk.list()) {
      const wait = Math.min(UNDO, Date.parse(job.starts_at ?? '') - Date.now());
      const done = job.state === 'waiting' && wait > 0 ? this._awaitRemoval(job, '', wait) : this._finish(job);
      done.catch((error: unknown) => this._showError('', error));
    }
  }

  /** Take runs off the list now, and delete them later unless that is undone, page or no page. */
  private async _removeLater(runs: readonly Run[]): Promise<void> {
    const ids = runs.map(({ run_id }) => run_id);
    const [first] = runs;
    this._hide(ids, true);
    try {
      const job = await this._manager.bulk.start('delete', ids, { delay: this._undo / 1000, namespace: first?.namespace });
      await this._awaitRemoval(job, first && runs.length === 1 ? shortenName(first) : '', this._undo);
    } catch (error) {
      this._hide(ids, false);
      this._showError('', error);
    }
  }

  /** Offer Undo until a delete starts, then report on it. */
  private async _awaitRemoval(job: BulkJob, name: string, wait: number): Promise<void> {
    const trans = this._trans;
    this._hide(job.left, true);
    const what = name || trans._n('%1 run', '%1 runs', job.total);
    const undone = await new Promise<boolean>(resolve => {
      setTimeout(() => resolve(false), wait);
      Notification.info(trans.__('Deleting %1 in %2 s.', what, Math.ceil(wait / 1000)), {
        autoClose: wait,
        actions: [{ label: trans.__('Undo'), callback: () => resolve(true) }]
      });
    });
    if (undone) {
      await this._manager.bulk.stop(job.job_id);
    }
    const ended = undone ? await this._manager.bulk.follow(job.job_id) : await this._finish(job);
    this._hide([...ended.left, ...ended.failures.map(({ run_id }) => run_id)], false);
  }

  private _hide(runIds: readonly string[], hidden: boolean): void {
    runIds.forEach(runId => this._manager.list.hide(runId, hidden));
  }

  /** Change runs: one at once, several as a job of the server. */
  private async _change(verb: BulkVerb, runs: readonly Run[]): Promise<void> {
    const [first] = runs;
    try {
      if (first && runs.length === 1) {
        await this._changeOne(verb, first);
      } else if (first) {
        await this._changeMany(verb, runs.map(({ run_id }) => run_id));
      }
    } catch (error) {
      this._showError('', error);
    }
  }

  private async _changeOne(verb: BulkVerb, run: Run): Promise<void> {
    const { verbs } = this._manager;
    const where = [run.run_id, run.namespace || this._manager.connection.namespace] as const;
    if (verb === 'archive') {
      await verbs.archive(...where);
      this._offerUndo(shortenName(run), () => this._changeOne('unarchive', run));
    } else if (verb === 'unarchive') {
      await verbs.unarchive(...where);
    } else if (verb === 'retry') {
      await verbs.retry(...where);
    } else {
      await verbs.terminate(...where);
    }
  }

  private async _changeMany(verb: BulkVerb, runIds: readonly string[]): Promise<void> {
    const job = await this._manager.bulk.start(verb, runIds);
    const { left, failures } = await this._finish(job);
    const others = new Set([...left, ...failures.map(({ run_id }) => run_id)]);
    const done = runIds.filter(runId => !others.has(runId));
    if (verb === 'archive' && done.length > 0) {
      this._offerUndo(String(done.length), () => this._changeMany('unarchive', done));
    }
  }

  private _offerUndo(what: string, undo: () => Promise<void>): void {
    const callback = (): void => {
      undo().catch((error: unknown) => this._showError('', error));
    };
    Notification.success(this._trans.__('%1 archived.', what), {
      autoClose: UNDO,
      actions: [{ label: this._trans.__('Undo'), callback }]
    });
  }

  /** Report on a job until it has ended, and then on what failed. */
  private async _finish(job: BulkJob): Promise<BulkJob> {
    const words = describeBulk(job.verb, this._trans);
    const { bulk } = this._manager;
    const ended =
      job.total > 1 ? await followJob(bulk, job, words, this._trans) : await bulk.follow(job.job_id);
    const [first] = ended.failures;
    if (first && job.total === 1) {
      const { message, why, next } = first.error;
      this._showError([message, why, next].filter(part => part !== '').join(' '));
    } else if (first) {
      reportFailures(ended, words, this._trans, runIds => {
        this._changeMany(job.verb, runIds).catch((error: unknown) => this._showError('', error));
      });
    }
    return ended;
  }

  private _showError(text: string, error?: unknown): void {
    const body = error === undefined ? null : toErrorBody(error);
    const words = body ? [text, body.message, body.next].filter(part => part !== '').join(' ') : text;
    Notification.error(cutMiddle(words, 400), { autoClose: false });
  }

  private async _ask(question: {
    readonly runs: readonly Run[];
    readonly wanted: boolean;
    readonly one: (name: string) => string;
    readonly many: (count: number) => string;
    readonly body: string;
    readonly verb: string;
    readonly dangerous?: boolean;
  }): Promise<boolean> {
    const { runs, body, dangerous } = question;
    const [first] = runs;
    if (!first || !question.wanted) {
      return first !== undefined;
    }
    const names = runs.slice(0, 5).map(shortenName);
    const list = runs.length > 1 ? `${names.join(', ')}${runs.length > 5 ? ', …' : ''}` : '';
    const ok = { label: question.verb };
    const { button } = await showDialog({
      title: runs.length === 1 ? question.one(shortenName(first)) : question.many(runs.length),
      body: createParagraphs(list, body),
      buttons: [
        Dialog.cancelButton({ label: this._trans.__('Cancel') }),
        dangerous ? Dialog.warnButton(ok) : Dialog.okButton(ok)
      ],
      // Enter must not delete.
      defaultButton: dangerous ? 0 : 1
    });
    return button.accept;
  }
}

function shortenName(run: Run): string {
  return cutMiddle(run.display_name || run.run_id, NAME);
}
