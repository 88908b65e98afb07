import { Dialog, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { toErrorBody } from '../api/errors';
import type { PipelineView } from '../api/types';
import type { IPipelineActions } from '../commands';
import { cutMiddle } from '../format';
import type { IRunManager } from '../tokens';

/** The longest name in a notice. */
const NAME = 60;

/** Carries out actions on registered pipelines: asks for confirmation where needed, and says what came of them. */
export class PipelineActions implements IPipelineActions {
  constructor(
    private readonly _manager: IRunManager,
    private readonly _trans: TranslationBundle,
    /** Upload a version of a pipeline that is known by name, private or shared. */
    private readonly _upload: (name: string, shared: boolean) => Promise<void>
  ) {}

  async uploadVersion(namespace: string, pipelineId: string): Promise<void> {
    await this._try(async () => {
      const { pipeline } = await this._manager.api.viewPipeline(namespace, pipelineId);
      await this._upload(pipeline.name || pipeline.display_name, pipeline.namespace === '' && namespace !== '');
    });
  }

  async remove(namespace: string, pipelineId: string): Promise<void> {
    const { api } = this._manager;
    await this._try(async () => {
      const view = await api.viewPipeline(namespace, pipelineId);
      if (await askToDelete(view, this._trans)) {
        await api.deletePipeline(namespace, pipelineId);
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

/** Ask whether to delete a pipeline; where there is something to lose, its name has to be typed. */
async function askToDelete({ pipeline, recurring_runs }: PipelineView, trans: TranslationBundle): Promise<boolean> {
  const name = pipeline.display_name || pipeline.name;
  const versions = pipeline.versions ?? 0;
  const used = recurring_runs.length;
  const sentences = [
    trans._n('%1 version is removed.', '%1 versions are removed.', versions),
    ...(used > 0
      ? [trans._n('%1 recurring run uses it and will fail.', '%1 recurring runs use it and will fail.', used)]
      : []),
    ...(pipeline.namespace === '' ? [trans.__('Everyone on this KFP loses it.')] : [])
  ];
  const body = new DeleteBody(sentences, used > 0 || versions > 1 ? name : '', trans);
  const dialog = new Dialog({
    title: trans.__('Delete %1?', cutMiddle(name, NAME)),
    body,
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label: trans.__('Delete') })],
    defaultButton: 0,
    focusNodeSelector: body.isLocked ? 'input' : undefined
  });
  const lock = (): void => {
    const button = dialog.node.querySelector<HTMLButtonElement>('button.jp-mod-accept');
    if (button) {
      button.disabled = body.isLocked;
    }
  };
  body.node.addEventListener('input', lock);
  lock();
  const { button } = await dialog.launch();
  return button.accept && !body.isLocked;
}

/** What is lost, and a field for the name that has to be typed. */
class DeleteBody extends Widget {
  constructor(
    sentences: readonly string[],
    private readonly _name: string,
    trans: TranslationBundle
  ) {
    super();
    for (const sentence of sentences) {
      this.node.append(Object.assign(document.createElement('p'), { textContent: sentence }));
    }
    if (_name) {
      const label = document.createElement('label');
      label.append(trans.__('Type the name to go on.'), this._input);
      this._input.className = 'jp-mod-styled';
      this._input.placeholder = _name;
      this.node.append(label);
    }
  }

  /** Whether the name has yet to be typed. */
  get isLocked(): boolean {
    return this._name !== '' && this._input.value.trim() !== this._name;
  }

  private readonly _input = document.createElement('input');
}
