import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { toErrorBody } from '../api/errors';
import type { ErrorBody } from '../api/types';
import type { IRunManager } from '../tokens';
import { createParagraphs } from './paragraphs';

/** JupyterLab's own command. */
const SAVE_ALL = 'docmanager:save-all';

/** What a restart of the notebook stops or loses. */
export interface IOpenWork {
  /** Documents with changes that are not saved. */
  readonly unsaved: number;
  readonly kernels: number;
  readonly terminals: number;
}

export interface IAccessStepsOptions {
  readonly manager: IRunManager;
  readonly trans: TranslationBundle;
  readonly commands: CommandRegistry;
  /** Counts what is open on this page and runs on this server now. */
  readonly work: () => IOpenWork;
}

/** The two steps to a token in a notebook that was started without one; each asks for confirmation. */
export class AccessSteps implements IDisposable {
  constructor(private readonly _options: IAccessStepsOptions) {
    _options.manager.changed.connect(this._onChanged, this);
  }

  /** Emitted after anything below has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether this notebook is being restarted. */
  get restarting(): boolean {
    return this._restarting;
  }

  /** Why this person cannot take the next step; undefined if nothing speaks against it. */
  get off(): string | undefined {
    return this._off;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  /** Show the option that `error` says is missing, and create it if confirmed. */
  async createOption(error: ErrorBody): Promise<void> {
    const { manager, trans } = this._options;
    const body = new Widget({ node: document.createElement('div') });
    body.addClass('jp-kfp');
    body.addClass('jp-kfp-Ask');
    const [option, note] = [document.createElement('pre'), document.createElement('p')];
    option.className = 'jp-kfp-Details jp-kfp-mono';
    option.textContent = extractPodDefault(error.command);
    note.textContent = trans.__('New notebooks in %1 can then choose it. Nothing restarts.', this._namespace);
    body.node.append(option, note);
    const { button } = await showDialog({
      title: trans.__('Create the access option in %1?', this._namespace),
      body,
      buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.okButton({ label: trans.__('Create') })],
      defaultButton: 1
    });
    if (button.accept && (await this._apply(manager.api.createAccessOption()))) {
      await manager.refresh();
    }
  }

  /** Restart this notebook with the option, which also stops this Jupyter server. */
  async restart(): Promise<void> {
    const { manager, trans, commands } = this._options;
    const { notebook, outlives_pod } = manager.connection.status ?? { notebook: '', outlives_pod: true };
    const { unsaved, ...running } = this._options.work();
    const canSave = unsaved > 0 && commands.hasCommand(SAVE_ALL);
    const { button, isChecked } = await showDialog({
      title: trans.__('Restart %1 with access to Pipelines?', notebook || trans.__('this notebook')),
      body: this._describeRestart(running, outlives_pod),
      checkbox: canSave
        ? { label: trans._n('%1 unsaved file: Save it first', '%1 unsaved files: Save all first', unsaved), checked: true }
        : null,
      buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label: trans.__('Restart') })],
      defaultButton: 1
    });
    if (!button.accept) {
      return;
    }
    if (isChecked) {
      await commands.execute(SAVE_ALL);
    }
    if (await this._apply(manager.api.restartNotebook())) {
      this._restarting = true;
      this._away = false;
      this._changed.emit();
    }
  }

  /** Describe what a restart means here. */
  private _describeRestart(running: Omit<IOpenWork, 'unsaved'>, outlives: boolean): Widget {
    const { trans } = this._options;
    const now = [
      running.kernels > 0 ? trans._n('%1 kernel', '%1 kernels', running.kernels) : '',
      running.terminals > 0 ? trans._n('%1 terminal', '%1 terminals', running.terminals) : ''
    ].filter(part => part !== '');
    const said = [
      trans.__(
        'All kernels and terminals of this notebook stop. Files stay. It takes about a minute; this page reconnects.'
      ),
      now.length > 0 ? trans.__('Running now: %1.', now.join(', ')) : '',
      outlives
        ? ''
        : trans.__(
            'This extension is installed in the container and is lost by the restart. First run “pip install --user jupyter_kfp_mt”.'
          )
    ];
    return createParagraphs(...said);
  }

  private get _namespace(): string {
    const { manager } = this._options;
    return manager.connection.status?.namespace ?? manager.connection.namespace;
  }

  /** Wait for a change and return whether it succeeded; a missing permission turns the button off. */
  private async _apply(change: Promise<void>): Promise<boolean> {
    const { trans } = this._options;
    try {
      await change;
      return true;
    } catch (error) {
      const { code, message, why, next } = toErrorBody(error);
      if (code === 'kubernetes-denied') {
        this._off = trans.__('Only an admin may do this in %1.', this._namespace);
      } else {
        Notification.error([message, why, next].filter(part => part !== '').join(' '), { autoClose: false });
      }
      this._changed.emit();
      return false;
    }
  }

  private _onChanged(): void {
    const { manager, trans } = this._options;
    const code = manager.connection.error?.code ?? '';
    if (code !== this._code) {
      this._code = code;
      this._off = undefined; // the next step may need another permission
    }
    this._away ||= code.startsWith('jupyter-');
    if (manager.connection.state === 'connected') {
      if (this._wanted) {
        const who = manager.connection.status?.identity ?? '';
        const text = who
          ? trans.__('Connected to Kubeflow Pipelines as %1 in %2.', who, manager.connection.namespace)
          : trans.__('Connected to Kubeflow Pipelines in %1.', manager.connection.namespace);
        Notification.success(text, { autoClose: 8000 });
      }
      this._wanted = false;
      this._restarting = false;
    } else {
      this._wanted ||= code.startsWith('no-token');
      // The server is back without a token: the notice says what is missing now.
      this._restarting &&= !this._away || code === '' || code.startsWith('jupyter-');
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _away = false;
  private _code = '';
  private _isDisposed = false;
  private _off: string | undefined;
  private _restarting = false;
  /** Whether a token was missing, so that having one deserves a notice. */
  private _wanted = false;
}

/** Return the PodDefault without the shell command around it. */
function extractPodDefault(command: string): string {
  return command.split('\n').slice(1, -1).join('\n');
}
