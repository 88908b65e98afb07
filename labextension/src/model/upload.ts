import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';

import { toErrorBody, type KfpApi } from '../api/client';
import type { ErrorBody, Inspection, Source, UploadRequest } from '../api/types';

/** Where the file of an upload is. */
export type UploadPlace = 'disk' | 'files' | 'address';

/** A file of this computer. */
export type LocalFile = Pick<File, 'name' | 'size' | 'arrayBuffer'>;

/** What the dialog shows. */
export interface IUploadState {
  readonly place: UploadPlace;
  /** The name of the file from disk; "" for none. */
  readonly file: string;
  /** The file's path below the Jupyter root. */
  readonly path: string;
  readonly address: string;
  readonly reading: boolean;
  readonly inspection: Inspection | null;
  /** Why the file cannot be uploaded. */
  readonly error: ErrorBody | null;
  /** The function of a Python file; "" for the first. */
  readonly fn: string;
  /** Empty for the name in the file. */
  readonly name: string;
  readonly version: string;
  readonly shared: boolean;
}

/** The fields that a person fills in. */
export type UploadInput = Partial<Pick<IUploadState, 'fn' | 'name' | 'version' | 'shared'>>;

export interface IUploadOptions {
  readonly api: KfpApi;
  readonly namespace: string;
  readonly start?: Partial<IUploadState>;
  /** The error for a file that is larger than KFP takes. */
  readonly tooLarge: (name: string) => ErrorBody;
  /** Milliseconds after the last key before a path or an address is read. */
  readonly patience?: number;
}

/** The most bytes that KFP takes. */
export const LARGEST = 32 * 1024 * 1024;

/** The model of the upload dialog: reads the chosen file, and knows the request. */
export class UploadModel implements IDisposable {
  constructor(private readonly _options: IUploadOptions) {
    this._look = new Debouncer(() => this._inspect(), _options.patience ?? 500);
    this._state = { ...EMPTY, ..._options.start };
    this.ready = this._inspect();
  }

  /** Settles when the file that the dialog opens with is read. */
  readonly ready: Promise<void>;

  /** Emitted after a change of the state. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): IUploadState {
    return this._state;
  }

  /** What to send; null while the file is not known to be good. */
  get request(): UploadRequest | null {
    const { inspection, reading, name, version, shared } = this._state;
    const source = this._source;
    return inspection && source && !reading
      ? { source, name: name.trim(), version: version.trim(), shared }
      : null;
  }

  get isDisposed(): boolean {
    return this._look.isDisposed;
  }

  /** Choose where the file is. */
  choose(place: UploadPlace): void {
    this._set({ place });
    void this._inspect();
  }

  /** Take a file of this computer. */
  async takeFile(file: LocalFile): Promise<void> {
    const turn = ++this._turn;
    this._data = '';
    this._set({ place: 'disk', file: file.name, inspection: null, fn: '', error: null, reading: true });
    if (file.size > LARGEST) {
      this._set({ reading: false, error: this._options.tooLarge(file.name) });
      return;
    }
    const data = toBase64(await file.arrayBuffer());
    if (turn === this._turn) {
      this._data = data;
      await this._inspect();
    }
  }

  /** Take a file below the Jupyter root. */
  setPath(path: string, now = false): void {
    this._set({ place: 'files', path, fn: '' });
    (now ? this._inspect() : this._wait()).catch(() => undefined); // `_inspect` reports errors in the state
  }

  setAddress(address: string): void {
    this._set({ place: 'address', address });
    this._wait().catch(() => undefined);
  }

  /** Change what a person fills in. */
  fill(input: UploadInput): void {
    this._set(input);
    if (input.fn !== undefined) {
      void this._inspect();
    }
  }

  dispose(): void {
    this._look.dispose();
    Signal.clearData(this);
  }

  private get _source(): Source | null {
    const { place, file, path, address, fn } = this._state;
    switch (place) {
      case 'disk':
        return this._data === '' ? null : { kind: 'data', path: file, data: this._data };
      case 'files':
        return path.trim() === '' ? null : { kind: 'file', path: path.trim(), function: fn };
      case 'address':
        return /^https:\/\/[^/]+\/./.test(address.trim()) ? { kind: 'address', path: address.trim() } : null;
    }
  }

  private _wait(): Promise<void> {
    this._turn += 1;
    this._set({ inspection: null, error: null, reading: this._source !== null });
    return this._look.invoke();
  }

  /** Read the chosen file; a late response to an earlier choice is dropped. */
  private async _inspect(): Promise<void> {
    const { api, namespace } = this._options;
    const source = this._source;
    const turn = ++this._turn;
    if (!source) {
      this._set({ inspection: null, error: null, reading: false });
      return;
    }
    this._set({ reading: true, error: null });
    try {
      const inspection = await api.inspect(namespace, source);
      if (turn === this._turn) {
        this._set({ reading: false, inspection });
      }
    } catch (error) {
      if (turn === this._turn) {
        this._set({ reading: false, inspection: null, error: toErrorBody(error) });
      }
    }
  }

  private _set(part: Partial<IUploadState>): void {
    if (!this.isDisposed) {
      this._state = { ...this._state, ...part };
      this._changed.emit();
    }
  }

  private readonly _look: Debouncer;
  private readonly _changed = new Signal<this, void>(this);
  private _state: IUploadState;
  /** The bytes of the file from disk, in base64. */
  private _data = '';
  private _turn = 0;
}

const EMPTY: IUploadState = {
  place: 'disk',
  file: '',
  path: '',
  address: '',
  reading: false,
  inspection: null,
  error: null,
  fn: '',
  name: '',
  version: '',
  shared: false
};

/** Return bytes in base64; `btoa` takes a text, and a call takes only so many arguments. */
export function toBase64(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  }
  return btoa(parts.join(''));
}
