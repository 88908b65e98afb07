import { Clipboard, Notification, ReactWidget } from '@jupyterlab/apputils';
import type { ITranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { toErrorBody, type ILogQuery, type KfpApi } from '../api/client';
import type { LogChunk, PodView, Task } from '../api/types';
import { CommandIDs } from '../commandids';
import { Ticker } from '../components/now';
import { chooseTask, chooseTaskTab, findTab, findTask } from '../components/run/place';
import { RunPage } from '../components/run/RunPage';
import { FIRST_PLACE, type IRunPlace, type IRunTabs } from '../components/run/tab';
import { hasLog, hasPod } from '../components/run/TaskPane';
import { cutMiddle, Format } from '../format';
import { phaseIcons, pipelinesIcon } from '../icons';
import { RunViewModel } from '../model/runview';
import { TaskLog } from '../model/tasklog';
import { TaskPod } from '../model/taskpod';
import { describePhase } from '../phase';
import { isActive } from '../rules';
import type { RunAction } from '../rules';
import { getTaskName } from '../tasks/rows';
import type { IRunManager } from '../tokens';
import { download } from './download';

/** The longest name in a tab, which would cut its end. */
const TITLE = 24;

export interface IRunViewOptions {
  readonly api: KfpApi;
  readonly manager: IRunManager;
  readonly translator: ITranslator;
  readonly commands: CommandRegistry;
  readonly tabs: IRunTabs;
  readonly run_id: string;
  readonly namespace: string;
  /** Formats times and numbers; by default as the browser does. */
  readonly format?: Format;
  /** How many lines of a log are shown first. */
  readonly tail?: number;
  /** Whether lines of logs are wrapped at first; they are by default. */
  readonly wrap?: boolean;
}

/** The run view in the main area, one per run. */
export class RunViewWidget extends ReactWidget {
  constructor(options: IRunViewOptions) {
    super();
    this._options = options;
    this._format = options.format ?? new Format(options.translator.load('jupyter_kfp_mt'));
    this._tail = options.tail ?? 2000;
    this._model = new RunViewModel({
      manager: options.manager,
      namespace: options.namespace,
      runId: options.run_id
    });
    this._model.changed.connect(this._onChanged, this);
    options.tabs.changed.connect(this._sync, this);
    this.addClass('jp-kfp');
    this.addClass('jp-kfp-RunView');
    this.node.tabIndex = -1;
    this.title.label = this._format.shortId(options.run_id);
    this.title.icon = pipelinesIcon;
    this.title.closable = true;
  }

  /** The run that is shown. */
  get runId(): string {
    return this._model.runId;
  }

  /** The namespace of the run. */
  get namespace(): string {
    return this._model.namespace;
  }

  /** Show the log of the task that a person should look at first. */
  showLog(): void {
    this._move({ tab: FIRST_PLACE.tab, task: null, taskTab: 'log' });
  }

  /** Stop looking at the run. */
  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._options.tabs.changed.disconnect(this._sync, this);
    this._log?.dispose();
    this._pod?.dispose();
    this._model.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    const { manager, commands, namespace } = this._options;
    const model = this._model;
    const run = (action: RunAction): void => {
      // Read again whatever came of it: the run may have been deleted by somebody else.
      void commands.execute(`jupyter-kfp-mt:${action}`, { run_id: model.runId, namespace }).then(() => model.refresh());
    };
    return (
      <RunPage
        view={model.view}
        error={model.error}
        isGone={model.isGone}
        freshness={model}
        access={manager.connection}
        tabs={this._options.tabs.items}
        place={this._place}
        log={this._log}
        pod={this._pod}
        tail={this._tail}
        wrap={this._options.wrap ?? true}
        format={this._format}
        ticker={this._ticker}
        prefix={this._prefix}
        onMove={place => this._move(place)}
        onAction={run}
        onNotebook={verb => {
          const command = verb === 'open' ? CommandIDs.openNotebook : CommandIDs.downloadNotebook;
          void this._options.commands.execute(command, { run_id: model.runId, namespace });
        }}
        onOpenRun={runId => void commands.execute('jupyter-kfp-mt:open-run', { run_id: runId, namespace })}
        onRefresh={() => void model.refresh()}
        onCopy={(text, said) => this._copy(text, said)}
        onDownloadLog={() => void this._downloadLog()}
        onDownloadSpec={() => download(model.view?.spec ?? '', `${this._name}.yaml`, 'application/yaml')}
        onLoadEarlier={() => void this._loadEarlier()}
      />
    );
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._setVisible(true);
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._setVisible(this.isVisible);
  }

  protected override onBeforeHide(msg: Message): void {
    this._setVisible(false);
    super.onBeforeHide(msg);
  }

  protected override onBeforeDetach(msg: Message): void {
    this._setVisible(false);
    super.onBeforeDetach(msg);
  }

  protected override onActivateRequest(): void {
    if (!this.node.contains(document.activeElement)) {
      this.node.focus({ preventScroll: true });
    }
  }

  private get _name(): string {
    return this._model.view?.run.display_name ?? this._model.runId;
  }

  private _onChanged(): void {
    const run = this._model.view?.run;
    if (run) {
      this.title.label = cutMiddle(run.display_name, TITLE);
      this.title.caption = `${run.display_name}\n${describePhase(run.phase, this._format.trans, run.state)}`;
      this.title.icon = phaseIcons[run.phase];
    }
    this._sync();
  }

  private _move(place: Partial<IRunPlace>): void {
    this._place = { ...this._place, ...place };
    this._sync();
  }

  private _setVisible(visible: boolean): void {
    this._visible = visible;
    this._model.setVisible(visible);
    this._sync();
  }

  /** Read the log or the pod of the task that is shown. */
  private _sync(): void {
    const { attempt } = this._place;
    const view = this._model.view;
    const shown = view ? chooseTask(view, this._place) : '';
    this._place = { ...this._place, opened: shown };
    const task = view ? findTask(view, shown) : undefined;
    const taskTab = view ? chooseTaskTab(view, this._place, shown) : 'log';
    const wanted = task && hasLog(task) ? task : undefined;
    const number = attempt || (wanted?.attempt ?? 0);
    const key = wanted ? `${wanted.task_id}/${number}` : '';
    if (key !== this._logKey) {
      this._logKey = key;
      this._log?.dispose();
      this._log = wanted ? this._readLog(wanted, number) : null;
    }
    this._syncPod(view?.has_pods ? task : undefined, attempt);
    const pane = this._visible && findTab(this._place, this._options.tabs.items)?.showsTask === true;
    this._log?.setActive(pane && taskTab === 'log');
    this._pod?.setActive(pane && taskTab === 'events');
    this.update();
  }

  private _syncPod(task: Task | undefined, attempt: number): void {
    const wanted = task && hasPod(task) ? task : undefined;
    const key = wanted ? `${wanted.task_id}/${attempt || wanted.attempt}` : '';
    if (key !== this._podKey) {
      this._podKey = key;
      this._pod?.dispose();
      this._pod = wanted ? this._readPod(wanted, attempt) : null;
    }
  }

  private _readPod(task: Task, attempt: number): TaskPod {
    const { api, namespace, run_id } = this._options;
    const read = (): Promise<PodView> => api.pod(namespace, run_id, task.task_id, attempt);
    const pod = new TaskPod(read, () => this._isActive(task));
    pod.changed.connect(() => this.update());
    return pod;
  }

  private _isActive(task: Task): boolean {
    const { view } = this._model;
    const found = view ? findTask(view, task.task_id) : undefined;
    return found !== undefined && isActive(found.phase);
  }

  private _readLog(task: Task, attempt: number): TaskLog {
    const { api, namespace, run_id } = this._options;
    const read = (query: ILogQuery): Promise<LogChunk> =>
      api.log(namespace, run_id, task.task_id, { attempt, ...query });
    const log = new TaskLog(read, this._tail, () => this._isActive(task));
    log.changed.connect(() => this.update());
    return log;
  }

  private async _downloadLog(): Promise<void> {
    const log = this._log;
    const { view } = this._model;
    const task = view ? findTask(view, chooseTask(view, this._place)) : undefined;
    if (!log || !task) {
      return;
    }
    try {
      download(await log.whole(), `${this._name}-${getTaskName(task)}.log`);
    } catch (error) {
      this._say(error);
    }
  }

  private async _loadEarlier(): Promise<void> {
    try {
      await this._log?.loadEarlier();
    } catch (error) {
      this._say(error);
    }
  }

  private _say(error: unknown): void {
    const { message, why } = toErrorBody(error);
    Notification.error(`${message} ${why}`.slice(0, 140));
  }

  private _copy(text: string, said: string): void {
    Clipboard.copyToSystem(text);
    Notification.success(said, { autoClose: 2000 });
  }

  private readonly _options: IRunViewOptions;
  private readonly _format: Format;
  private readonly _tail: number;
  private readonly _model: RunViewModel;
  private readonly _ticker = new Ticker();
  private readonly _prefix = `jp-kfp-run-${UUID.uuid4()}`;
  private _place: IRunPlace = FIRST_PLACE;
  private _visible = false;
  private _log: TaskLog | null = null;
  private _logKey = '';
  private _pod: TaskPod | null = null;
  private _podKey = '';
}
