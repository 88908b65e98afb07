import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ErrorBody, Status } from '../../api/types';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import type { INoticeAction } from '../ErrorNotice';
import { TokenNotice } from './TokenNotice';

export interface IPanelNoticeProps {
  readonly error: ErrorBody;
  readonly status: Status | null;
  readonly trans: TranslationBundle;
  /** Whether the embedded server is being started now, or this notebook restarted. */
  readonly busy: 'starting' | 'restarting' | null;
  /** Why this person cannot take the next step to a token. */
  readonly accessOff?: string;
  readonly onStart: () => void;
  readonly onSetAddress: () => void;
  readonly onRetry: () => void;
  readonly onReload: () => void;
  readonly onDoctor: () => void;
  readonly onCreateOption: () => void;
  readonly onRestart: () => void;
  readonly onCopy: (text: string) => void;
}

/** The notice in place of all sections while there is nothing to show. */
export function PanelNotice(props: IPanelNoticeProps): React.JSX.Element {
  const { error, status, trans } = props;
  if (props.busy) {
    return <Busy busy={props.busy} trans={trans} />;
  }
  if (error.code === 'no-kubeflow') {
    return <FirstTime {...props} />;
  }
  if (error.code.startsWith('no-token')) {
    return <TokenNotice {...props} namespace={status?.namespace ?? ''} off={props.accessOff} />;
  }
  const again: INoticeAction =
    ['embedded-failed', 'embedded-stopped'].includes(error.code) ||
    (error.code === 'kfp-unavailable' && status?.embedded === true)
      ? { label: trans.__('Start embedded server'), run: props.onStart, primary: true }
      : tryAgain(props);
  return (
    <ErrorNotice
      error={error}
      trans={trans}
      onCopy={props.onCopy}
      actions={error.code === 'server-half-missing' ? [again] : [again, doctor(props)]}
    />
  );
}

function Busy({ busy, trans }: { busy: 'starting' | 'restarting'; trans: TranslationBundle }): React.JSX.Element {
  const words =
    busy === 'starting'
      ? trans.__('Starting the embedded server…')
      : trans.__('Restarting this notebook with access to Pipelines…');
  return (
    <div className="jp-kfp-Empty">
      <h3>{words}</h3>
      <div className="jp-kfp-Progress" role="progressbar" aria-label={words} />
    </div>
  );
}

function tryAgain({ error, trans, onRetry, onReload }: IPanelNoticeProps): INoticeAction {
  return error.code === 'version-mismatch' || error.code === 'jupyter-login'
    ? { label: trans.__('Reload'), run: onReload, primary: true }
    : { label: trans.__('Try again'), run: onRetry, primary: true };
}

function doctor(props: IPanelNoticeProps): INoticeAction {
  return { label: props.trans.__('Run doctor'), run: props.onDoctor };
}

/** The notice on a laptop where no KFP was found. */
function FirstTime(props: IPanelNoticeProps): React.JSX.Element {
  const { error, status, trans } = props;
  const startable = status?.can_start_embedded === true;
  return (
    <div className="jp-kfp-Empty">
      <h3>{error.message}</h3>
      <p className="jp-kfp-dim">{error.why}</p>
      <div className="jp-kfp-Buttons">
        <Button
          label={trans.__('Start embedded server')}
          kind="primary"
          off={startable ? undefined : trans.__('The settings of this Jupyter server do not allow it.')}
          onClick={props.onStart}
        />
        <Button label={trans.__('Set address…')} onClick={props.onSetAddress} />
      </div>
      <p className="jp-kfp-dim">
        {trans.__('Runs pipelines on this machine, for you only. Starts in about two seconds.')}
      </p>
    </div>
  );
}
