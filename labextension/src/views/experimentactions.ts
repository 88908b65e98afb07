import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { toErrorBody } from '../api/errors';
import type { IExperimentActions } from '../commands';
import { cutMiddle } from '../format';
import type { IRunManager } from '../tokens';
import { createExperiment } from './newexperiment';
import { createParagraphs } from './paragraphs';

/** The longest name in a notice. */
const NAME = 60;

/** Carries out actions on experiments: asks for confirmation where needed, and says what came of them. */
export class ExperimentActions implements IExperimentActions {
  constructor(
    private readonly _manager: IRunManager,
    private readonly _trans: TranslationBundle
  ) {}

  async create(): Promise<void> {
    const { api, connection } = this._manager;
    const { namespace } = connection;
    const made = await createExperiment(namespace, request => api.createExperiment(namespace, request), this._trans);
    if (made) {
      Notification.success(this._trans.__('Experiment %1 created.', cutMiddle(made.display_name, NAME)), {
        autoClose: 5000
      });
      await this._manager.refresh();
    }
  }

  async archive(namespace: string, experimentId: string): Promise<void> {
    const trans = this._trans;
    await this._try(async () => {
      const { experiment, runs, recurring_runs } = await this._manager.api.viewExperiment(namespace, experimentId);
      const name = cutMiddle(experiment.display_name, NAME);
      const stopping =
        recurring_runs === null
          ? trans.__('Its %1 runs are archived and its recurring runs stop.', runs)
          : trans.__('Its %1 runs are archived and its %2 recurring runs stop.', runs, recurring_runs);
      const { button } = await showDialog({
        title: trans.__('Archive %1?', name),
        body: createParagraphs(`${stopping} ${trans.__('Restoring brings back the experiment only.')}`),
        buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.okButton({ label: trans.__('Archive') })],
        defaultButton: 1
      });
      if (button.accept) {
        await this._manager.api.archiveExperiment(namespace, experimentId);
        await this._manager.refresh();
        Notification.success(trans.__('%1 archived.', name), {
          autoClose: 8000,
          actions: [{ label: trans.__('Undo'), callback: () => void this.restore(namespace, experimentId) }]
        });
      }
    });
  }

  async restore(namespace: string, experimentId: string): Promise<void> {
    const trans = this._trans;
    await this._try(async () => {
      const { display_name } = await this._manager.api.unarchiveExperiment(namespace, experimentId);
      await this._manager.refresh();
      const text = trans.__('%1 restored. Its runs stay archived.', cutMiddle(display_name, NAME));
      Notification.success(text, { autoClose: 5000 });
    });
  }

  async remove(namespace: string, experimentId: string): Promise<void> {
    const trans = this._trans;
    await this._try(async () => {
      const { experiment, runs } = await this._manager.api.viewExperiment(namespace, experimentId);
      const { button } = await showDialog({
        title: trans.__('Delete %1?', cutMiddle(experiment.display_name, NAME)),
        body: createParagraphs(
          trans.__('Its %1 runs stay but can no longer be terminated or retried. This cannot be undone.', runs)
        ),
        buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label: trans.__('Delete') })],
        defaultButton: 0 // Enter must not delete
      });
      if (button.accept) {
        await this._manager.api.deleteExperiment(namespace, experimentId);
        await this._manager.refresh();
      }
    });
  }

  private async _try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { message, why, next } = toErrorBody(error);
      const words = [message, why, next].filter(part => part !== '').join(' ');
      Notification.error(cutMiddle(words, 400), { autoClose: false });
    }
  }
}
