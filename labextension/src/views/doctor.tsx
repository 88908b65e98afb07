import { Clipboard } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Doctor, type IDoctorProps } from '../components/Doctor';
import type { Format } from '../format';
import { doctorIcon } from '../icons';
import type { IRunManager } from '../tokens';

/** The doctor in the main area; it runs the checks when it is opened. */
export class DoctorWidget extends ReactWidget {
  constructor(
    private readonly _manager: IRunManager,
    private readonly _format: Format
  ) {
    super();
    this.id = 'jupyter-kfp-mt-doctor';
    this.title.label = _format.trans.__('Doctor');
    this.title.icon = doctorIcon;
    this.title.closable = true;
    this.addClass('jp-kfp-Host');
  }

  protected render(): React.JSX.Element {
    return <Doctor ask={this._ask} format={this._format} onCopy={text => Clipboard.copyToSystem(text)} />;
  }

  private readonly _ask: IDoctorProps['ask'] = onCheck =>
    this._manager.api.doctor(this._manager.connection.namespace, onCheck);
}
