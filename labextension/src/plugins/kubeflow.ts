import type { TranslationBundle } from '@jupyterlab/translation';

import type { IKubeflowPage } from '../commands';
import type { IRunManager } from '../tokens';

/** The page of a run on Kubeflow's dashboard, which has notebooks and pipelines under one address. */
const ON_KUBEFLOW = '{origin}/_/pipeline/?ns={namespace}#/runs/details/{run_id}';

export interface IKubeflowLinkOptions {
  readonly manager: IRunManager;
  readonly trans: TranslationBundle;
  /** The setting `kfpUiUrl`; read each time. */
  readonly template: () => string;
  /** Ask for an address of this page's origin; by default over the network. */
  readonly probe?: (url: string) => Promise<boolean>;
}

/** Knows the address of Kubeflow's own page about a run: that of the settings, else one that was found and tried. */
export class KubeflowLink implements IKubeflowPage {
  constructor(private readonly _options: IKubeflowLinkOptions) {
    _options.manager.changed.connect(this._try, this);
    this._try();
  }

  get why(): string | undefined {
    const { template, trans } = this._options;
    return template() === '' && !this._isFound
      ? trans.__('No page of Kubeflow is known here. The setting kfpUiUrl names one.')
      : undefined;
  }

  /** Return the address; the template may name the origin, the namespace and the run. */
  address(runId: string, namespace: string): string {
    const values = { origin: window.location.origin, namespace, run_id: runId };
    const template = this._options.template() || ON_KUBEFLOW;
    return template.replace(/\{(origin|namespace|run_id)\}/g, (_, name: keyof typeof values) =>
      name === 'origin' ? values.origin : encodeURIComponent(values[name])
    );
  }

  open(runId: string, namespace: string): void {
    window.open(this.address(runId, namespace), '_blank', 'noopener');
  }

  /** Try the address once a notebook of Kubeflow is known. */
  private _try(): void {
    const { manager, probe = answers } = this._options;
    if (manager.connection.status?.notebook && !this._isTried) {
      this._isTried = true;
      void probe(`${window.location.origin}/_/pipeline/`).then(found => {
        this._isFound = found;
      });
    }
  }

  private _isTried = false;
  private _isFound = false;
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { credentials: 'same-origin' }).catch(() => null);
  return response?.ok === true && !response.redirected;
}
