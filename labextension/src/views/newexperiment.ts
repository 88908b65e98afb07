import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { toErrorBody } from '../api/errors';
import type { Experiment, ExperimentRequest } from '../api/types';

/** The most bytes of a name: backend/src/apiserver/validation/length.go of kubeflow/pipelines. */
const MOST = 128;

/** Ask for an experiment until it is created; a refusal leaves what was typed. Resolves to null for Cancel. */
export async function createExperiment(
  namespace: string,
  create: (request: ExperimentRequest) => Promise<Experiment>,
  trans: TranslationBundle
): Promise<Experiment | null> {
  let typed: ExperimentRequest = { display_name: '', description: '' };
  let refusal = '';
  for (;;) {
    const { button, value } = await showDialog({
      title: trans.__('New experiment in %1', namespace),
      body: new ExperimentBody(trans, typed, refusal),
      buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.okButton({ label: trans.__('Create') })],
      defaultButton: 1,
      focusNodeSelector: 'input'
    });
    if (!button.accept || value === null) {
      return null;
    }
    typed = value;
    refusal = describeWrong(typed.display_name, trans);
    if (refusal === '') {
      try {
        return await create(typed);
      } catch (error) {
        const { message, why } = toErrorBody(error);
        refusal = `${message} ${why}`.trim();
      }
    }
  }
}

function describeWrong(name: string, trans: TranslationBundle): string {
  const bytes = new TextEncoder().encode(name).length;
  if (name === '') {
    return trans.__('A name is needed.');
  }
  return bytes > MOST ? trans.__('The name is too long: %1 of %2 bytes.', bytes, MOST) : '';
}

/** A name and a description, and why the last ones were refused. */
class ExperimentBody extends Widget implements Dialog.IBodyWidget<ExperimentRequest> {
  constructor(trans: TranslationBundle, { display_name, description = '' }: ExperimentRequest, refusal: string) {
    super();
    this.addClass('jp-kfp');
    this.addClass('jp-kfp-Ask');
    const name = document.createElement('label');
    name.append(trans.__('Name'), this._name);
    this._name.className = 'jp-mod-styled';
    this._name.value = display_name;
    const more = document.createElement('label');
    more.append(trans.__('Description'), this._description);
    this._description.className = 'jp-mod-styled';
    this._description.value = description;
    const alert = document.createElement('p');
    alert.setAttribute('role', 'alert');
    alert.textContent = refusal;
    this.node.append(name, more, ...(refusal ? [alert] : []));
  }

  getValue(): ExperimentRequest {
    return { display_name: this._name.value.trim(), description: this._description.value.trim() };
  }

  private readonly _name = document.createElement('input');
  private readonly _description = document.createElement('input');
}
