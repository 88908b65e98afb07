import { Clipboard, Dialog, Notification, ReactWidget, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { FileDialog, type IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import * as React from 'react';

import { CommandIDs } from '../commandids';
import { createErrorBody, toErrorBody, type KfpApi } from '../api/client';
import type { Preview, RecurringRun, Run, Source } from '../api/types';
import { whyNotRun, type ICheckFacts } from '../components/form/checks';
import { FIRST_FIELD, SubmitPage } from '../components/form/SubmitPage';
import { cutMiddle, Format } from '../format';
import { pipelinesIcon } from '../icons';
import type { INotebooks } from '../model/notebooks';
import { SubmitFormModel, type IFormWords } from '../model/submitform';
import type { IRunManager } from '../tokens';
import type { IFormState } from '../values/form';
import type { IKeptForm } from '../values/kept';
import { askDeletedPreset, askPresetName, openChoices, showPreview } from './formcode';

/** What to do with changes of a notebook that are not saved when it is run. */
export type SaveBeforeRun = 'ask' | 'always' | 'never';

/** The setting about changes that are not saved. */
export interface ISaving {
  readonly saveBeforeRun: SaveBeforeRun;
  setSaveBeforeRun(value: SaveBeforeRun): Promise<void>;
}

export interface ISubmitFormOptions {
  readonly api: KfpApi;
  readonly manager: IRunManager;
  readonly translator: ITranslator;
  readonly commands: CommandRegistry;
  /** Where to run; by default the namespace that the panel shows. */
  readonly namespace?: string;
  /** What to run; empty to let the person choose. */
  readonly source?: Source;
  /** The number of the cell that is the source. */
  readonly cell?: number;
  /** The notebooks of the page; without them unsaved changes are not seen. */
  readonly notebooks?: INotebooks | null;
  /** What to do with changes of a notebook that are not saved, and a way to remember another answer. */
  readonly saving?: ISaving;
  /** The image of notebooks and cells; "" for that of this notebook. */
  readonly image?: string;
  /** Values to fill in. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** The id of a run whose pipeline, values and options are used. */
  readonly cloneOf?: string;
  /** Whether a recurring run is to be created. */
  readonly onSchedule?: boolean;
  /** The id of a recurring run that is edited. */
  readonly edited?: string;
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
        cell: options.cell,
        image: options.image,
        values: options.values,
        cloneOf: options.cloneOf,
        onSchedule: options.onSchedule,
        edited: options.edited,
        experiment: options.experiment,
        kept: options.kept
      },
      words: createWords(trans, this.namespace),
      notebooks: options.notebooks
    });
    this._model.changed.connect(() => {
      this.update();
      this._changed.emit();
    });
    this._model.submitted.connect((_, run) => this._showRun(run));
    this._model.scheduled.connect((_, row) => this._tellSchedule(row));
    this.addClass('jp-kfp');
    this.addClass('jp-kfp-SubmitForm');
    this.node.tabIndex = -1;
    this.title.label = options.edited || options.kept?.edited ? trans.__('Edit recurring run') : trans.__('New run');
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
  async submit(): Promise<void> {
    if (await this._settleChanges()) {
      await this._model.submit();
    }
  }

  /** Save the notebook that is run, or leave its changes out, as the person or the setting says; false to not run. */
  private async _settleChanges(): Promise<boolean> {
    const { unsaved, choice, path } = this._model.state;
    const { saving } = this._options;
    const answer = saving?.saveBeforeRun ?? 'ask';
    if (!unsaved || choice !== 'notebook' || answer === 'never') {
      return true;
    }
    if (answer === 'always') {
      await this._model.notebook.save();
      return true;
    }
    const { trans } = this._format;
    const { button, isChecked } = await showDialog({
      title: trans.__('Save %1 first?', PathExt.basename(path)),
      body: trans.__('The run uses the saved file.'),
      checkbox: saving ? { label: trans.__('Do not ask again') } : null,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.createButton({ label: trans.__('Run saved version'), accept: true, actions: ['saved'] }),
        Dialog.okButton({ label: trans.__('Save and run'), actions: ['save'] })
      ]
    });
    if (!button.accept) {
      return false;
    }
    const save = button.actions.includes('save');
    if (isChecked) {
      await saving?.setSaveBeforeRun(save ? 'always' : 'never');
    }
    if (save) {
      await this._model.notebook.save();
    }
    return true;
  }

  /** Why nothing can be sent now. */
  get whyNotRun(): string | undefined {
    return whyNotRun(this._facts, this._format);
  }

  /** Why there is no code, or no notebook to put it in. */
  get whyNotInsert(): string | undefined {
    const { notebooks } = this._options;
    return notebooks?.current ? this.whyNotRun : this._format.trans.__('Open a notebook first.');
  }

  /** Put Python for the form into the next cell of the notebook in front. */
  async insertCode(): Promise<void> {
    const { notebooks } = this._options;
    const preview = await this._preview();
    if (preview && notebooks?.insertCell(preview.python)) {
      Notification.success(this._format.trans.__('Inserted into %1.', PathExt.basename(notebooks.current?.path ?? '')), {
        autoClose: 3000
      });
    }
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
    const { files, notebooks } = this._options;
    const model = this._model;
    const isOpen = notebooks?.isOpen(model.state.path) === true;
    return (
      <SubmitPage
        {...this._facts}
        format={this._format}
        prefix={this._prefix}
        onChoose={choice => model.choose(choice)}
        onPath={path => model.setPath(path)}
        onBrowse={files ? () => void this._browse(files) : undefined}
        onPipeline={id => void model.setPipeline(id)}
        onVersion={id => model.setVersion(id)}
        onFunction={name => model.setFunction(name)}
        onUpload={() => void this._options.commands.execute(CommandIDs.uploadPipeline)}
        onSave={isOpen ? () => void model.notebook.save() : undefined}
        onTag={isOpen ? () => void model.notebook.tagFirstCell() : undefined}
        onSendValue={isOpen ? name => model.notebook.sendValue(name) : undefined}
        onKeepValue={name => model.notebook.keepValue(name)}
        onLuggage={part => model.notebook.setLuggage(part)}
        onAddFiles={files ? () => void this._addFiles(files) : undefined}
        onOpenAt={notebooks ? (file, line) => void notebooks.openAt(this._placeOf(file), line) : undefined}
        onExperiment={name => model.setExperiment(name)}
        onCreateExperiment={name => model.createExperiment(name)}
        onName={name => model.setName(name)}
        onWhen={isOn => model.scheduling.choose(isOn)}
        onSchedule={part => model.scheduling.change(part)}
        onValue={(name, text) => model.setValue(name, text)}
        onResetAll={() => model.resetValues()}
        onOptions={part => model.setOptions(part)}
        onCopy={text => this._copy(text)}
        onPreview={() => void this._showPreview()}
        onCopyAs={(x, y) => this._copyAs(x, y)}
        onPresets={(x, y) => this._listPresets(x, y)}
        onSavePreset={() => void this._savePreset()}
        onSubmit={() => void this.submit()}
      />
    );
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    if (!this.node.contains(document.activeElement)) {
      // At first the fields are yet to be drawn; the page goes on to them then.
      const first = this.node.querySelector<HTMLElement>(FIRST_FIELD) ?? this.node;
      first.focus({ preventScroll: true });
    }
  }

  /** What the checks look at. */
  private get _facts(): ICheckFacts {
    const { connection } = this._options.manager;
    return {
      state: this._model.state,
      fields: this._model.fields,
      namespace: this.namespace,
      connected: connection.state !== 'lost',
      status: connection.namespace === this.namespace ? connection.status : null
    };
  }

  /** Ask what Run would send, and say why that cannot be known. */
  private async _preview(): Promise<Preview | null> {
    const path = this._options.notebooks?.current?.path ?? '';
    try {
      return await this._model.preview(PathExt.dirname(path));
    } catch (error) {
      const { message, why } = toErrorBody(error);
      Notification.error([message, why].filter(part => part !== '').join(' '), { autoClose: 8000 });
      return null;
    }
  }

  private async _showPreview(): Promise<void> {
    const preview = await this._preview();
    if (preview) {
      await showPreview(preview, this._format.trans, text => this._copy(text));
    }
  }

  private _copyAs(x: number, y: number): void {
    const { trans } = this._format;
    const copy = async (form: 'python' | 'line' | 'curl'): Promise<void> => {
      const preview = await this._preview();
      if (preview) {
        this._copy(preview[form] || preview.python);
      }
    };
    openChoices(
      [
        { label: trans.__('Python'), run: () => copy('python') },
        { label: trans.__('%kfp'), run: () => copy('line') },
        { label: trans.__('curl'), run: () => copy('curl') },
        null,
        { label: trans.__('Insert in notebook'), run: () => this.insertCode(), off: this.whyNotInsert }
      ],
      x,
      y
    );
  }

  private _listPresets(x: number, y: number): void {
    const { trans } = this._format;
    const names = this._model.state.presets.named.map(({ name }) => name);
    openChoices(
      [
        ...names.map(name => ({ label: name, run: () => this._model.usePreset(name) })),
        null,
        { label: trans.__('Delete preset…'), run: () => this._deletePreset(names) }
      ],
      x,
      y
    );
  }

  private async _savePreset(): Promise<void> {
    const { trans } = this._format;
    const name = await askPresetName(this._model.state.presets.used ?? '', trans);
    if (name !== '' && (await this._model.savePreset(name))) {
      Notification.success(trans.__('Preset %1 saved.', name), { autoClose: 3000 });
    }
  }

  private async _deletePreset(names: readonly string[]): Promise<void> {
    const name = await askDeletedPreset(names, this._format.trans);
    if (name !== '') {
      await this._model.deletePreset(name);
    }
  }

  /** Return the path of a file that a message names; "" stands for the source itself. */
  private _placeOf(file: string): string {
    const { path } = this._model.state;
    return file === '' || file === PathExt.basename(path) ? path : PathExt.join(PathExt.dirname(path), file);
  }

  private async _browse(files: IDefaultFileBrowser): Promise<void> {
    const { trans } = this._format;
    const [title, pattern] = {
      file: [trans.__('Choose a compiled pipeline'), /\.(ya?ml|json|zip|tgz|tar\.gz)$/i] as const,
      notebook: [trans.__('Choose a notebook'), /\.ipynb$/i] as const,
      python: [trans.__('Choose a Python file'), /\.py$/i] as const
    }[choiceOf(this._model.state)];
    const [path] = await this._choosePaths(files, title, pattern);
    if (path !== undefined) {
      this._model.setPath(path, true);
    }
  }

  /** Let files go along: their paths are those from the notebook. */
  private async _addFiles(files: IDefaultFileBrowser): Promise<void> {
    const paths = await this._choosePaths(files, this._format.trans.__('Choose files to send'), /./);
    const { path, luggage } = this._model.state;
    const folder = PathExt.dirname(path);
    const added = paths.map(each => PathExt.relative(folder, each));
    if (added.length > 0) {
      this._model.notebook.setLuggage({ files: [...new Set([...luggage.files, ...added])] });
    }
  }

  private async _choosePaths(files: IDefaultFileBrowser, title: string, pattern: RegExp): Promise<string[]> {
    const { translator } = this._options;
    const { manager } = files.model;
    const { value } = await FileDialog.getOpenFiles({
      manager,
      title,
      filter: ({ type, path }) => (type === 'directory' || pattern.test(path) ? { score: 0 } : null),
      translator
    });
    return (value ?? [])
      .filter(({ type }) => type !== 'directory')
      .map(({ path }) => manager.services.contents.localPath(path));
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

  /** Say that the recurring run is there and when it starts, and close the form. */
  private _tellSchedule(row: RecurringRun): void {
    const { trans } = this._format;
    const [first] = row.next_starts;
    const words = this._model.state.edited
      ? trans.__('%1 was changed.', cutMiddle(row.display_name, 60))
      : trans.__('%1 was created.', cutMiddle(row.display_name, 60));
    const next = first ? trans.__('Next start: %1.', this._format.coming(first, Date.now())) : '';
    Notification.success([words, next].filter(part => part !== '').join(' '), { autoClose: 8000 });
    (this.parent ?? this).dispose();
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _options: ISubmitFormOptions;
  private readonly _format: Format;
  private readonly _model: SubmitFormModel;
  private readonly _prefix = `jp-kfp-form-${UUID.uuid4()}`;
}

/** Return what the Browse… button chooses. */
function choiceOf({ choice }: IFormState): 'file' | 'notebook' | 'python' {
  return choice === 'notebook' || choice === 'python' ? choice : 'file';
}

function createWords(trans: TranslationBundle, namespace: string): IFormWords {
  return {
    locked: createErrorBody({
      code: 'view-only',
      message: trans.__('You can look but not run in %1.', namespace),
      next: trans.__('Ask an owner of %1.', namespace)
    }),
    gone: experiment => trans.__('%1, which this notebook used, is gone.', experiment),
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
