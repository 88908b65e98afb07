import type { IStateDB } from '@jupyterlab/statedb';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Caution } from '../api/types';

/** Under this key JupyterLab keeps which warnings a person has read. */
const KEY = 'jupyter-kfp-mt:hidden';

/** The warnings that a person has hidden, by namespace, over a reload; one that says something new is shown. */
export class HiddenCautions {
  constructor(private readonly _state: IStateDB | null) {
    this.ready = this._load();
  }

  /** Settles when what was kept is known. */
  readonly ready: Promise<void>;

  /** Emitted when other warnings are hidden than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Those of `told` that are not hidden in `namespace`. */
  shown(namespace: string, told: readonly Caution[]): readonly Caution[] {
    const hidden = this._hidden.get(namespace) ?? [];
    return told.filter(({ message }) => !hidden.includes(message));
  }

  /** Hide a warning; of the others only those that are still told stay hidden. */
  hide(namespace: string, caution: Caution, told: readonly Caution[]): void {
    const shown = this.shown(namespace, told);
    const hidden = told.filter(each => each === caution || !shown.includes(each));
    this._hidden.set(
      namespace,
      hidden.map(({ message }) => message)
    );
    this._changed.emit();
    this._state?.save(KEY, Object.fromEntries(this._hidden)).catch((error: unknown) => {
      console.warn('Which warnings of Kubeflow Pipelines are hidden cannot be kept.', error);
    });
  }

  private async _load(): Promise<void> {
    const kept: unknown = await this._state?.fetch(KEY);
    // An older version or another hand may have written it; what was hidden meanwhile counts more.
    for (const [namespace, messages] of Object.entries(kept ?? {})) {
      if (Array.isArray(messages) && !this._hidden.has(namespace)) {
        this._hidden.set(namespace, messages.map(String));
      }
    }
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _hidden = new Map<string, readonly string[]>();
}
