import type { Run } from '../api/types';
import { cutMiddle } from '../format';
import type { Format } from '../format';
import { isActive } from '../phase';
import type { IRunChange } from '../tokens';

/** The longest name in a notice, which has 140 characters in all. */
const NAME = 50;
/** Runs that end within this time, in milliseconds, are told together. */
const TOGETHER = 2000;
/** One run's end is told after this pause, in case others end with it. */
const SOON = 500;

/** What is to be told. */
export interface INotice {
  readonly text: string;
  readonly type: 'success' | 'error' | 'info';
  /** Milliseconds; false to stay. */
  readonly autoClose: number | false;
  /** The run it is about; empty for several. */
  readonly runId: string;
  readonly retry: boolean;
}

export interface IEndingsOptions {
  readonly format: Format;
  readonly tell: (notice: INotice) => void;
  readonly notify: () => 'mine' | 'all' | 'none';
  readonly isMine: (runId: string) => boolean;
  /** Why a run failed, in one sentence; empty when that is not known. */
  readonly reasonOf: (run: Run) => Promise<string>;
}

/** Decides which starts and ends of runs are told, each once, and in which words (UX §6). */
export class Endings {
  constructor(private readonly _options: IEndingsOptions) {}

  /** Take note of a change; something may be told at once or a little later. */
  note({ run, previous }: IRunChange): void {
    const { notify, isMine } = this._options;
    const wanted = notify() === 'all' ? previous !== null || isMine(run.run_id) : isMine(run.run_id);
    if (notify() === 'none' || !wanted || previous === run.phase) {
      return;
    }
    if (isActive(run.phase)) {
      // A retried run ends once more.
      this._told.delete(run.run_id);
      if (previous === null) {
        this._options.tell(this._started(run));
      }
    } else if (!this._told.has(run.run_id)) {
      this._told.add(run.run_id);
      this._waiting.push(run);
      // The first is told soon; those that end right after it are told together.
      const pause = Date.now() - this._lastAt < TOGETHER ? TOGETHER : SOON;
      this._timer ??= setTimeout(() => this._flush(), pause);
    }
  }

  private _flush(): void {
    const runs = this._waiting;
    this._waiting = [];
    this._timer = undefined;
    this._lastAt = Date.now();
    const [first] = runs;
    if (!first) {
      return;
    }
    if (runs.length > 1) {
      this._options.tell(this._several(runs));
    } else if (first.phase === 'FAILED') {
      void this._options.reasonOf(first).then(reason => this._options.tell(this._failed(first, reason)));
    } else {
      this._options.tell(this._ended(first));
    }
  }

  private _started(run: Run): INotice {
    const { trans } = this._options.format;
    const text = trans.__('%1 started in %2.', nameOf(run), run.namespace);
    return { text, type: 'success', autoClose: 5000, runId: run.run_id, retry: false };
  }

  private _ended(run: Run): INotice {
    const { format } = this._options;
    const { trans } = format;
    const about = { runId: run.run_id, retry: false };
    if (run.phase === 'SUCCEEDED' || run.phase === 'CACHED') {
      const took = format.took(run.created_at, run.finished_at, Date.now());
      return { ...about, text: trans.__('%1 succeeded in %2.', nameOf(run), took), type: 'success', autoClose: 8000 };
    }
    return { ...about, text: trans.__('%1 was canceled.', nameOf(run)), type: 'info', autoClose: 5000 };
  }

  private _failed(run: Run, reason: string): INotice {
    const { trans } = this._options.format;
    const sentence = reason.replace(/\.$/, '');
    const text = sentence ? trans.__('%1 failed: %2.', nameOf(run), sentence) : trans.__('%1 failed.', nameOf(run));
    return { text: cutMiddle(text, 140), type: 'error', autoClose: false, runId: run.run_id, retry: true };
  }

  private _several(runs: readonly Run[]): INotice {
    const { trans } = this._options.format;
    const failed = runs.filter(run => run.phase === 'FAILED').length;
    const succeeded = runs.filter(run => run.phase === 'SUCCEEDED' || run.phase === 'CACHED').length;
    const text = trans.__('%1 runs ended: %2 succeeded, %3 failed.', runs.length, succeeded, failed);
    return { text, type: failed > 0 ? 'error' : 'info', autoClose: false, runId: '', retry: false };
  }

  private readonly _told = new Set<string>();
  private _lastAt = 0;
  private _waiting: Run[] = [];
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

function nameOf(run: Run): string {
  return cutMiddle(run.display_name || run.run_id, NAME);
}
