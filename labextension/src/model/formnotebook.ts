import type { IDisposable } from '@lumino/disposable';

import type { Inspection, Origin, Source } from '../api/types';
import { isNotebook, MOST_LISTED, toLuggage, type IFormState, type ILuggage } from '../values/form';
import { UnsentError, type INotebooks } from './notebooks';

export interface IFormNotebookOptions {
  readonly notebooks: INotebooks | null;
  /** The image of notebooks and cells; "" for that of this notebook. */
  readonly image: string;
  /** The experiment of a notebook that remembers none. */
  readonly experiment: string;
  /** Say that an experiment is gone. */
  readonly gone: (experiment: string) => string;
  readonly isEmbedded: () => boolean;
  /** Whether the form is as it was left. */
  readonly isRestored: () => boolean;
  readonly state: () => IFormState;
  readonly set: (part: Partial<IFormState>) => void;
  /** Apply a change by the person. */
  readonly change: (part: Partial<IFormState>) => void;
  readonly inspect: () => Promise<void>;
  readonly inspectSoon: () => void;
}

/** The notebook or cell that a form runs: what goes along with it, and what it remembers. */
export class FormNotebook implements IDisposable {
  constructor(private readonly _options: IFormNotebookOptions) {
    _options.notebooks?.changed.connect(this._onNotebooksChanged, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._options.notebooks?.changed.disconnect(this._onNotebooksChanged, this);
  }

  /** Change what goes along with a notebook or a cell. */
  setLuggage(part: Partial<ILuggage>): void {
    const { state, change, inspectSoon } = this._options;
    change({ luggage: { ...state().luggage, ...part } });
    inspectSoon();
  }

  /** Ask the notebook's kernel for the value of a name, and send it along; returns why it cannot, or "". */
  async sendValue(name: string): Promise<string> {
    const { notebooks } = this._options;
    try {
      const value = await notebooks?.evaluate(this._options.state().path, name);
      this.setLuggage({ inputs: { ...this._options.state().luggage.inputs, [name]: value } });
      return '';
    } catch (error) {
      if (error instanceof UnsentError) {
        return error.message;
      }
      throw error;
    }
  }

  /** Send the value of a name no more. */
  keepValue(name: string): void {
    const inputs = Object.entries(this._options.state().luggage.inputs).filter(([key]) => key !== name);
    this.setLuggage({ inputs: Object.fromEntries(inputs) });
  }

  /** Save the notebook that is run, and read it again. */
  async save(): Promise<void> {
    await this._options.notebooks?.save(this._options.state().path);
    await this._options.inspect();
  }

  /** Make the first code cell of the notebook its parameters. */
  async tagFirstCell(): Promise<void> {
    if (await this._options.notebooks?.tagFirstCell(this._options.state().path)) {
      await this._options.inspect();
    }
  }

  /** Return what goes along with a source when the form opens. */
  takeLuggage(source: Source): ILuggage {
    const luggage = toLuggage(source);
    return { ...luggage, image: luggage.image || this._options.image };
  }

  /** Choose the experiment that the notebook remembers, and learn whether it is saved. */
  recall(): void {
    const { notebooks } = this._options;
    const { path } = this._options.state();
    if (!notebooks || !isNotebook(this._options.state())) {
      this._options.set({ unsaved: false });
      return;
    }
    this._options.set({ unsaved: notebooks.isUnsaved(path) });
    this._remembered = this._options.isRestored() ? '' : notebooks.recall(path).experiment;
    this.chooseExperiment();
  }

  /** Choose the experiment that the notebook remembers; if it is gone, the default with a hint. */
  chooseExperiment(): void {
    const experiment = this._remembered;
    const { experiments } = this._options.state();
    if (experiment === '') {
      return;
    }
    const isGone =
      experiments.length > 0 &&
      experiments.length < MOST_LISTED &&
      !experiments.some(({ display_name }) => display_name === experiment);
    this._options.set(
      isGone
        ? { experiment: this._options.experiment, experimentHint: this._options.gone(experiment) }
        : { experiment, experimentHint: '' }
    );
  }

  /** Leave the choice of the experiment to the person. */
  forgetExperiment(): void {
    this._remembered = '';
  }

  /** Let what a notebook or a cell imports go along, once; the tasks of the embedded server have Jupyter's packages. */
  pack({ imports }: Inspection): void {
    const { path, code, luggage } = this._options.state();
    const what = `${path}\n${code}`;
    if (!isNotebook(this._options.state()) || this._packed === what) {
      return;
    }
    this._packed = what;
    const missing = imports.filter(({ is_listed }) => !is_listed);
    const files = missing.flatMap(({ file }) => (file ? [file] : []));
    const isEmbedded = this._options.isEmbedded();
    const packages = isEmbedded ? [] : missing.flatMap(({ requirement }) => (requirement ? [requirement] : []));
    if (files.length > 0 || packages.length > 0) {
      this.setLuggage({ files: [...luggage.files, ...files], packages: [...luggage.packages, ...packages] });
    }
  }

  /** Return where the run comes from, as the notebook knows it now. */
  findOrigin(): Origin | null {
    const { notebooks } = this._options;
    const { path, cell } = this._options.state();
    const isKnown = notebooks && isNotebook(this._options.state()) && path !== '';
    return isKnown ? { path, notebook_id: notebooks.recall(path).id, cell } : null;
  }

  /** Keep the experiment in the notebook, and return where the run comes from. */
  async remember(): Promise<Origin | null> {
    const { notebooks } = this._options;
    const { path, experiment, cell } = this._options.state();
    if (!notebooks || !isNotebook(this._options.state()) || path === '') {
      return null;
    }
    const { id } = await notebooks.remember(path, experiment);
    return { path, notebook_id: id, cell };
  }

  private _onNotebooksChanged(notebooks: INotebooks): void {
    const unsaved = isNotebook(this._options.state()) && notebooks.isUnsaved(this._options.state().path);
    if (unsaved !== this._options.state().unsaved) {
      this._options.set({ unsaved });
    }
  }

  private _isDisposed = false;
  /** The experiment that the notebook remembers, until the person chooses one. */
  private _remembered = '';
  /** The notebook or cell whose imports were packed. */
  private _packed = '';
}
