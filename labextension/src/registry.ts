import { DisposableDelegate } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

/** Something that stands in a place among others. */
export interface IRanked {
  readonly id: string;
  /** The lower, the earlier. */
  readonly rank: number;
}

/** What other plugins add to a view. */
export interface IRegistry<T extends IRanked> {
  /** All items by rank. */
  readonly items: readonly T[];
  /** Emitted after an item was added or removed. */
  readonly changed: ISignal<IRegistry<T>, void>;
  /** Add an item until the handle is disposed. */
  add(item: T): IDisposable;
}

/** Keeps items by rank. */
export class Registry<T extends IRanked> implements IRegistry<T> {
  constructor(items: readonly T[] = []) {
    items.forEach(item => void this.add(item));
  }

  get items(): readonly T[] {
    return this._items;
  }

  get changed(): ISignal<IRegistry<T>, void> {
    return this._changed;
  }

  add(item: T): IDisposable {
    if (this._items.some(({ id }) => id === item.id)) {
      throw new Error(`“${item.id}” is already there.`);
    }
    this._items = [...this._items, item].sort((one, other) => one.rank - other.rank);
    this._changed.emit();
    return new DisposableDelegate(() => {
      this._items = this._items.filter(each => each !== item);
      this._changed.emit();
    });
  }

  private readonly _changed = new Signal<this, void>(this);
  private _items: readonly T[] = [];
}
