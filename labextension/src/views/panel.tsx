import { Clipboard, Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { ITranslator } from '@jupyterlab/translation';
import { addIcon, PanelWithToolbar, SidePanel } from '@jupyterlab/ui-components';
import type { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { MessageLoop } from '@lumino/messaging';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import { AccordionPanel, Widget } from '@lumino/widgets';
import type { PanelLayout } from '@lumino/widgets';
import * as React from 'react';

import { toErrorBody } from '../api/errors';
import type { SavedPart } from '../api/types';
import { CommandIDs } from '../commandids';
import { Button } from '../components/Button';
import { Cautions } from '../components/panel/Cautions';
import { PanelFooter } from '../components/panel/PanelFooter';
import { PanelHeader } from '../components/panel/PanelHeader';
import { PanelNotice } from '../components/panel/PanelNotice';
import { Ticker } from '../components/now';
import { isPlain } from '../filter';
import type { Format } from '../format';
import { pipelinesIcon } from '../icons';
import type { HiddenCautions } from '../model/hidden';
import type { INotebooks } from '../model/notebooks';
import { PANEL_ID } from '../names';
import { describePhase } from '../phase';
import { whyLocked } from '../reasons';
import type { IRunChange, IRunManager } from '../tokens';
import { AccessSteps } from './access';
import type { IOpenWork } from './access';
import { MORE_ITEMS, listNamespaceItems, openMenu } from './menus';
import { render } from './render';
import type { IPanelContext, IPanelSection, IPanelSections } from './sections/section';

export interface IKfpPanelOptions {
  readonly manager: IRunManager;
  readonly commands: CommandRegistry;
  readonly format: Format;
  readonly translator: ITranslator;
  readonly sections: IPanelSections;
  /** What a restart of the notebook would stop. */
  readonly work: () => IOpenWork;
  /** The notebooks of the page; without them none is in front. */
  readonly notebooks?: INotebooks | null;
  /** The warnings that the person has hidden. */
  readonly hidden: HiddenCautions;
}

/** The side panel: a header, the sections of the registry, a footer. */
export class KfpPanel extends SidePanel {
  constructor(options: IKfpPanelOptions) {
    super({ translator: options.translator });
    this._manager = options.manager;
    this._commands = options.commands;
    this._format = options.format;
    this._hidden = options.hidden;
    this._sections = options.sections;
    this._notebooks = options.notebooks ?? null;
    const { trans } = options.format;
    this._access = new AccessSteps({
      manager: options.manager,
      commands: options.commands,
      trans,
      work: options.work
    });
    this.id = PANEL_ID;
    this.title.icon = pipelinesIcon;
    this.title.caption = trans.__('Kubeflow Pipelines');
    this.addClass('jp-kfp');
    this.addClass('jp-kfp-Panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Kubeflow Pipelines'));

    this.header.addWidget(this._render(() => this._drawHeader()));
    this._cautions = render(() => this._drawCautions(), this._manager.changed, this._hidden.changed);
    this.header.addWidget(this._cautions);
    this._sections.changed.connect(this._onSections, this);
    this._onSections();
    this._notice = this._render(() => this._drawNotice());
    this._notice.addClass('jp-kfp-Panel-notice');
    const layout = this.layout as PanelLayout;
    layout.addWidget(this._notice);
    layout.addWidget(this._render(() => this._drawFooter()));

    this._sizes.observe(this.content.node);
    this._manager.changed.connect(this._onChanged, this);
    this._access.changed.connect(this._onChanged, this);
    this._manager.runChanged.connect(this._onRunChanged, this);
    this._onChanged();
  }

  /** Emitted when a person has folded, unfolded or resized a section. */
  get resized(): ISignal<this, void> {
    return this._resized;
  }

  /** The height of each section as a share of all; 0 for one that is folded. */
  get sectionSizes(): Readonly<Record<string, number>> {
    const sizes = this._accordion?.relativeSizes() ?? [];
    const shares = this._sections.items.map(({ id }, index): [string, number] => {
      const isOpen = this._accordion?.widgets[index]?.isHidden === false;
      return [id, isOpen ? (sizes[index] ?? 0) : 0];
    });
    return Object.fromEntries(shares);
  }

  /** Fold, unfold and resize the sections that are in `sizes`; the others stay folded or open. */
  setSectionSizes(sizes: Readonly<Record<string, number>>): void {
    const content = this._accordion;
    const { items } = this._sections;
    items.forEach(({ id }, index) => {
      const size = sizes[id];
      if (size === 0) {
        content?.collapse(index);
      } else if (size !== undefined) {
        content?.expand(index);
      }
    });
    content?.setRelativeSizes(items.map(({ id }) => sizes[id] ?? 0));
  }

  /** Focus the runs list, or else the first available button. */
  focusList(): void {
    const places = [
      '.jp-kfp-RunRow[tabindex="0"]',
      '.jp-kfp-Panel-runs .jp-mod-primary',
      '.jp-kfp-Panel-notice .jp-mod-primary',
      'button'
    ];
    const all = places.map(place => this.node.querySelector<HTMLElement>(place));
    all.find(element => element?.offsetParent)?.focus();
  }

  override dispose(): void {
    this._sizes.disconnect();
    this._access.dispose();
    this._watch?.dispose();
    this._watch = null;
    this._manager.changed.disconnect(this._onChanged, this);
    this._manager.runChanged.disconnect(this._onRunChanged, this);
    this._sections.changed.disconnect(this._onSections, this);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._look();
    this._sections.items.forEach(({ id }) => this._fold(id));
    this._accordion?.expansionToggled.connect(giveRoom);
    this._accordion?.expansionToggled.connect(this._onResized, this);
    this._accordion?.handleMoved.connect(this._onResized, this);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.focusList();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._look();
  }

  protected override onBeforeDetach(message: Message): void {
    this._watch?.dispose();
    this._watch = null;
    super.onBeforeDetach(message);
  }

  /** Keep the rows up to date only while they are in view. */
  private _look(): void {
    if (this.isVisible && !this._watch) {
      this._watch = this._manager.watch();
    } else if (!this.isVisible && this._watch) {
      this._watch.dispose();
      this._watch = null;
    }
  }

  /** Show the sections of the registry, each at its place. */
  private _onSections(): void {
    const { items } = this._sections;
    for (const [id, widget] of this._shown) {
      if (!items.some(section => section.id === id)) {
        this._shown.delete(id);
        widget.dispose();
      }
    }
    items.forEach((section, index) => {
      if (!this._shown.has(section.id)) {
        const widget = this._createSection(section);
        this._shown.set(section.id, widget);
        this.insertWidget(index, widget);
        if (this.isAttached) {
          this._fold(section.id);
        }
      }
    });
  }

  private _createSection({ id, title, count, add, Body }: IPanelSection): PanelWithToolbar {
    const widget = new PanelWithToolbar();
    widget.addClass('jp-kfp-Section');
    widget.addClass(`jp-kfp-Panel-${id}`);
    widget.title.label = title(this._format.trans);
    // A folded section asks for nothing until it is opened.
    const context = (): IPanelContext => ({ ...this._context, setCount: number => this._setCount(id, number) });
    widget.addWidget(this._render(() => (widget.isVisible ? <Body {...context()} /> : null)));
    if (add) {
      const { trans } = this._format;
      const draw = (): React.JSX.Element => (
        <Button
          label={add.label(trans)}
          kind="icon"
          icon={addIcon}
          off={whyLocked(this._manager.connection, trans)}
          onClick={() => this._do(add.command)}
        />
      );
      widget.toolbar.addItem('add', this._render(draw));
    }
    const draw = (): React.JSX.Element => (
      <span className="jp-kfp-num">{count?.(context()) ?? this._counts.get(id) ?? ''}</span>
    );
    widget.toolbar.addItem('count', render(draw, this._manager.changed, this._counted));
    return widget;
  }

  private _setCount(id: string, count: number): void {
    const text = count === 0 ? '' : this._format.shortCount(count);
    if (this._counts.get(id) !== text) {
      this._counts.set(id, text);
      this._counted.emit();
    }
  }

  /** Fold a section that is folded at first. */
  private _fold(id: string): void {
    const index = this._sections.items.findIndex(section => section.id === id);
    if (this._sections.items[index]?.folded) {
      this._accordion?.collapse(index);
    }
  }

  private get _accordion(): AccordionPanel | null {
    return this.content instanceof AccordionPanel ? this.content : null;
  }

  private _onResized(): void {
    this._resized.emit();
  }

  private get _context(): IPanelContext {
    return {
      manager: this._manager,
      format: this._format,
      ticker: this._ticker,
      version: this._version(),
      execute: (command, args) => this._do(command, args),
      notebook: this._notebooks?.current ?? null,
      openMenu: (items, x, y) => openMenu(this._commands, items, x, y),
      copy: text => this._copy(text),
      setCount: () => undefined
    };
  }

  /** Return a widget that is drawn again when the manager, the selection or the access steps change. */
  private _render(draw: () => React.JSX.Element | null): ReactWidget {
    const { changed, list } = this._manager;
    const notebooks = this._notebooks ? [this._notebooks.changed] : [];
    return render(draw, changed, list.selection.changed, this._access.changed, ...notebooks);
  }

  private _onChanged(): void {
    const { state, error } = this._manager.connection;
    const { runs, filter } = this._manager.list;
    const nothing = state !== 'connected' && runs.length === 0 && filter.search === '';
    const instead = this._busy !== null || (nothing && error !== null);
    this.content.setHidden(instead);
    this._notice.setHidden(!instead);
  }

  private _onRunChanged(_: IRunManager, change: IRunChange): void {
    const { run, previous } = change;
    if (previous !== null && previous !== run.phase) {
      const { trans } = this._format;
      this._announcement = trans.__('Run %1: %2', run.display_name, describePhase(run.phase, trans, run.state));
    }
  }

  private get _busy(): 'starting' | 'restarting' | null {
    return this._starting ? 'starting' : this._access.restarting ? 'restarting' : null;
  }

  private _drawHeader(): React.JSX.Element {
    const { status, namespace, state } = this._manager.connection;
    const { runs, filter } = this._manager.list;
    const empty = runs.length === 0 && isPlain(filter);
    return (
      <PanelHeader
        status={status}
        namespace={namespace}
        connection={state}
        trans={this._format.trans}
        showRefresh={state !== 'lost' || runs.length > 0}
        showNewRun={state !== 'lost' && !empty}
        off={whyLocked(this._manager.connection, this._format.trans)}
        onRefresh={() => this._do(CommandIDs.refresh)}
        onNewRun={() => this._do(CommandIDs.newRun)}
        onDoctor={() => this._do(CommandIDs.doctor)}
        onMenu={(menu, x, y) =>
          openMenu(this._commands, menu === 'more' ? MORE_ITEMS : listNamespaceItems(this._manager), x, y)
        }
      />
    );
  }

  private _drawCautions(): React.JSX.Element {
    const { status, namespace } = this._manager.connection;
    const warnings = status?.warnings ?? [];
    const shown = this._hidden.filterShown(namespace, warnings);
    return (
      <Cautions
        cautions={shown}
        trans={this._format.trans}
        onForget={part => void this._forget(part)}
        onHide={caution => {
          this._hidden.hide(namespace, caution, warnings);
          if (shown.length === 1) {
            this.focusList();
          }
        }}
      />
    );
  }

  /** Return a value that changes when lists that are loaded once are out of date. */
  private _version(): string {
    const { namespace, state } = this._manager.connection;
    const { list, revision } = this._manager;
    if (state === 'connected') {
      this._listed = `${namespace} ${list.runs[0]?.run_id ?? ''} ${revision}`;
    }
    return this._listed;
  }

  private _drawNotice(): React.JSX.Element | null {
    const { error, status } = this._manager.connection;
    if (!error && !this._busy) {
      return null;
    }
    return (
      <PanelNotice
        error={error ?? NO_ERROR}
        status={status}
        trans={this._format.trans}
        busy={this._busy}
        accessOff={this._access.off}
        onStart={() => void this._start()}
        onSetAddress={() => void this._showAddress()}
        onRetry={() => this._do(CommandIDs.refresh)}
        onReload={() => window.location.reload()}
        onDoctor={() => this._do(CommandIDs.doctor)}
        onCreateOption={() => void this._access.createOption(error ?? NO_ERROR)}
        onRestart={() => void this._access.restart()}
        onCopy={text => this._copy(text)}
      />
    );
  }

  private async _start(): Promise<void> {
    this._starting = true;
    this._onChanged();
    await this._commands.execute(CommandIDs.startEmbedded);
    this._starting = false;
    this._onChanged();
    this.update();
  }

  /** Remove a part of the SDK's `context.json`, then refresh. */
  private async _forget(part: SavedPart): Promise<void> {
    try {
      await this._manager.api.forgetSaved(part);
      if (this._cautions.node.contains(document.activeElement)) {
        this.focusList(); // the button is about to go
      }
      await this._manager.refresh();
    } catch (error) {
      const { message, why } = toErrorBody(error);
      Notification.error(`${message} ${why}`, { autoClose: false });
    }
  }

  private async _showAddress(): Promise<void> {
    const { trans } = this._format;
    await showDialog({
      title: trans.__('Set the address'),
      body: trans.__(
        'Write c.KfpSettings.endpoint = "http://…" into jupyter_kfp_mt_config.py, or set KF_PIPELINES_ENDPOINT, then restart Jupyter.'
      ),
      buttons: [Dialog.okButton({ label: trans.__('Close') })]
    });
  }

  private _drawFooter(): React.JSX.Element {
    return (
      <PanelFooter
        freshness={this._manager.list}
        connection={this._manager.connection}
        announcement={this._announcement}
        format={this._format}
        ticker={this._ticker}
        onRetry={() => this._do(CommandIDs.refresh)}
        onDoctor={() => this._do(CommandIDs.doctor)}
      />
    );
  }

  private _copy(text: string): void {
    Clipboard.copyToSystem(text);
    Notification.info(this._format.trans.__('Copied.'), { autoClose: 2000 });
  }

  private _do(command: string, args: Parameters<CommandRegistry['execute']>[1] = {}): void {
    void this._commands.execute(command, args);
  }

  private readonly _manager: IRunManager;
  private readonly _access: AccessSteps;
  private readonly _cautions: ReactWidget;
  private readonly _hidden: HiddenCautions;
  private readonly _commands: CommandRegistry;
  private readonly _format: Format;
  private readonly _notice: Widget;
  private readonly _notebooks: INotebooks | null;
  private readonly _sections: IPanelSections;
  private readonly _shown = new Map<string, PanelWithToolbar>();
  // Header and footer are drawn by React, after Lumino has laid out the sections between them.
  private readonly _sizes = new ResizeObserver(() =>
    MessageLoop.postMessage(this.content, Widget.ResizeMessage.UnknownSize)
  );
  private readonly _ticker = new Ticker();
  private readonly _resized = new Signal<this, void>(this);
  private readonly _counted = new Signal<this, void>(this);
  /** The counts that sections have said, by their ids. */
  private readonly _counts = new Map<string, string>();
  private _announcement = '';
  private _listed = '';
  private _starting = false;
  private _watch: IDisposable | null = null;
}

/** Give a section that is opened for the first time some height: half of what the runs have. */
function giveRoom(content: AccordionPanel, index: number): void {
  if (content.widgets[index]?.isVisible && (content.relativeSizes()[index] ?? 0) < 0.15) {
    content.setRelativeSizes(content.widgets.map((widget, each) => (widget.isHidden ? 0 : each === 0 ? 2 : 1)));
  }
}

const NO_ERROR = { code: '', message: '', why: '', next: '', command: '', details: '', request_id: '' };
