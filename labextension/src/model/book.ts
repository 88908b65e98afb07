import type { Run } from '../api/types';
import { compareRuns, countRuns, EVERYTHING, NEWEST_FIRST } from '../filter';
import { mergeRuns, replaceRuns, isSameRun } from './rows';
import type { RunSelection } from './selection';
import type { IRunChange, IRunFilter } from '../tokens';

/** Changes to runs: new and changed ones, and the ids of removed ones. */
interface INews {
  readonly runs: readonly Run[];
  readonly removed: readonly string[];
}

/** The rows of the runs list: which are loaded, which are hidden, and the newest known state of each run. */
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

  /** Set the filter; known runs that pass it stay. */
  set filter(filter: IRunFilter) {
    this._filter = filter;
    this._set(mergeRuns(this._rows, this._rows, [], filter));
  }

  /** Return the newest known state of a run, whether it is in the list or not. */
  known(runId: string): Run | undefined {
    return this._known.get(runId);
  }

  /** How many of the runs seen are active, and how many failed; those that have gone do not count. */
  get counts(): { readonly active: number; readonly failed: number } {
    this._counts ??= countRuns([...this._known.values()].filter(run => this._isThere(run)));
    return this._counts;
  }

  /** Return the newest `count` runs of an experiment among those seen, the newest first. */
  listLast(experimentId: string, count: number): readonly Run[] {
    return [...this._known.values()]
      .filter(run => run.experiment_id === experimentId && this._isThere(run))
      .sort((one, other) => compareRuns(one, other, NEWEST_FIRST))
      .slice(0, count);
  }

  private _isThere({ run_id }: Run): boolean {
    return !this._gone.has(run_id) && !this._hidden.has(run_id);
  }

  hide(runId: string, hidden: boolean): void {
    if (hidden) {
      this._hidden.add(runId);
    } else {
      this._hidden.delete(runId);
    }
    this._set(this._rows);
  }

  /** Apply changes from the stream or a response; return those that are new. */
  take(news: INews): IRunChange[] {
    this._meanwhile?.push(news);
    news.removed.forEach(runId => {
      this._hidden.delete(runId);
      this._gone.add(runId);
    });
    this._set(mergeRuns(this._rows, news.runs, news.removed, this._filter));
    return this._note(news.runs);
  }

  /** A page is being loaded: changes until it arrives may be newer. */
  expectPage(): void {
    this._meanwhile = [];
  }

  /** Add the expected page below the rows, or replace them with it; return the changes that are new. */
  takePage(runs: readonly Run[], below: boolean): IRunChange[] {
    let rows = below ? mergeRuns(this._rows, runs, [], this._filter, true) : replaceRuns(this._rows, runs);
    for (const news of this._meanwhile ?? []) {
      rows = mergeRuns(rows, news.runs, news.removed, this._filter);
    }
    this._meanwhile = null;
    this._set(rows);
    return this._note(runs);
  }

  /** The expected page failed to load. */
  dropPage(): void {
    this._meanwhile = null;
  }

  /** Remove the rows; the known states of runs stay. */
  empty(): void {
    this._set([]);
  }

  /** Forget everything: the namespace or the server has changed. */
  clear(): void {
    this._meanwhile = null;
    this._known.clear();
    this._gone.clear();
    this._filter = EVERYTHING;
    this._set([]);
    this._selection.set([], '');
  }

  private _set(rows: readonly Run[]): void {
    this._counts = null;
    const before = this._shown.map(run => run.run_id);
    this._rows = rows;
    this._shown = this._hidden.size === 0 ? rows : rows.filter(run => !this._hidden.has(run.run_id));
    const after = this._shown.map(run => run.run_id);
    this._selection.keep(before, after);
  }

  private _note(runs: readonly Run[]): IRunChange[] {
    const changes: IRunChange[] = [];
    this._counts = null;
    for (const run of [...runs].sort((one, other) => compareRuns(one, other, NEWEST_FIRST))) {
      const known = this._known.get(run.run_id);
      this._known.set(run.run_id, run);
      this._gone.delete(run.run_id);
      if (!known || !isSameRun(known, run)) {
        changes.push({ run, previous: known?.phase ?? null });
      }
    }
    return changes;
  }

  private _counts: ReturnType<typeof countRuns> | null = null;
  /** Runs that have left the server's list. */
  private readonly _gone = new Set<string>();
  private readonly _hidden = new Set<string>();
  private readonly _known = new Map<string, Run>();
  private _filter: IRunFilter = EVERYTHING;
  private _meanwhile: INews[] | null = null;
  private _rows: readonly Run[] = [];
  private _shown: readonly Run[] = [];
}
