import { copyIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ErrorBody, Status } from '../api/types';
import { Button } from './Button';
import { ErrorNotice } from './ErrorNotice';
import type { INoticeAction } from './ErrorNotice';

export interface IPanelNoticeProps {
  readonly error: ErrorBody;
  readonly status: Status | null;
  readonly trans: TranslationBundle;
  /** Whether the embedded server is being started now. */
  readonly starting: boolean;
  readonly onStart: () => void;
  readonly onSetAddress: () => void;
  readonly onRetry: () => void;
  readonly onReload: () => void;
  readonly onDoctor: () => void;
  readonly onCreateOption: () => void;
  readonly onRestart: () => void;
  readonly onCopy: (text: string) => void;
}

/** What stands in place of all sections while there is nothing to show. */
export function PanelNotice(props: IPanelNoticeProps): React.JSX.Element {
  const { error, trans } = props;
  if (props.starting) {
    return (
      <div className="jp-kfp-Empty">
        <h3>{trans.__('Starting the embedded server…')}</h3>
        <div
          className="jp-kfp-Progress"
          role="progressbar"
          aria-label={trans.__('Starting the embedded server…')}
        />
      </div>
    );
  }
  if (error.code === 'no-kubeflow') {
    return <FirstTime {...props} />;
  }
  if (error.code.startsWith('no-token')) {
    return <NoToken {...props} />;
  }
  const again: INoticeAction =
    error.code === 'version-mismatch' || error.code === 'jupyter-login'
      ? { label: trans.__('Reload'), run: props.onReload, primary: true }
      : { label: trans.__('Try again'), run: props.onRetry, primary: true };
  return (
    <ErrorNotice
      error={error}
      trans={trans}
      onCopy={props.onCopy}
      actions={error.code === 'server-half-missing' ? [again] : [again, doctor(props)]}
    />
  );
}

function doctor(props: IPanelNoticeProps): INoticeAction {
  return { label: props.trans.__('Run doctor'), run: props.onDoctor };
}

/** On a laptop: nothing found, one button. */
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

/** The two steps to a token; the second wakes up when the first is done. */
function Steps(props: IPanelNoticeProps): React.JSX.Element {
  const { error, trans } = props;
  const created = error.code !== 'no-token-no-option';
  return (
    <ol>
      <li>
        {created ? trans.__('✓ The option is there') : trans.__('Create the option')}{' '}
        {!created && <Button label={trans.__('Create…')} kind="primary" onClick={props.onCreateOption} />}
      </li>
      <li>
        {trans.__('Restart this notebook with it')}{' '}
        <Button
          label={trans.__('Restart…')}
          kind={created ? 'primary' : 'plain'}
          off={created ? undefined : trans.__('Create the option first.')}
          onClick={props.onRestart}
        />
      </li>
    </ol>
  );
}

/** In a notebook that was started without access: what is missing, and who can add it. */
function NoToken(props: IPanelNoticeProps): React.JSX.Element {
  const { error, trans, onCopy } = props;
  const forAdmin = [error.message, error.why, error.next, error.command].filter(text => text !== '').join('\n');
  return (
    <ErrorNotice error={error} trans={trans} onCopy={onCopy} warning actions={[doctor(props)]}>
      {error.code !== 'no-token-not-applied' && <Steps {...props} />}
      <div className="jp-kfp-Buttons">
        <Button
          label={trans.__('Copy text for an admin')}
          kind="row"
          icon={copyIcon}
          onClick={() => onCopy(forAdmin)}
        />
      </div>
    </ErrorNotice>
  );
}
