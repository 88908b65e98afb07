import type { Run } from '../api/types';
import type { IAwaited } from '../model/endings';

/** The most runs that are kept. */
const MOST = 200;

/**
 * The runs whose ends a person awaits, kept in this browser, so that the next page tells what ended meanwhile.
 *
 * #### Notes
 * Not in JupyterLab's state, which is one for each workspace and server: an end is announced once in a browser.
 */
export class Awaited implements IAwaited {
  constructor(
    private readonly _storage: Pick<Storage, 'getItem' | 'setItem'>,
    /** The Jupyter server. */
    private readonly _server: string
  ) {}

  add({ run_id, namespace }: Run): void {
    const known = this._read();
    if (known[run_id] === undefined) {
      const kept = Object.entries({ ...known, [run_id]: namespace }).slice(-MOST);
      this._write(Object.fromEntries(kept));
    }
  }

  remove(runId: string): void {
    const { [runId]: found, ...others } = this._read();
    if (found !== undefined) {
      this._write(others);
    }
  }

  /** List the ids of those in a namespace. */
  list(namespace: string): readonly string[] {
    return Object.entries(this._read()).flatMap(([runId, where]) => (where === namespace ? [runId] : []));
  }

  private get _key(): string {
    return `jupyter-kfp-mt:awaited:${this._server}`;
  }

  private _read(): Record<string, string> {
    try {
      const kept: unknown = JSON.parse(this._storage.getItem(this._key) ?? '{}');
      return typeof kept === 'object' && kept !== null ? (kept as Record<string, string>) : {};
    } catch (error) {
      console.warn('The runs that were awaited cannot be read.', error);
      return {};
    }
  }

  private _write(runs: Readonly<Record<string, string>>): void {
    try {
      this._storage.setItem(this._key, JSON.stringify(runs));
    } catch (error) {
      console.warn('The runs that are awaited cannot be kept.', error); // the storage is full or off
    }
  }
}
