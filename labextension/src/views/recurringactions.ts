import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { toErrorBody } from '../api/errors';
import { CommandIDs } from '../commandids';
import type { IRecurringActions } from '../commands';
import { cutMiddle } from '../format';
import type { IRunManager } from '../tokens';

/** The longest name in a notice. */
const NAME = 60;

/** Carries out actions on recurring runs: asks for confirmation where needed, and says what came of them. */
export class RecurringActions implements IRecurringActions {
  constructor(
    private readonly _manager: IRunManager,
    private readonly _commands: CommandRegistry,
    private readonly _trans: TranslationBundle
  ) {}

  async showRuns(namespace: string, id: string): Promise<void> {
    await this._try(async () => {
      const { recurring_run_id, display_name } = await this._manager.api.viewRecurringRun(namespace, id);
      this._manager.list.setFilter({
        experiment: null,
        pipeline: null,
        recurring: { recurring_run_id, display_name }
      });
    });
  }

  async runNow(namespace: string, id: string): Promise<void> {
    const trans = this._trans;
    await this._try(async () => {
      const run = await this._manager.api.runRecurringRun(namespace, id);
      await this._manager.refresh();
      Notification.success(trans.__('%1 was started.', cutMiddle(run.display_name, NAME)), {
        autoClose: 8000,
        actions: [
          {
            label: trans.__('Open'),
            callback: () => void this._commands.execute(CommandIDs.openRun, { run_id: run.run_id, namespace })
          }
        ]
      });
    });
  }

  async toggle(namespace: string, id: string): Promise<void> {
    const { api } = this._manager;
    await this._try(async () => {
      const { status } = await api.viewRecurringRun(namespace, id);
      await api.switchRecurringRun(namespace, id, status !== 'ENABLED');
    });
    await this._manager.refresh();
  }

  async remove(namespace: string, id: string): Promise<void> {
    const trans = this._trans;
    const { api } = this._manager;
    await this._try(async () => {
      const { display_name } = await api.viewRecurringRun(namespace, id);
      const { button } = await showDialog({
        title: trans.__('Delete %1?', cutMiddle(display_name, NAME)),
        body: trans.__('No more runs start. Runs that have started go on.'),
        buttons: [
          Dialog.cancelButton({ label: trans.__('Cancel') }),
          Dialog.warnButton({ label: trans.__('Delete') })
        ],
        defaultButton: 0
      });
      if (button.accept) {
        await api.deleteRecurringRun(namespace, id);
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
