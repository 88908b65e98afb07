import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import { UnsentError, type ICellCode, type INotebookMemory, type INotebooks } from '../model/notebooks';
import type { INotebookRef } from '../tokens';
import { RUN_DRIVE } from './rundrive';

/** Our part of a notebook's metadata. */
const KEY = 'jupyter_kfp_mt';

/** Milliseconds that a kernel has for a value. */
const PATIENCE = 10_000;

/** The most characters of a value. */
const MOST = 64 * 1024;

/** Stands for a value that is too large. */
const LARGE = 'too large';

/** What we read of JupyterLab's view of a notebook; its package is not needed for more. */
interface INotebookView {
  readonly widgets: readonly ICellView[];
  readonly activeCell: ICellView | null;
  isSelectedOrActive(cell: ICellView): boolean;
}

interface ICellView {
  readonly node: HTMLElement;
  readonly model: { readonly type: string; readonly sharedModel: ISharedCell };
  readonly editor: CodeEditor.IEditor | null;
}

/** The notebooks that are open in JupyterLab. */
export class Notebooks implements INotebooks {
  constructor(
    private readonly _shell: JupyterFrontEnd.IShell,
    private readonly _documents: IDocumentManager,
    /** Find an element that the context menu was opened on. */
    private readonly _hitTest: JupyterFrontEnd['contextMenuHitTest'],
    private readonly _trans: TranslationBundle
  ) {
    _shell.currentChanged?.connect(this._onCurrentChanged, this);
    this._onCurrentChanged();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get current(): INotebookRef | null {
    return this._context ? { path: this._context.localPath, id: this.recall(this._context.localPath).id } : null;
  }

  findCell(fromMenu: boolean): ICellCode | null {
    const view = this._view;
    const node = fromMenu ? this._hitTest(({ classList }) => classList.contains('jp-CodeCell')) : undefined;
    const cell = view?.widgets.find(each => each.node === node) ?? view?.activeCell;
    if (!view || !cell || !this._context) {
      return null;
    }
    const where = { path: this._context.localPath, cell: view.widgets.indexOf(cell) + 1 };
    const selected = getSelectedText(cell.editor);
    if (selected !== '') {
      return { ...where, code: selected };
    }
    const chosen = view.isSelectedOrActive(cell) ? view.widgets.filter(each => view.isSelectedOrActive(each)) : [cell];
    const cells = chosen.filter(({ model }) => model.type === 'code');
    const code = cells.map(({ model }) => model.sharedModel.getSource()).join('\n\n');
    return code.trim() === '' ? null : { ...where, code };
  }

  insertCell(source: string): boolean {
    const view = this._view;
    if (!view || !this._context) {
      return false;
    }
    const at = view.activeCell ? view.widgets.indexOf(view.activeCell) + 1 : view.widgets.length;
    toNotebook(this._context).insertCell(at, { cell_type: 'code', source, metadata: {}, outputs: [] });
    return true;
  }

  isOpen(path: string): boolean {
    return this._find(path) !== null;
  }

  isUnsaved(path: string): boolean {
    return this._find(path)?.model.dirty === true;
  }

  async save(path: string): Promise<void> {
    await this._find(path)?.save();
  }

  async tagFirstCell(path: string): Promise<boolean> {
    const context = this._find(path);
    const cell = context && toNotebook(context).cells.find(each => each.cell_type === 'code');
    if (!cell) {
      return false;
    }
    const tags = cell.getMetadata('tags');
    cell.setMetadata('tags', [...(Array.isArray(tags) ? tags : []), 'parameters']);
    await context.save();
    return true;
  }

  recall(path: string): INotebookMemory {
    const context = this._find(path);
    const kept = context && toNotebook(context).getMetadata(KEY);
    const { id, experiment } = isRecord(kept) ? kept : {};
    return {
      id: typeof id === 'string' ? id : '',
      experiment: typeof experiment === 'string' ? experiment : ''
    };
  }

  async remember(path: string, experiment: string): Promise<INotebookMemory> {
    const context = this._find(path);
    const known = this.recall(path);
    if (!context || (known.id !== '' && known.experiment === experiment)) {
      return known;
    }
    const memory = { id: known.id || UUID.uuid4(), experiment };
    const wasSaved = !context.model.dirty && !context.model.readOnly;
    const kept = toNotebook(context).getMetadata(KEY);
    toNotebook(context).setMetadata(KEY, { ...(isRecord(kept) ? kept : {}), ...memory });
    if (wasSaved) {
      await context.save();
    }
    return memory;
  }

  async evaluate(path: string, name: string): Promise<unknown> {
    const trans = this._trans;
    const kernel = this._find(path)?.sessionContext.session?.kernel;
    if (!kernel || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) {
      throw new UnsentError(trans.__('No kernel is running.'));
    }
    const result = await ask(kernel, toExpression(name));
    if (result === null) {
      throw new UnsentError(trans.__('The kernel is busy. Try again when it is idle.'));
    }
    const text = result.status === 'ok' ? (result.data['text/plain'] ?? '').replaceAll("'", '') : '';
    if (/^[0-9a-f]+$/.test(text)) {
      return fromHex(text);
    }
    const cure = trans.__('Save it to a file or compute it here.');
    if (text === LARGE) {
      throw new UnsentError(trans.__('Its value is larger than 64 KiB. %1', cure));
    }
    if (result.status === 'error' && result.ename === 'NameError') {
      throw new UnsentError(trans.__('The kernel does not know it. Run the cell that makes it.'));
    }
    const type = result.status === 'error' ? /type (\w+)/.exec(result.evalue)?.[1] : undefined;
    throw new UnsentError(type ? trans.__('It cannot be sent (%1). %2', type, cure) : trans.__('It cannot be sent. %1', cure));
  }

  show(path: string): void {
    const quiet = { shouldStart: false, autoStartDefault: false, canStart: false };
    const widget = this._documents.openOrReveal(path, 'Notebook', undefined, undefined, quiet);
    if (widget) {
      // earlier versions of JupyterLab take no preference above
      const session = widget.context.sessionContext;
      session.kernelPreference = { ...session.kernelPreference, ...quiet };
    }
  }

  async openAt(path: string, line: number): Promise<void> {
    const widget = this._documents.openOrReveal(path, path.endsWith('.ipynb') ? undefined : 'Editor');
    if (!widget) {
      return;
    }
    await widget.context.ready;
    const { editor } = widget.content as Widget & { readonly editor?: CodeEditor.IEditor };
    const position = { line: Math.max(0, line - 1), column: 0 };
    editor?.setCursorPosition(position);
    editor?.revealPosition(position);
    editor?.focus();
  }

  private _find(path: string): DocumentRegistry.Context | null {
    const context = this._context;
    if (context?.localPath === path) {
      return context;
    }
    const widget = path.endsWith('.ipynb') ? this._documents.findWidget(path, null) : undefined;
    return (widget && this._documents.contextForWidget(widget)) ?? null;
  }

  private _onCurrentChanged(): void {
    const widget = this._shell.currentWidget;
    const context = widget && this._documents.contextForWidget(widget);
    if (!context || context === this._context || context.path.startsWith(`${RUN_DRIVE}:`)) {
      return;
    }
    void context.ready.then(() => {
      if (context.contentsModel?.type === 'notebook' && !context.isDisposed) {
        this._follow(context, widget);
      }
    });
  }

  private _follow(context: DocumentRegistry.Context, widget: Widget): void {
    this._leave();
    this._context = context;
    this._widget = widget;
    context.model.stateChanged.connect(this._emit, this);
    context.pathChanged.connect(this._emit, this);
    context.disposed.connect(this._onDisposed, this);
    this._emit();
  }

  private _onDisposed(): void {
    this._leave();
    this._emit();
  }

  private _leave(): void {
    this._context?.model.stateChanged.disconnect(this._emit, this);
    this._context?.pathChanged.disconnect(this._emit, this);
    this._context?.disposed.disconnect(this._onDisposed, this);
    this._context = this._widget = null;
  }

  private _emit(): void {
    this._changed.emit();
  }

  private get _view(): INotebookView | null {
    const { content } = (this._widget ?? {}) as { readonly content?: INotebookView };
    return content && Array.isArray(content.widgets) ? content : null;
  }

  private readonly _changed = new Signal<this, void>(this);
  private _context: DocumentRegistry.Context | null = null;
  private _widget: Widget | null = null;
}

function toNotebook(context: DocumentRegistry.Context): ISharedNotebook {
  return context.model.sharedModel as unknown as ISharedNotebook;
}

function getSelectedText(editor: CodeEditor.IEditor | null): string {
  if (!editor) {
    return '';
  }
  const { start, end } = editor.getSelection();
  const [from, to] = [editor.getOffsetAt(start), editor.getOffsetAt(end)].sort((one, other) => one - other);
  return editor.model.sharedModel.getSource().slice(from, to);
}

/** Return the Python expression of a value's JSON in hexadecimal, which needs no unescaping, or of why there is none. */
function toExpression(name: string): string {
  const text = `__import__('json').dumps(${name}, allow_nan=False)`;
  // JSON changes some values, such as dictionaries with numbers as keys
  const same = `__import__('json').loads(text) == (list(${name}) if isinstance(${name}, tuple) else ${name})`;
  return `['${LARGE}' if len(text) > ${MOST} else text.encode().hex() if ${same} else '' for text in [${text}]][0]`;
}

/** The result of an expression. */
type Result =
  | { readonly status: 'ok'; readonly data: Readonly<Record<string, string>> }
  | { readonly status: 'error'; readonly ename: string; readonly evalue: string };

/** Evaluate an expression without a trace in the notebook; null if the kernel does not answer soon. */
async function ask(kernel: Kernel.IKernelConnection, expression: string): Promise<Result | null> {
  const future = kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    stop_on_error: false,
    user_expressions: { value: expression }
  });
  let timer = 0;
  const late = new Promise<null>(resolve => {
    timer = window.setTimeout(() => resolve(null), PATIENCE);
  });
  const reply = await Promise.race([future.done, late]);
  window.clearTimeout(timer);
  if (reply?.content.status !== 'ok') {
    future.dispose();
    return null;
  }
  return reply.content.user_expressions['value'] as unknown as Result;
}

/** Return the JSON value of a text such as `7b7d`. */
function fromHex(text: string): unknown {
  const pairs = text.match(/../g) ?? [];
  const bytes = Uint8Array.from(pairs, pair => Number.parseInt(pair, 16));
  return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
}

function isRecord(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
