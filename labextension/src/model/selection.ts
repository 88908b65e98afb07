import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { IRunSelection } from '../tokens';

/** The selected rows of the runs list, and the one that has the focus. */
export class RunSelection implements IRunSelection {
  get ids(): ReadonlySet<string> {
    return this._ids;
  }

  get active(): string {
    return this._active;
  }

  get targets(): readonly string[] {
    return this._ids.size > 0 ? [...this._ids] : this._active ? [this._active] : [];
  }

  get changed(): ISignal<IRunSelection, void> {
    return this._changed;
  }

  set(ids: Iterable<string>, active = this._active): void {
    this._ids = new Set(ids);
    this._active = active;
    this._changed.emit();
  }

  toggle(id: string): void {
    const ids = new Set(this._ids);
    if (!ids.delete(id)) {
      ids.add(id);
    }
    this.set(ids, id);
  }

  /** Follow the rows from `before` to `after`: unselect removed ones; the next row, else the last, becomes active. */
  keep(before: readonly string[], after: readonly string[]): void {
    const there = new Set(after);
    const ids = [...this._ids].filter(id => there.has(id));
    const place = before.indexOf(this._active);
    const gone = place >= 0 && !there.has(this._active);
    const next = before.slice(place + 1).find(id => there.has(id)) ?? after[after.length - 1] ?? '';
    if (gone || ids.length !== this._ids.size) {
      this.set(ids, gone ? next : this._active);
    }
  }

  private _ids: ReadonlySet<string> = new Set();
  private _active = '';
  private readonly _changed = new Signal<this, void>(this);
}
