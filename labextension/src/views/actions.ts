import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { toErrorBody } from '../api/errors';
import type { Run } from '../api/types';
import type { IRunActions } from '../commands';
import { cutMiddle } from '../format';
import { isActive, mayDo } from '../rules';
import type { IRunManager } from '../tokens';
import { actOnEach, actOnMany, reportFailures, type IBulkWords } from './bulk';

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
      await this._forEach(runs, run => this._manager.verbs.terminate(run.run_id, this._namespace(run)), {
        doing: (number, total) => trans.__('Terminating %1 of %2…', number, total),
        done: count => trans.__('%1 runs are being terminated.', count)
      });
    }
  }

  async retry(runs: readonly Run[]): Promise<void> {
    const trans = this._trans;
    await this._forEach(runs, run => this._manager.verbs.retry(run.run_id, this._namespace(run)), {
      doing: (number, total) => trans.__('Retrying %1 of %2…', number, total),
      done: count => trans.__('%1 runs retried.', count)
    });
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
      await this._archiveNow(runs);
    }
  }

  private async _archiveNow(runs: readonly Run[]): Promise<void> {
    const trans = this._trans;
    const done = await this._forEach(
      runs,
      run => this._manager.verbs.archive(run.run_id, this._namespace(run)),
      { doing: (number, total) => trans.__('Archiving %1 of %2…', number, total) },
      left => this._archiveNow(left)
    );
    const [first] = done;
    if (first) {
      const text =
        done.length === 1
          ? trans.__('%1 archived.', shortenName(first))
          : trans.__('%1 archived.', done.length);
      Notification.success(text, {
        autoClose: UNDO,
        actions: [{ label: trans.__('Undo'), callback: () => void this.restore(done) }]
      });
    }
  }

  async restore(runs: readonly Run[]): Promise<void> {
    const trans = this._trans;
    await this._forEach(runs, run => this._manager.verbs.unarchive(run.run_id, this._namespace(run)), {
      doing: (number, total) => trans.__('Restoring %1 of %2…', number, total),
      done: count => trans.__('%1 runs restored.', count)
    });
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
      this._removeLater(runs);
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

  /** Take runs off the list now, and delete them later unless that is undone. */
  private _removeLater(runs: readonly Run[]): void {
    const trans = this._trans;
    const [first] = runs;
    if (!first) {
      return;
    }
    runs.forEach(run => this._manager.list.hide(run.run_id, true));
    const what = runs.length === 1 ? shortenName(first) : trans.__('%1 runs', runs.length);
    const timer = setTimeout(() => void this._removeNow(runs), this._undo);
    const undo = (): void => {
      clearTimeout(timer);
      runs.forEach(run => this._manager.list.hide(run.run_id, false));
    };
    Notification.info(trans.__('Deleting %1 in 8 s.', what), {
      autoClose: UNDO,
      actions: [{ label: trans.__('Undo'), callback: undo }]
    });
  }

  private async _removeNow(runs: readonly Run[]): Promise<void> {
    const trans = this._trans;
    const remove = async (run: Run): Promise<void> => {
      if (mayDo('terminate', run)) {
        await this._manager.verbs.terminate(run.run_id, this._namespace(run));
      }
      await this._manager.verbs.deleteRun(run.run_id, this._namespace(run));
    };
    const words: IBulkWords = {
      doing: (number, total) => trans.__('Deleting %1 of %2…', number, total),
      done: count => trans.__('%1 runs deleted.', count)
    };
    const done = await this._forEach(runs, remove, words, left => this._removeNow(left));
    for (const run of runs) {
      if (!done.includes(run)) {
        this._manager.list.hide(run.run_id, false);
      }
    }
  }

  /** Act on each run and report failures; return the runs that succeeded. */
  private async _forEach(
    runs: readonly Run[],
    act: (run: Run) => Promise<unknown>,
    words: IBulkWords,
    again: (runs: readonly Run[]) => Promise<void> = async left => void (await this._forEach(left, act, words))
  ): Promise<readonly Run[]> {
    const isOne = runs.length < 2;
    const { done, failed } = isOne ? await actOnEach(runs, act) : await actOnMany(runs, act, words, this._trans);
    const [first] = failed;
    if (first && isOne) {
      const { message, why, next } = first.error;
      this._showError([message, why, next].filter(part => part !== '').join(' '));
    } else if (first) {
      reportFailures(failed, done.length, runs.length, this._trans, left => void again(left));
    }
    return done;
  }

  private _namespace(run: Run): string {
    return run.namespace || this._manager.connection.namespace;
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
    const list = runs.length > 1 ? `${names.join(', ')}${runs.length > 5 ? ', …' : ''}\n\n` : '';
    const ok = { label: question.verb };
    const { button } = await showDialog({
      title: runs.length === 1 ? question.one(shortenName(first)) : question.many(runs.length),
      body: list + body,
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
