import { Clipboard, Notification, ReactWidget } from '@jupyterlab/apputils';
import { FileDialog, type IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import * as React from 'react';

import { createErrorBody, type KfpApi } from '../api/client';
import type { Run, Source } from '../api/types';
import { SubmitPage } from '../components/form/SubmitPage';
import { Format } from '../format';
import { pipelinesIcon } from '../icons';
import { SubmitFormModel, type IFormWords } from '../model/submitform';
import type { IRunManager } from '../tokens';
import type { IKeptForm } from '../values/kept';

export interface ISubmitFormOptions {
  readonly api: KfpApi;
  readonly manager: IRunManager;
  readonly translator: ITranslator;
  readonly commands: CommandRegistry;
  /** Where to run; by default the namespace that the panel shows. */
  readonly namespace?: string;
  /** What to run; empty to let the person choose. */
  readonly source?: Source;
  /** Values to fill in. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** The id of a run whose pipeline, values and options are used. */
  readonly cloneOf?: string;
  /** The experiment to start with, unless a run is cloned. */
  readonly experiment?: string;
  /** The form as it was left. */
  readonly kept?: IKeptForm | null;
  /** The file browser; without one there is no Browse… button. */
  readonly files?: IDefaultFileBrowser | null;
  /** Formats numbers; by default as the browser does. */
  readonly format?: Format;
}

/** The submit form in the main area; when the run has started, its view replaces the form. */
export class SubmitFormWidget extends ReactWidget {
  constructor(options: ISubmitFormOptions) {
    super();
    this._options = options;
    this.namespace = (options.kept?.namespace || options.namespace) ?? options.manager.connection.namespace;
    this._format = options.format ?? new Format(options.translator.load('jupyter_kfp_mt'));
    const { trans } = this._format;
    this._model = new SubmitFormModel({
      api: options.api,
      manager: options.manager,
      namespace: this.namespace,
      start: {
        source: options.source,
        values: options.values,
        cloneOf: options.cloneOf,
        experiment: options.experiment,
        kept: options.kept
      },
      words: createWords(trans)
    });
    this._model.changed.connect(() => {
      this.update();
      this._changed.emit();
    });
    this._model.submitted.connect((_, run) => this._showRun(run));
    this.addClass('jp-kfp');
    this.addClass('jp-kfp-SubmitForm');
    this.node.tabIndex = -1;
    this.title.label = trans.__('New run');
    this.title.caption = trans.__('Start a run of a pipeline');
    this.title.icon = pipelinesIcon;
    this.title.closable = true;
  }

  /** The namespace that the run will belong to. */
  readonly namespace: string;

  /** Emitted after a change of the form's state. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The part of the form that survives a reload. */
  get kept(): IKeptForm {
    return this._model.kept;
  }

  /** Do what the Run button does. */
  submit(): Promise<void> {
    return this._model.submit();
  }

  /** Dispose of the form; a request in flight continues. */
  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    const { manager, files } = this._options;
    const { namespace } = this;
    const model = this._model;
    return (
      <SubmitPage
        state={model.state}
        fields={model.fields}
        namespace={namespace}
        connected={manager.connection.state !== 'lost'}
        status={manager.connection.namespace === namespace ? manager.connection.status : null}
        format={this._format}
        prefix={this._prefix}
        onChoose={choice => model.choose(choice)}
        onPath={path => model.setPath(path)}
        onBrowse={files ? () => void this._browse(files) : undefined}
        onPipeline={id => void model.setPipeline(id)}
        onVersion={id => model.setVersion(id)}
        onExperiment={name => model.setExperiment(name)}
        onCreateExperiment={name => model.createExperiment(name)}
        onName={name => model.setName(name)}
        onValue={(name, text) => model.setValue(name, text)}
        onResetAll={() => model.resetValues()}
        onOptions={part => model.setOptions(part)}
        onCopy={text => this._copy(text)}
        onSubmit={() => void model.submit()}
      />
    );
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    if (!this.node.contains(document.activeElement)) {
      this.node.focus({ preventScroll: true });
    }
  }

  private async _browse(files: IDefaultFileBrowser): Promise<void> {
    const { translator } = this._options;
    const { value } = await FileDialog.getOpenFiles({
      manager: files.model.manager,
      title: this._format.trans.__('Choose a compiled pipeline'),
      filter: ({ type, path }) => (type === 'directory' || /\.(ya?ml|json)$/i.test(path) ? { score: 0 } : null),
      translator
    });
    const chosen = value?.[0];
    if (chosen) {
      this._model.setPath(files.model.manager.services.contents.localPath(chosen.path), true);
    }
  }

  private _copy(text: string): void {
    Clipboard.copyToSystem(text);
    Notification.success(this._format.trans.__('Copied.'), { autoClose: 2000 });
  }

  /** Show the run that has started in place of the form. */
  private _showRun(run: Run): void {
    const { commands } = this._options;
    void commands.execute('jupyter-kfp-mt:open-run', { run_id: run.run_id, namespace: this.namespace });
    (this.parent ?? this).dispose();
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _options: ISubmitFormOptions;
  private readonly _format: Format;
  private readonly _model: SubmitFormModel;
  private readonly _prefix = `jp-kfp-form-${UUID.uuid4()}`;
}

function createWords(trans: TranslationBundle): IFormWords {
  return {
    changed: createErrorBody({
      code: 'bad-input',
      message: trans.__('The pipeline has changed.'),
      why: trans.__('Its parameters differ from those filled in here.'),
      next: trans.__('Look at the parameters, then try again.')
    }),
    unclear: createErrorBody({
      code: 'submit-unclear',
      message: trans.__('Not confirmed yet.'),
      why: trans.__('KFP did not answer after the request was sent.'),
      next: trans.__('We ask until we know. Nothing is sent twice. You can close this page.')
    }),
    lost: name =>
      createErrorBody({
        code: 'not-started',
        message: trans.__('%1 did not start.', name),
        why: trans.__('KFP has no record of it.'),
        next: trans.__('Submit again.')
      })
  };
}
