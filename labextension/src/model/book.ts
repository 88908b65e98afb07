import type { Run } from '../api/types';
import { EVERYTHING } from '../filter';
import { mergeRuns, compareNewestFirst, replaceRuns, isSameRun } from './rows';
import type { RunSelection } from './selection';
import type { IRunChange, IRunFilter } from '../tokens';

/** What is told of runs: new and changed ones, and the ids of those that are gone. */
interface INews {
  readonly runs: readonly Run[];
  readonly removed: readonly string[];
}

/** The book of the runs list: which are loaded, which are hidden, and what was last known of each. */
export class RunBook {
  constructor(private readonly _selection: RunSelection) {}

  /** The loaded rows, hidden ones too. */
  get rows(): readonly Run[] {
    return this._rows;
  }

  /** The rows that a person sees. */
  get shown(): readonly Run[] {
    return this._shown;
  }

  get filter(): IRunFilter {
    return this._filter;
  }

  /** What is known and fits the new filter stays. */
  set filter(filter: IRunFilter) {
    this._filter = filter;
    this._set(mergeRuns(this._rows, this._rows, [], filter));
  }

  /** What was last told of a run, whether it is in the list or not. */
  known(runId: string): Run | undefined {
    return this._known.get(runId);
  }

  hide(runId: string, hidden: boolean): void {
    if (hidden) {
      this._hidden.add(runId);
    } else {
      this._hidden.delete(runId);
    }
    this._set(this._rows);
  }

  /** Take in what the stream or an answer told; gives what is new in it. */
  take(news: INews): IRunChange[] {
    this._meanwhile?.push(news);
    news.removed.forEach(runId => this._hidden.delete(runId));
    this._set(mergeRuns(this._rows, news.runs, news.removed, this._filter));
    return this._note(news.runs);
  }

  /** A page is on its way: what is told until it comes may be newer. */
  expectPage(): void {
    this._meanwhile = [];
  }

  /** The page that was expected, to be added below the rows or to replace them; gives what is new in it. */
  takePage(runs: readonly Run[], below: boolean): IRunChange[] {
    let rows = below ? mergeRuns(this._rows, runs, [], this._filter) : replaceRuns(this._rows, runs);
    for (const news of this._meanwhile ?? []) {
      rows = mergeRuns(rows, news.runs, news.removed, this._filter);
    }
    this._meanwhile = null;
    this._set(rows);
    return this._note(runs);
  }

  /** The page will not come. */
  dropPage(): void {
    this._meanwhile = null;
  }

  /** Forget the rows; what is known of runs stays. */
  empty(): void {
    this._set([]);
  }

  /** Another namespace, another server: nothing that was known holds. */
  clear(): void {
    this._meanwhile = null;
    this._known.clear();
    this._filter = EVERYTHING;
    this._set([]);
    this._selection.set([], '');
  }

  private _set(rows: readonly Run[]): void {
    const before = this._shown.map(run => run.run_id);
    this._rows = rows;
    this._shown = this._hidden.size === 0 ? rows : rows.filter(run => !this._hidden.has(run.run_id));
    const after = this._shown.map(run => run.run_id);
    this._selection.keep(before, after);
  }

  private _note(runs: readonly Run[]): IRunChange[] {
    const changes: IRunChange[] = [];
    for (const run of [...runs].sort(compareNewestFirst)) {
      const known = this._known.get(run.run_id);
      this._known.set(run.run_id, run);
      if (!known || !isSameRun(known, run)) {
        changes.push({ run, previous: known?.phase ?? null });
      }
    }
    return changes;
  }

  private readonly _hidden = new Set<string>();
  private readonly _known = new Map<string, Run>();
  private _filter: IRunFilter = EVERYTHING;
  private _meanwhile: INews[] | null = null;
  private _rows: readonly Run[] = [];
  private _shown: readonly Run[] = [];
}
