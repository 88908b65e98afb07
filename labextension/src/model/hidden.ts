import type { IStateDB } from '@jupyterlab/statedb';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Caution } from '../api/types';

/** The key under which JupyterLab keeps the hidden warnings. */
const KEY = 'jupyter-kfp-mt:hidden';

/** The warnings that a person has hidden, by namespace; they stay hidden after a reload unless their text changes. */
export class HiddenCautions {
  constructor(private readonly _state: IStateDB | null) {
    this.ready = this._load();
  }

  /** Settles when the kept ones are loaded. */
  readonly ready: Promise<void>;

  /** Emitted when other warnings are hidden than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Return those of `warnings` that are not hidden in `namespace`. */
  filterShown(namespace: string, warnings: readonly Caution[]): readonly Caution[] {
    const hidden = this._hidden.get(namespace) ?? [];
    return warnings.filter(({ message }) => !hidden.includes(message));
  }

  /** Hide a warning; others stay hidden only while the server still reports them. */
  hide(namespace: string, caution: Caution, warnings: readonly Caution[]): void {
    const shown = this.filterShown(namespace, warnings);
    const hidden = warnings.filter(each => each === caution || !shown.includes(each));
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
    // Another version may have written it; what was hidden meanwhile takes precedence.
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
