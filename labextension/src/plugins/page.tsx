import type { ILabShell, ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Dialog, InputDialog, MainAreaWidget, Notification, showDialog, WidgetTracker } from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { ITranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Debouncer } from '@lumino/polling';
import * as React from 'react';

import { toErrorBody } from '../api/errors';
import { CommandIDs } from '../commandids';
import type { FilterSubject, IFormBegin, IOpenForm, IPage, IPipelineBegin } from '../commands';
import type { IRunTabs } from '../components/run/tab';
import type { Format } from '../format';
import type { INotebooks } from '../model/notebooks';
import { PANEL_ID, getRunWidgetId } from '../names';
import type { RunsTableWidget } from '../views/runstable';
import { RunDrive } from '../views/rundrive';
import type { DoctorWidget } from '../views/doctor';
import type { PipelineWidget } from '../views/pipeline';
import type * as RunViews from '../views/runview';
import type { RunViewWidget } from '../views/runview';
import type { SubmitFormWidget } from '../views/submitform';
import type * as Upload from '../views/upload';
import { chooseFilter } from '../views/filterby';
import type { IRunFilter, IRunManager } from '../tokens';
import { toJson } from '../values/kept';
import { KubeflowLink } from './kubeflow';
import type { Preferences } from './preferences';

/** The id of the runs table, of which there is one. */
const TABLE = 'jupyter-kfp-mt-runs-table';

/** Milliseconds after a change of a form before it is saved. */
const KEEP = 300;

export interface IPageOptions {
  readonly app: JupyterFrontEnd;
  readonly manager: IRunManager;
  readonly translator: ITranslator;
  readonly format: Format;
  readonly labShell: ILabShell | null;
  readonly files: IDefaultFileBrowser | null;
  readonly preferences: Preferences;
  readonly tabs: IRunTabs;
  readonly notebooks: INotebooks | null;
}

/** Opens the main-area views and the dialogs for the commands. */
export class Page implements IPage {
  constructor(private readonly _options: IPageOptions) {
    const { manager, format, preferences } = _options;
    this.kubeflow = new KubeflowLink({ manager, trans: format.trans, template: () => preferences.kfpUiUrl });
  }

  readonly kubeflow: KubeflowLink;

  /** Bring back the run views and forms that were open. */
  restore(restorer: ILayoutRestorer | null): void {
    void restorer?.restore(this._runs, {
      command: CommandIDs.openRun,
      args: ({ content }) => ({ run_id: content.runId, namespace: content.namespace }),
      name: ({ content }) => `${content.namespace}/${content.runId}`
    });
    void restorer?.restore(this._tables, { command: CommandIDs.openRunsTable, name: () => TABLE });
    void restorer?.restore(this._pipelines, {
      command: CommandIDs.openPipeline,
      args: ({ content }) => ({ pipeline_id: content.pipelineId, namespace: content.namespace }),
      name: ({ content }) => `${content.namespace}/${content.pipelineId}`
    });
    void restorer?.restore(this._forms, {
      command: CommandIDs.newRun,
      args: ({ content }) => ({ kept: toJson(content.kept) }),
      name: ({ content }) => content.kept.id
    });
  }

  togglePanel(): void {
    const { app, labShell } = this._options;
    const panel = document.getElementById(PANEL_ID);
    if (panel?.contains(document.activeElement)) {
      const current = labShell?.currentWidget;
      if (current) {
        app.shell.activateById(current.id);
      }
    } else {
      app.shell.activateById(PANEL_ID);
    }
  }

  async openRun(runId: string, namespace: string): Promise<void> {
    const { RunViewWidget } = await this._loadRunView();
    const open = this._runs.find(({ content }) => content.runId === runId);
    if (open) {
      this._options.app.shell.activateById(open.id);
      return;
    }
    const { app, manager, translator, format, preferences, tabs } = this._options;
    const content = new RunViewWidget({
      api: manager.api,
      manager,
      translator,
      commands: app.commands,
      tabs,
      run_id: runId,
      namespace,
      format,
      tail: preferences.logTail,
      wrap: preferences.logWrap
    });
    const widget = new MainAreaWidget({ content });
    widget.toolbar.hide(); // the view has its own
    widget.id = getRunWidgetId(runId);
    app.shell.add(widget, this._area);
    void this._runs.add(widget);
    app.shell.activateById(widget.id);
  }

  async openNotebook(runId: string, namespace: string): Promise<void> {
    const { manager, notebooks } = this._options;
    try {
      const { name } = await manager.api.readNotebook(namespace, runId);
      notebooks?.show(RunDrive.toPath(namespace, runId, `${name.replace(/\.ipynb$/, '')} ${runId.slice(0, 8)}`));
    } catch (error) {
      this._showError(error);
    }
  }

  async downloadNotebook(runId: string, namespace: string): Promise<void> {
    const { manager } = this._options;
    try {
      const [{ download }, { name, content }] = await Promise.all([
        import('../views/download'),
        manager.api.readNotebook(namespace, runId)
      ]);
      download(JSON.stringify(content, undefined, 1), name, 'application/x-ipynb+json');
    } catch (error) {
      this._showError(error);
    }
  }

  async openLog(runId: string, namespace: string): Promise<void> {
    await this.openRun(runId, namespace);
    this._runs.find(({ content }) => content.runId === runId)?.content.showLog();
  }

  currentForm(): IOpenForm | null {
    return this._forms.currentWidget?.content ?? null;
  }

  async openForm(start: IFormBegin): Promise<void> {
    const { SubmitFormWidget } = await import('../views/submitform');
    const { app, manager, translator, format, files, preferences, notebooks } = this._options;
    const content = new SubmitFormWidget({
      api: manager.api,
      manager,
      translator,
      commands: app.commands,
      format,
      files,
      notebooks,
      saving: preferences,
      image: preferences.cellImage,
      experiment: preferences.defaultExperiment,
      ...start,
      namespace: start.namespace === '' ? undefined : start.namespace
    });
    const widget = new MainAreaWidget({ content });
    widget.id = `jupyter-kfp-mt-form-${content.kept.id}`;
    widget.toolbar.hide();
    app.shell.add(widget, this._area);
    void this._forms.add(widget);
    // The form also changes with the runs; save the layout only if its own input changed.
    let kept = JSON.stringify(content.kept);
    const keep = new Debouncer(() => (widget.isDisposed ? undefined : this._forms.save(widget)), KEEP);
    content.disposed.connect(() => keep.dispose());
    content.changed.connect(() => {
      const now = JSON.stringify(content.kept);
      if (now !== kept) {
        kept = now;
        void keep.invoke();
      }
    });
    app.shell.activateById(widget.id);
  }

  async openPipeline({ pipelineId, namespace, versionId, tab }: IPipelineBegin): Promise<void> {
    const { PipelineWidget } = await import('../views/pipeline');
    const { app, manager, format, files } = this._options;
    const isComparing = tab === 'compare';
    const place = { versionId: versionId ?? '', isComparing, ...(tab && tab !== 'compare' ? { tab } : {}) };
    const open = this._pipelines.find(({ content }) => content.pipelineId === pipelineId);
    if (open) {
      open.content.move(place);
      app.shell.activateById(open.id);
      return;
    }
    const content = new PipelineWidget({
      manager,
      commands: app.commands,
      contents: app.serviceManager.contents,
      format,
      namespace,
      pipelineId,
      place,
      folder: () => files?.model.path ?? ''
    });
    const widget = new MainAreaWidget({ content });
    widget.toolbar.hide();
    widget.id = `jupyter-kfp-mt-pipeline-${pipelineId}`;
    app.shell.add(widget, this._area);
    void this._pipelines.add(widget);
    app.shell.activateById(widget.id);
  }

  async uploadVersion(name: string, shared: boolean): Promise<void> {
    await this._upload({ name, shared });
  }

  async openDoctor(): Promise<void> {
    const { DoctorWidget } = await import('../views/doctor');
    const { app, manager, format } = this._options;
    if (!this._doctor || this._doctor.isDisposed) {
      this._doctor = new MainAreaWidget({ content: new DoctorWidget(manager, format) });
      this._doctor.id = 'jupyter-kfp-mt-doctor-main';
      this._doctor.toolbar.hide();
    }
    if (!this._doctor.isAttached) {
      app.shell.add(this._doctor, this._area);
    }
    app.shell.activateById(this._doctor.id);
  }

  async openRunsTable(): Promise<void> {
    const { RunsTableWidget } = await import('../views/runstable');
    const { app, manager, format } = this._options;
    const [open] = [...app.shell.widgets(this._area)].filter(({ id }) => id === TABLE);
    if (!open) {
      const onPageSize = (size: number): void => this.setPageSize(size);
      const content = new RunsTableWidget({ manager, commands: app.commands, format, onPageSize });
      const widget = new MainAreaWidget({ content });
      widget.id = TABLE;
      widget.toolbar.hide(); // the view has its own
      app.shell.add(widget, this._area);
      void this._tables.add(widget);
    }
    app.shell.activateById(TABLE);
  }

  openSettings(): void {
    void this._options.app.commands.execute('settingeditor:open', { query: 'Kubeflow Pipelines' });
  }

  async whoAmI(): Promise<void> {
    const { manager, format } = this._options;
    const { trans } = format;
    const { listAccess, listFacts, WhoAmI } = await import('../components/WhoAmI');
    // Ask again: the known status may be old, and tokens and permissions change.
    const status = await manager.api.status(manager.connection.namespace).catch(() => manager.connection.status);
    if (status) {
      const facts = listFacts(status, format, Date.now());
      const access = status.connected ? await manager.api.listGrants(status.namespace).catch(() => null) : null;
      const { button } = await showDialog({
        title: trans.__('Who am I'),
        body: ReactWidget.create(<WhoAmI facts={facts} access={access} trans={trans} />),
        buttons: [
          Dialog.createButton({ label: trans.__('Copy'), accept: true }),
          Dialog.cancelButton({ label: trans.__('Close') })
        ],
        defaultButton: 1
      });
      if (button.accept) {
        const lines = facts.map(([name, value]) => `${name}: ${value}`);
        Clipboard.copyToSystem([...lines, ...(access ? listAccess(access) : [])].join('\n'));
      }
    }
  }

  linkTo(runId: string, namespace: string): string {
    const query = URLExt.objectToQueryString({ 'kfp-run': runId, 'kfp-ns': namespace });
    return new URL(PageConfig.getUrl({ mode: 'multiple-document' }) + query, window.location.href).href;
  }

  chosenFile(): string {
    const item = this._options.files?.selectedItems().next();
    return item && !item.done && item.value.type !== 'directory' ? item.value.path : '';
  }

  async chooseFilter(subject: FilterSubject): Promise<Partial<IRunFilter> | null> {
    const { manager, format } = this._options;
    try {
      return await chooseFilter(subject, manager, format.trans);
    } catch (error) {
      this._showError(error);
      return null;
    }
  }

  setPageSize(size: number): void {
    this._options.preferences.set('pageSize', size);
  }

  async chooseNamespace(): Promise<string> {
    const { manager, format } = this._options;
    const { trans } = format;
    const { status, namespace } = manager.connection;
    const names = [...new Set([...(status?.namespaces ?? []), namespace])].sort();
    const { value } = await InputDialog.getItem({
      title: trans.__('Switch namespace'),
      label: trans.__('Namespace'),
      items: names,
      current: names.indexOf(namespace),
      okLabel: trans.__('Switch'),
      cancelLabel: trans.__('Cancel')
    });
    return value ?? '';
  }

  async upload(path: string): Promise<void> {
    await this._upload(path === '' ? {} : { place: 'files', path });
  }

  /** Ask what to upload; the dialog opens with what is known already. */
  private async _upload(start: Parameters<typeof Upload.uploadPipeline>[1]): Promise<void> {
    const { uploadPipeline } = await import('../views/upload');
    const { app, manager, format, files, translator } = this._options;
    await uploadPipeline({ manager, commands: app.commands, format, files, translator }, start);
  }

  /** Load the run view and, the first time, our own tabs. */
  private async _loadRunView(): Promise<typeof RunViews> {
    const [view, { RUN_TABS }] = await Promise.all([import('../views/runview'), import('../components/run/tabs')]);
    const { tabs } = this._options;
    const known = new Set(tabs.items.map(({ id }) => id));
    RUN_TABS.filter(({ id }) => !known.has(id)).forEach(tab => void tabs.add(tab));
    return view;
  }

  /** Notebook 7 has room for one document in its main area, so views open beside it. */
  private get _area(): 'main' | 'right' {
    return this._options.labShell ? 'main' : 'right';
  }

  private _showError(error: unknown): void {
    const { message, why, next } = toErrorBody(error);
    Notification.error([message, why, next].filter(part => part !== '').join(' '), { autoClose: false });
  }

  private readonly _runs = new WidgetTracker<MainAreaWidget<RunViewWidget>>({ namespace: 'jupyter-kfp-mt-runs' });
  private readonly _tables = new WidgetTracker<MainAreaWidget<RunsTableWidget>>({ namespace: TABLE });
  private readonly _pipelines = new WidgetTracker<MainAreaWidget<PipelineWidget>>({
    namespace: 'jupyter-kfp-mt-pipelines'
  });
  private _doctor: MainAreaWidget<DoctorWidget> | null = null;
  private readonly _forms = new WidgetTracker<MainAreaWidget<SubmitFormWidget>>({
    namespace: 'jupyter-kfp-mt-forms'
  });
}
