import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Debouncer } from '@lumino/polling';
import type { IStateDB } from '@jupyterlab/statedb';

import type { KfpPanel } from '../views/panel';

/** The key under which JupyterLab keeps the heights of the sections. */
const KEY = 'jupyter-kfp-mt:sections';
/** Milliseconds after a change before it is saved. */
const SETTLED = 300;

/**
 * Keeps the heights of the panel's sections across reloads; a folded one has none.
 *
 * #### Notes
 * JupyterLab keeps them too, but restores them before the panel has a height, so that an open section loses some
 * of its own with each reload.
 */
export class SectionSizes {
  constructor(
    private readonly _panel: KfpPanel,
    private readonly _state: IStateDB
  ) {}

  /** Restore the kept heights, and keep changes from then on. */
  async begin(): Promise<void> {
    const kept = readSizes(await this._state.fetch(KEY));
    if (kept) {
      this._panel.setSectionSizes(kept);
    }
    const keep = new Debouncer(() => this._state.save(KEY, this._panel.sectionSizes), SETTLED);
    this._panel.resized.connect(() => void keep.invoke());
    this._panel.disposed.connect(() => keep.dispose());
  }
}

function readSizes(kept: unknown): Record<string, number> | null {
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) {
    return null;
  }
  const sizes = Object.entries(kept as ReadonlyPartialJSONObject).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] >= 0
  );
  return sizes.length > 0 ? Object.fromEntries(sizes) : null;
}
