import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { toErrorBody } from '../api/errors';
import type { Run } from '../api/types';
import { CommandIDs } from '../commandids';
import { Endings } from '../model/endings';
import type { INotice, NoticeAction } from '../model/endings';
import { DOMAIN, getRunWidgetId } from '../names';
import { isActive } from '../rules';
import { IRunManager } from '../tokens';
import { Awaited } from './awaited';
import { Preferences } from './preferences';

/** Shows notices about runs that start and end, once each. */
export const notifications: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-kfp-mt:notifications',
  description: 'Shows notices when runs of Kubeflow Pipelines start and end.',
  autoStart: true,
  requires: [IRunManager, ITranslator],
  optional: [ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    manager: IRunManager,
    translator: ITranslator,
    settings: ISettingRegistry | null
  ): Promise<void> => {
    const preferences = await Preferences.load(settings, translator.load(DOMAIN));
    const format = preferences.format(translator.load(DOMAIN));
    const { trans } = format;
    const offers: Record<NoticeAction, { label: string; run: (runId: string) => Promise<unknown> }> = {
      open: { label: trans.__('Open'), run: run_id => app.commands.execute(CommandIDs.openRun, { run_id }) },
      retry: { label: trans.__('Retry'), run: run_id => app.commands.execute(CommandIDs.retry, { run_id }) },
      show: { label: trans.__('Show'), run: () => app.commands.execute(CommandIDs.togglePanel) },
      again: { label: trans.__('Try again'), run: runId => submitAgain(manager, runId) }
    };
    preferences.follow(() => {
      if (preferences.browserNotifications) {
        askForPermission();
      }
    });
    const show = ({ text, type, autoClose, runId, actions }: INotice, inPlaceOf: string): string => {
      if (preferences.browserNotifications && document.visibilityState === 'hidden') {
        showOutside(text, runId);
      }
      const options = {
        autoClose,
        actions: actions.map(name => ({ label: offers[name].label, callback: () => void offers[name].run(runId) }))
      };
      // If the notice was closed meanwhile, show a new one.
      const updated = inPlaceOf !== '' && Notification.update({ id: inPlaceOf, message: text, type, ...options });
      return updated ? inPlaceOf : Notification.emit(text, type, options);
    };
    const reasonOf = (run: Run): Promise<string> =>
      manager.api.viewRun(run.namespace || manager.connection.namespace, run.run_id).then(
        view => view.failure?.message ?? '',
        // A notice without a reason is better than none.
        () => run.error?.message ?? ''
      );
    const awaited = new Awaited(window.localStorage, manager.api.baseUrl);
    const endings = new Endings({
      format,
      show,
      reasonOf,
      notify: () => preferences.notify,
      isMine: id => manager.verbs.isMine(id),
      claim: name => manager.claim(name),
      isVisible: () => document.visibilityState === 'visible',
      awaited,
      isInFront: id => document.visibilityState === 'visible' && showsRun(app.shell, id)
    });
    manager.verbs.submitLost.connect((_, run) => endings.noteLost(run));
    manager.runChanged.connect((_, change) => endings.note(change));
    void manager.ready.then(() => tellEnds(manager, awaited, endings));
  }
};

/** Tell of the awaited runs that ended while no page was open. */
async function tellEnds({ api, connection, list }: IRunManager, awaited: Awaited, endings: Endings): Promise<void> {
  const { namespace } = connection;
  for (const runId of awaited.list(namespace)) {
    const known = list.find(runId);
    try {
      const run = known ?? { ...(await api.viewRun(namespace, runId)).run, namespace };
      if (!isActive(run.phase)) {
        endings.noteEnd(run);
      }
    } catch (error) {
      if (toErrorBody(error).code === 'not-found') {
        awaited.remove(runId); // it was deleted
      }
    }
  }
}

/** Ask the browser for notices outside of the page, unless it was asked before. */
function askForPermission(): void {
  if ('Notification' in window && window.Notification.permission === 'default') {
    void window.Notification.requestPermission();
  }
}

/** Show a notice outside of the page; all pages give a run the same tag, so that the browser shows one. */
function showOutside(text: string, runId: string): void {
  if ('Notification' in window && window.Notification.permission === 'granted') {
    new window.Notification(text, { tag: `jupyter-kfp-mt:${runId}` });
  }
}

/** Whether the view of a run is visible; Notebook 7 has it on the right. */
function showsRun(shell: JupyterFrontEnd.IShell, runId: string): boolean {
  return ['main', 'right'].some(area =>
    [...shell.widgets(area)].some(widget => widget.id === getRunWidgetId(runId) && widget.isVisible)
  );
}

/** Submit a run again that KFP has no record of. */
async function submitAgain(manager: IRunManager, runId: string): Promise<void> {
  try {
    await manager.verbs.submitAgain(runId);
  } catch (error) {
    const { message, why } = toErrorBody(error);
    Notification.error([message, why].filter(part => part !== '').join(' '), { autoClose: false });
  }
}
