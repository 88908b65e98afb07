import type { Run } from '../api/types';
import { cutMiddle } from '../format';
import type { Format } from '../format';
import { isActive } from '../rules';
import type { IRunChange } from '../tokens';

/** The longest name in a notice, which has 140 characters in all. */
const NAME = 50;
/** Milliseconds within which runs that end after one another share a notice. */
const TOGETHER = 2000;
/** Milliseconds before a notice: meanwhile a view may open or other runs may end. */
const SOON = 500;
/** Milliseconds by which a page that nobody sees asks later for a notice. */
const HIDDEN = 1500;

/** An action of a notice: on its run, or for several runs showing the list. */
export type NoticeAction = 'open' | 'retry' | 'again' | 'show';

/** A notice to show. */
export interface INotice {
  readonly text: string;
  readonly type: 'success' | 'error' | 'info' | 'warning';
  /** Milliseconds; false to stay. */
  readonly autoClose: number | false;
  /** The run it is about; empty for several. */
  readonly runId: string;
  readonly actions: readonly NoticeAction[];
}

export interface IEndingsOptions {
  readonly format: Format;
  /** Shows a notice, replacing the one whose id is given; returns the id. */
  readonly show: (notice: INotice, inPlaceOf: string) => string;
  readonly notify: () => 'mine' | 'all' | 'none';
  /** Whether the run was started from this page. */
  readonly isMine: (runId: string) => boolean;
  /** Whether the run's view is in front now. */
  readonly isInFront: (runId: string) => boolean;
  /** Why a run failed, in one sentence; empty when that is not known. */
  readonly reasonOf: (run: Run) => Promise<string>;
  /** Claim a notice; resolves to whether this page is the first of the browser to ask. */
  readonly claim: (name: string) => Promise<boolean>;
  /** Whether a person sees this page; one that is hidden leaves notices to others. */
  readonly isVisible: () => boolean;
  /** The active runs whose ends are to be announced, kept for the next page; null where nothing can be kept. */
  readonly awaited: IAwaited | null;
}

/** The runs whose ends a person awaits. */
export interface IAwaited {
  add(run: Run): void;
  remove(runId: string): void;
}

/** Runs that ended at about the same time, and their common notice. */
interface IGroup {
  readonly since: number;
  readonly runs: Run[];
  /** Whether this page is to tell of each. */
  readonly claims: Map<Run, Promise<boolean>>;
  waiting: boolean;
  notice: string;
}

/** Decides which starts and ends of runs get a notice, each once, and in which words. */
export class Endings {
  constructor(private readonly _options: IEndingsOptions) {}

  /** Take note of a change; a notice may follow now or a little later. */
  note({ run, previous }: IRunChange): void {
    if (!this._wanted(run, previous) || previous === run.phase) {
      return;
    }
    if (run.phase === 'UNCONFIRMED') {
      this._showSubmit(run, this._describeUnclear(run));
      return;
    }
    if (previous === 'UNCONFIRMED') {
      this._showSettled(run);
    } else if (previous === null && isActive(run.phase)) {
      this._later(() => void this._showStart(run));
    }
    if (isActive(run.phase)) {
      // A retried run ends again.
      this._ended.delete(run.run_id);
      this._options.awaited?.add(run);
    } else {
      this.noteEnd(run);
    }
  }

  /** Take note of a run that has ended, perhaps while no page was open. */
  noteEnd(run: Run): void {
    this._options.awaited?.remove(run.run_id);
    if (this._options.notify() !== 'none' && !this._ended.has(run.run_id)) {
      this._ended.add(run.run_id);
      this._gather(run);
    }
  }

  /** Say that a submit without a clear answer did start; one that was never reported has just started. */
  private _showSettled(run: Run): void {
    const submit = this._submits.get(run.run_id);
    if (submit && submit.id !== '') {
      this._showSubmit(run, this._describeLateStart(run));
    } else {
      this._submits.delete(run.run_id);
      if (submit) {
        submit.next = null;
      }
      this._later(() => void this._showStart(run));
    }
  }

  /** Call back soon, or a little later on a page that nobody sees. */
  private _later(call: () => void): void {
    setTimeout(call, this._options.isVisible() ? SOON : SOON + HIDDEN);
  }

  /** Take note that KFP has no record of a run that was not confirmed. */
  noteLost(run: Run): void {
    if (this._wanted(run, 'UNCONFIRMED')) {
      this._showSubmit(run, this._describeLoss(run));
    }
  }

  private _wanted(run: Run, previous: IRunChange['previous']): boolean {
    const { notify, isMine } = this._options;
    if (notify() === 'none' || isMine(run.run_id)) {
      return notify() !== 'none';
    }
    // Runs started by another page, a kernel or a terminal get a notice once they are seen to change.
    return previous !== null && (notify() === 'all' || run.mine);
  }

  /**
   * Update the notice of an unclear submit in place. A submit that is settled at once gets one notice, and a
   * notice is on the page before it is updated.
   */
  private _showSubmit(run: Run, notice: INotice): void {
    const submit = this._submits.get(run.run_id) ?? { id: '', next: null };
    this._submits.set(run.run_id, submit);
    if (submit.next === null) {
      setTimeout(() => {
        if (submit.next) {
          submit.id = this._options.show(submit.next, submit.id);
          submit.next = null;
        }
      }, SOON);
    }
    submit.next = notice;
  }

  /** Show a start unless the person sees it anyway. */
  private async _showStart(run: Run): Promise<void> {
    const isWanted = !this._ended.has(run.run_id) && !this._options.isInFront(run.run_id);
    if (isWanted && (await this._options.claim(`start of ${run.run_id}`))) {
      this._options.show(this._describeStart(run), '');
    }
  }

  private _gather(run: Run): void {
    const now = Date.now();
    if (!this._group || now - this._group.since > TOGETHER) {
      this._group = { since: now, runs: [], claims: new Map(), waiting: false, notice: '' };
    }
    const group = this._group;
    group.runs.push(run);
    if (!group.waiting) {
      group.waiting = true;
      this._later(() => void this._showGroup(group));
    }
  }

  private async _showGroup(group: IGroup): Promise<void> {
    group.waiting = false;
    for (const run of group.runs.filter(each => !group.claims.has(each))) {
      group.claims.set(run, this._options.claim(`end of ${run.run_id} ${run.finished_at ?? ''} ${run.phase}`));
    }
    const claims = await Promise.all(group.runs.map(run => group.claims.get(run)));
    const notice = await this._describeRuns(group.runs.filter((_, index) => claims[index]));
    // If another run ended while the reason was loading, a notice of all follows soon.
    if (notice && !group.waiting) {
      group.notice = this._options.show(notice, group.notice);
    }
  }

  /** Return the notice of runs that ended; null if the person sees them. */
  private async _describeRuns(runs: readonly Run[]): Promise<INotice | null> {
    const [first] = runs;
    if (runs.length > 1) {
      return this._describeGroup(runs);
    }
    if (first?.phase === 'FAILED') {
      const { isInFront, reasonOf } = this._options;
      return isInFront(first.run_id) ? null : this._describeFailure(first, await reasonOf(first));
    }
    return first ? this._describeEnd(first) : null;
  }

  private _describeStart(run: Run): INotice {
    const { trans } = this._options.format;
    const text = trans.__('%1 started in %2.', shortenName(run), run.namespace);
    return { ...refer(run), text, type: 'success', autoClose: 5000 };
  }

  private _describeUnclear(run: Run): INotice {
    const text = this._options.format.trans.__('%1: not confirmed yet.', shortenName(run));
    return { ...refer(run), text, type: 'warning', autoClose: false, actions: [] };
  }

  private _describeLateStart(run: Run): INotice {
    const text = this._options.format.trans.__('%1 did start.', shortenName(run));
    return { ...refer(run), text, type: 'success', autoClose: 8000 };
  }

  private _describeLoss(run: Run): INotice {
    const text = this._options.format.trans.__('%1 did not start. KFP has no record of it.', shortenName(run));
    return { ...refer(run), text, type: 'warning', autoClose: false, actions: ['again'] };
  }

  private _describeEnd(run: Run): INotice {
    const { format } = this._options;
    const { trans } = format;
    if (run.phase === 'SUCCEEDED' || run.phase === 'CACHED') {
      const took = format.took(run.created_at, run.finished_at, Date.now());
      const text = trans.__('%1 succeeded in %2.', shortenName(run), took);
      return { ...refer(run), text, type: 'success', autoClose: 8000 };
    }
    return { ...refer(run), text: trans.__('%1 was canceled.', shortenName(run)), type: 'info', autoClose: 5000 };
  }

  private _describeFailure(run: Run, reason: string): INotice {
    const { trans } = this._options.format;
    const sentence = reason.replace(/\.$/, '');
    const text = sentence ? trans.__('%1 failed: %2.', shortenName(run), sentence) : trans.__('%1 failed.', shortenName(run));
    return { ...refer(run), text: cutMiddle(text, 140), type: 'error', autoClose: false, actions: ['open', 'retry'] };
  }

  private _describeGroup(runs: readonly Run[]): INotice {
    const { trans } = this._options.format;
    const failed = runs.filter(run => run.phase === 'FAILED').length;
    const succeeded = runs.filter(run => run.phase === 'SUCCEEDED' || run.phase === 'CACHED').length;
    const canceled = runs.length - failed - succeeded;
    if (canceled === runs.length) {
      const words = trans.__('%1 runs were canceled.', canceled);
      return { text: words, type: 'info', autoClose: 5000, runId: '', actions: ['show'] };
    }
    const text =
      canceled > 0
        ? trans.__('%1 runs ended: %2 succeeded, %3 failed, %4 canceled.', runs.length, succeeded, failed, canceled)
        : trans.__('%1 runs ended: %2 succeeded, %3 failed.', runs.length, succeeded, failed);
    return { text, type: failed > 0 ? 'error' : 'info', autoClose: false, runId: '', actions: ['show'] };
  }

  private readonly _ended = new Set<string>();
  /** The notice of each unclear submit, and its next update. */
  private readonly _submits = new Map<string, { id: string; next: INotice | null }>();
  private _group: IGroup | null = null;
}

function refer(run: Run): Pick<INotice, 'runId' | 'actions'> {
  return { runId: run.run_id, actions: ['open'] };
}

function shortenName(run: Run): string {
  return cutMiddle(run.display_name || run.run_id, NAME);
}
