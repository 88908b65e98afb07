import { Clipboard, InputDialog, Notification, ReactWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';
import * as React from 'react';

import { toErrorBody } from '../api/errors';
import { CommandIDs } from '../commandids';
import { PipelinePage } from '../components/pipeline/PipelinePage';
import { cutMiddle, type Format } from '../format';
import { pipelinesIcon } from '../icons';
import { PipelineViewModel } from '../model/pipelineview';
import { whyLocked } from '../reasons';
import type { IRunManager } from '../tokens';
import type { IPipelinePlace } from '../values/pipelineplace';
import { download } from './download';

/** The longest name in a tab. */
const TITLE = 24;

export interface IPipelineWidgetOptions {
  readonly manager: IRunManager;
  readonly commands: CommandRegistry;
  readonly contents: Contents.IManager;
  readonly format: Format;
  readonly namespace: string;
  readonly pipelineId: string;
  readonly place: Partial<IPipelinePlace>;
  /** The folder that the file browser shows. */
  readonly folder: () => string;
}

/** The view of a registered pipeline in the main area. */
export class PipelineWidget extends ReactWidget {
  constructor(private readonly _options: IPipelineWidgetOptions) {
    super();
    const { manager, namespace, pipelineId, place, format } = _options;
    this._model = new PipelineViewModel({ api: manager.api, manager, namespace, pipelineId, place });
    this._model.changed.connect(() => this._onChanged());
    this.addClass('jp-kfp');
    this.addClass('jp-kfp-PipelineView');
    this.node.tabIndex = -1;
    this.title.label = format.shortId(pipelineId);
    this.title.icon = pipelinesIcon;
    this.title.closable = true;
  }

  get pipelineId(): string {
    return this._options.pipelineId;
  }

  get namespace(): string {
    return this._options.namespace;
  }

  /** Show another part of the pipeline. */
  move(place: Partial<IPipelinePlace>): void {
    const { isComparing, ...rest } = place;
    this._model.move(rest);
    if (isComparing !== undefined && isComparing !== this._model.place.isComparing) {
      this._model.compare(isComparing);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._model.dispose();
      super.dispose();
    }
  }

  protected override render(): React.JSX.Element {
    const { manager, commands, format, namespace, pipelineId } = this._options;
    const model = this._model;
    const source = { kind: 'pipeline', pipeline_id: pipelineId, pipeline_version_id: model.versionId };
    return (
      <PipelinePage
        view={model.view}
        versions={model.versions}
        hasMore={model.hasMore}
        versionId={model.versionId}
        version={model.version}
        difference={model.difference}
        place={model.place}
        error={model.error}
        format={format}
        now={Date.now()}
        prefix={this._prefix}
        off={whyLocked(manager.connection, format.trans, namespace)}
        onMove={part => model.move(part)}
        onTick={id => model.tick(id)}
        onCompare={on => model.compare(on)}
        onMore={() => void model.loadMore()}
        onRun={() => void commands.execute(CommandIDs.newRun, { source })}
        onUpload={() => void commands.execute(CommandIDs.uploadNewVersion, { pipeline_id: pipelineId, namespace })}
        onDownload={() => download(model.version?.spec ?? '', this._fileName, 'application/yaml')}
        onOpenFile={() => void this._openFile()}
        onRefresh={() => void model.refresh()}
        onCopy={(text, said) => this._copy(text, said)}
      />
    );
  }

  protected override onActivateRequest(): void {
    if (!this.node.contains(document.activeElement)) {
      this.node.focus({ preventScroll: true });
    }
  }

  private get _name(): string {
    const pipeline = this._model.view?.pipeline;
    return pipeline?.display_name || pipeline?.name || this._options.pipelineId;
  }

  /** The name of the file with the spec: that of the pipeline and, if it is another, of the version. */
  private get _fileName(): string {
    const version = this._model.version?.version.display_name ?? '';
    const words = version && version !== this._name ? `${this._name} ${version}` : this._name;
    return `${words.replace(/[^\p{L}\p{N}._-]+/gu, '-')}.yaml`;
  }

  /** Save the spec beside the person's files, under a name that they choose, and open it. */
  private async _openFile(): Promise<void> {
    const { contents, commands, format, folder } = this._options;
    const { trans } = format;
    const { value } = await InputDialog.getText({
      title: trans.__('Save the spec as'),
      text: PathExt.join(folder(), this._fileName),
      okLabel: trans.__('Save and open'),
      cancelLabel: trans.__('Cancel')
    });
    if (!value) {
      return;
    }
    try {
      const content = this._model.version?.spec ?? '';
      await contents.save(value, { type: 'file', format: 'text', content });
      await commands.execute('docmanager:open', { path: value });
    } catch (error) {
      Notification.error(toErrorBody(error).message, { autoClose: false });
    }
  }

  private _copy(text: string, said = this._options.format.trans.__('Copied.')): void {
    Clipboard.copyToSystem(text);
    Notification.success(said, { autoClose: 2000 });
  }

  private _onChanged(): void {
    this.title.label = cutMiddle(this._name, TITLE);
    this.title.caption = this._name;
    this.update();
  }

  private readonly _model: PipelineViewModel;
  private readonly _prefix = `jp-kfp-pipeline-${UUID.uuid4()}`;
}
