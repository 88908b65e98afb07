import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { toErrorBody, type KfpApi } from '../api/client';
import type { ErrorBody, PipelineVersion, PipelineView, VersionDifference, VersionView } from '../api/types';
import type { IRunManager } from '../tokens';
import { FIRST_PLACE, type IPipelinePlace } from '../values/pipelineplace';

/** Versions that are read at once. */
const PAGE = 50;

/** A pipeline with its versions, one of them in detail, or two side by side. */
export class PipelineViewModel implements IDisposable {
  constructor(
    private readonly _options: {
      readonly api: KfpApi;
      readonly manager: IRunManager;
      readonly namespace: string;
      readonly pipelineId: string;
      readonly place?: Partial<IPipelinePlace>;
    }
  ) {
    this._place = { ...FIRST_PLACE, ..._options.place };
    this._revision = _options.manager.revision;
    _options.manager.changed.connect(this._onManagerChanged, this);
    this.ready = this.refresh();
  }

  /** Settles when everything that is shown first was read. */
  readonly ready: Promise<void>;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The pipeline; null until it was read. */
  get view(): PipelineView | null {
    return this._view;
  }

  /** The versions that were read, newest first. */
  get versions(): readonly PipelineVersion[] {
    return this._versions;
  }

  get hasMore(): boolean {
    return this._next !== '';
  }

  get place(): IPipelinePlace {
    return this._place;
  }

  /** The id of the version that is shown; "" while there is none. */
  get versionId(): string {
    return this._place.versionId || (this._versions[0]?.pipeline_version_id ?? '');
  }

  /** The version that is shown; null until it was read. */
  get version(): VersionView | null {
    return this._details.get(this.versionId) ?? null;
  }

  /** What differs between the two that are ticked; null until that was read. */
  get difference(): VersionDifference | null {
    const { ticked } = this._place;
    return ticked.length === 2 ? (this._differences.get(this._pair.join()) ?? null) : null;
  }

  /** Why something cannot be shown. */
  get error(): ErrorBody | null {
    return this._error;
  }

  /** Show something else of the pipeline. */
  move(part: Partial<IPipelinePlace>): void {
    this._place = { ...this._place, ...part };
    this._changed.emit();
    void this._load();
  }

  /** Tick a version or take the tick away; a third takes the place of the older one. */
  tick(versionId: string): void {
    const { ticked } = this._place;
    this.move({
      ticked: ticked.includes(versionId)
        ? ticked.filter(each => each !== versionId)
        : [...ticked.slice(-1), versionId]
    });
  }

  /** Begin to compare the newest two versions, or stop. */
  compare(isComparing: boolean): void {
    const newest = this._versions.slice(0, 2).map(({ pipeline_version_id }) => pipeline_version_id);
    this.move({ isComparing, ticked: isComparing ? newest : [] });
  }

  /** Read the pipeline and its newest versions again. */
  async refresh(): Promise<void> {
    const { api, namespace, pipelineId } = this._options;
    await this._try(async () => {
      const [view, page] = await Promise.all([
        api.viewPipeline(namespace, pipelineId),
        api.listVersions(namespace, pipelineId, { page_size: PAGE })
      ]);
      const first = this._view === null;
      this._view = view;
      this._versions = page.pipeline_versions;
      this._next = page.next_page_token;
      if (first && this._place.isComparing) {
        this.compare(true);
      }
    });
    await this._load();
  }

  /** Read the next page of versions. */
  async loadMore(): Promise<void> {
    const { api, namespace, pipelineId } = this._options;
    await this._try(async () => {
      const page = await api.listVersions(namespace, pipelineId, { page_size: PAGE, page_token: this._next });
      this._versions = [...this._versions, ...page.pipeline_versions];
      this._next = page.next_page_token;
    });
  }

  dispose(): void {
    this._isDisposed = true;
    this._options.manager.changed.disconnect(this._onManagerChanged, this);
    Signal.clearData(this);
  }

  /** The ids of the two that are compared, the older one first. */
  private get _pair(): readonly string[] {
    const order = this._versions.map(({ pipeline_version_id }) => pipeline_version_id);
    return [...this._place.ticked].sort((one, other) => order.indexOf(other) - order.indexOf(one));
  }

  /** Read what is shown and was not read yet; versions never change. */
  private async _load(): Promise<void> {
    const { api, namespace, pipelineId } = this._options;
    const { isComparing } = this._place;
    const { versionId } = this;
    const [left, right] = this._pair;
    if (isComparing && left && right) {
      const key = `${left},${right}`;
      if (!this._differences.has(key)) {
        await this._try(async () => {
          this._differences.set(key, await api.compareVersions(namespace, pipelineId, left, right));
        });
      }
    } else if (!isComparing && versionId && !this._details.has(versionId)) {
      await this._try(async () => {
        this._details.set(versionId, await api.viewVersion(namespace, pipelineId, versionId));
      });
    }
  }

  private async _try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this._error = null;
    } catch (error) {
      this._error = toErrorBody(error);
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _onManagerChanged(): void {
    const { revision } = this._options.manager;
    if (revision !== this._revision) {
      this._revision = revision;
      void this.refresh();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _details = new Map<string, VersionView>();
  private readonly _differences = new Map<string, VersionDifference>();
  private _view: PipelineView | null = null;
  private _versions: readonly PipelineVersion[] = [];
  private _next = '';
  private _place: IPipelinePlace;
  private _error: ErrorBody | null = null;
  private _revision: number;
  private _isDisposed = false;
}
