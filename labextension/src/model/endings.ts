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
    if (first) {
      this._options.tell(runs.length === 1 ? this._ended(first) : this._several(runs));
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
    if (run.phase === 'FAILED') {
      const reason = run.failed_task ? trans.__('in %1', run.failed_task) : (run.error?.message ?? '');
      const text = reason ? trans.__('%1 failed: %2.', nameOf(run), reason) : trans.__('%1 failed.', nameOf(run));
      return { ...about, text: cutMiddle(text, 140), type: 'error', autoClose: false, retry: true };
    }
    if (run.phase === 'SUCCEEDED' || run.phase === 'CACHED') {
      const took = format.took(run.created_at, run.finished_at, Date.now());
      return { ...about, text: trans.__('%1 succeeded in %2.', nameOf(run), took), type: 'success', autoClose: 8000 };
    }
    return { ...about, text: trans.__('%1 was canceled.', nameOf(run)), type: 'info', autoClose: 5000 };
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
