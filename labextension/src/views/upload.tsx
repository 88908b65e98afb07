import { Clipboard, Dialog, Notification, ReactWidget, showDialog } from '@jupyterlab/apputils';
import { FileDialog, type IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { ITranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';
import * as React from 'react';

import { createErrorBody, toErrorBody } from '../api/errors';
import type { PipelineVersion, UploadRequest } from '../api/types';
import { CommandIDs } from '../commandids';
import { UploadForm } from '../components/upload/UploadForm';
import type { Format } from '../format';
import { UploadModel, type IUploadState } from '../model/upload';
import type { IRunManager } from '../tokens';

export interface IUploadDialogOptions {
  readonly manager: IRunManager;
  readonly commands: CommandRegistry;
  readonly translator: ITranslator;
  readonly format: Format;
  readonly files: IDefaultFileBrowser | null;
}

/** The files that hold a pipeline. */
const PIPELINES = /\.(ya?ml|json|zip|tgz|tar\.gz|py)$/i;

/** Ask what to upload and do it; the dialog opens with what is known already. */
export async function uploadPipeline(options: IUploadDialogOptions, start: Partial<IUploadState>): Promise<void> {
  const { manager, format } = options;
  const { trans } = format;
  const { namespace } = manager.connection;
  const model = new UploadModel({
    api: manager.api,
    namespace,
    start,
    tooLarge: name =>
      createErrorBody({
        code: 'too-large',
        message: trans.__('The file is too large.'),
        why: trans.__('%1 has more than 32 MiB, which is the most that KFP takes.', name)
      })
  });
  let browsing = false;
  // JupyterLab shows one dialog after the other, so this one makes way for that with the files.
  const browse = (): void => {
    browsing = true;
    dialog.reject();
  };
  const body = new UploadBody(model, options, browse);
  const dialog = new Dialog<unknown>({
    title: trans.__('Upload pipeline to %1', namespace),
    body,
    focusNodeSelector: 'input:not([type=radio])',
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Upload') })
    ]
  });
  const { button } = await dialog.launch();
  const { request, state } = model;
  model.dispose();
  if (browsing && options.files) {
    const path = (await choosePath(options, options.files)) || state.path;
    return uploadPipeline(options, { ...state, place: 'files', path, inspection: null, error: null });
  }
  if (button.accept && request && (!request.shared || (await confirmSharing(request, state, format)))) {
    await send(options, namespace, request, state);
  }
}

async function choosePath({ translator, format }: IUploadDialogOptions, files: IDefaultFileBrowser): Promise<string> {
  const { manager } = files.model;
  const { value } = await FileDialog.getOpenFiles({
    manager,
    title: format.trans.__('Choose a pipeline'),
    filter: ({ type, path }) => (type === 'directory' || PIPELINES.test(path) ? { score: 0 } : null),
    translator
  });
  const chosen = value?.[0];
  return chosen ? manager.services.contents.localPath(chosen.path) : '';
}

async function confirmSharing(request: UploadRequest, state: IUploadState, { trans }: Format): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Share %1 with everyone?', request.name || state.inspection?.pipeline.name || ''),
    body: trans.__('All namespaces of this KFP can read and run it.'),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.okButton({ label: trans.__('Share') })]
  });
  return button.accept;
}

/** Upload, and say what came of it with the way on. */
async function send(
  options: IUploadDialogOptions,
  namespace: string,
  request: UploadRequest,
  state: IUploadState
): Promise<void> {
  const { manager, commands, format } = options;
  const { trans } = format;
  try {
    const version = await manager.api.upload(namespace, request);
    const { pipeline_id } = version;
    Notification.success(describe(version, request, state, namespace, format), {
      autoClose: 8000,
      actions: [
        {
          label: trans.__('New run…'),
          callback: () => void commands.execute(CommandIDs.newRun, { source: { kind: 'pipeline', pipeline_id } })
        }
      ]
    });
  } catch (error) {
    const { message, why, next } = toErrorBody(error);
    // The bytes of a file from disk are gone with the dialog.
    const again = state.place === 'disk' ? { ...state, file: '', inspection: null } : state;
    Notification.error([message, why, next].filter(part => part !== '').join(' '), {
      autoClose: false,
      actions: [{ label: trans.__('Try again…'), callback: () => void uploadPipeline(options, again) }]
    });
  }
  await manager.refresh();
}

function describe(
  version: PipelineVersion,
  request: UploadRequest,
  { inspection, place, path, file, address }: IUploadState,
  namespace: string,
  { trans }: Format
): string {
  if (version.is_unchanged) {
    return trans.__('Nothing changed, %1 is this file.', version.display_name);
  }
  const what = { disk: file, files: path, address: address.split('/').at(-1) ?? '' }[place];
  const where = request.shared ? trans.__('Shared') : namespace;
  const name = request.name || inspection?.pipeline.name;
  return name === undefined || name === version.display_name
    ? trans.__('%1 uploaded to %2 as %3.', what, where, version.display_name)
    : trans.__('%1 uploaded to %2 as %3, version %4.', what, where, name, version.display_name);
}

/** The body of the dialog. */
class UploadBody extends ReactWidget {
  constructor(
    private readonly _model: UploadModel,
    private readonly _options: IUploadDialogOptions,
    private readonly _browse: () => void
  ) {
    super();
    this.addClass('jp-kfp');
    _model.changed.connect(this.update, this);
  }

  protected render(): React.JSX.Element {
    const { manager, format, files } = this._options;
    const model = this._model;
    return (
      <UploadForm
        state={model.state}
        ready={model.request !== null}
        namespace={manager.connection.namespace}
        multiUser={manager.connection.status?.multi_user === true}
        format={format}
        prefix={this._prefix}
        onChoose={place => model.choose(place)}
        onFile={file => void model.takeFile(file)}
        onPath={path => model.setPath(path)}
        onBrowse={files ? this._browse : undefined}
        onAddress={address => model.setAddress(address)}
        onFill={input => model.fill(input)}
        onCopy={text => Clipboard.copyToSystem(text)}
      />
    );
  }

  private readonly _prefix = `jp-kfp-upload-${UUID.uuid4()}`;
}
