import { caretDownIcon, caretRightIcon, copyIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ErrorBody } from '../../api/types';
import { phaseIcons } from '../../icons';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import { Icon } from '../Icon';

export interface ITokenNoticeProps {
  readonly error: ErrorBody;
  readonly namespace: string;
  readonly trans: TranslationBundle;
  /** Why this person cannot take the next step. */
  readonly off?: string;
  readonly onCreateOption: () => void;
  readonly onRestart: () => void;
  readonly onCopy: (text: string) => void;
}

/** The two steps to a token, in a notebook that was started without access. */
export function TokenNotice(props: ITokenNoticeProps): React.JSX.Element {
  const { error, trans, onCopy } = props;
  if (error.code === 'no-token-not-applied') {
    return <ErrorNotice error={error} trans={trans} onCopy={onCopy} warning />;
  }
  const missing = error.code === 'no-token-no-option';
  // The steps replace the next step; the command is a fallback for users who cannot follow them.
  return (
    <ErrorNotice error={{ ...error, next: '', command: '' }} trans={trans} onCopy={onCopy} warning bare>
      <Steps {...props} missing={missing} />
      <div className="jp-kfp-Rows">
        <Shown text={error.command} label={missing ? trans.__('Show PodDefault') : trans.__('Show command')} />
        <Button
          label={trans.__('Copy text for an admin')}
          kind="row"
          icon={copyIcon}
          onClick={() => onCopy(writeForAdmin(props, missing))}
        />
      </div>
    </ErrorNotice>
  );
}

/** The two steps; the second is off until the first is done. */
function Steps(props: ITokenNoticeProps & { readonly missing: boolean }): React.JSX.Element {
  const { missing, off, trans } = props;
  const done = phaseIcons.SUCCEEDED;
  return (
    <ol className="jp-kfp-Steps">
      <li className="jp-kfp-Step">
        {missing ? <b>1</b> : <Icon of={done} />}
        <span>{missing ? trans.__('Create the option') : trans.__('Option created')}</span>
        {missing && <Button label={trans.__('Create…')} kind="primary" off={off} onClick={props.onCreateOption} />}
      </li>
      <li className="jp-kfp-Step">
        <b>2</b>
        <span>{trans.__('Restart this notebook with it')}</span>
        <Button
          label={trans.__('Restart…')}
          kind={missing ? 'plain' : 'primary'}
          off={missing ? trans.__('Create the option first.') : off}
          onClick={props.onRestart}
        />
      </li>
    </ol>
  );
}

/** A text that is shown on demand. */
function Shown({ label, text }: { readonly label: string; readonly text: string }): React.JSX.Element {
  const [open, setOpen] = React.useState(false);
  return (
    <>
      <Button
        label={label}
        kind="row"
        icon={open ? caretDownIcon : caretRightIcon}
        expanded={open}
        onClick={() => setOpen(!open)}
      />
      {open && <pre className="jp-kfp-Details jp-kfp-mono">{text}</pre>}
    </>
  );
}

function writeForAdmin({ error, namespace, trans }: ITokenNoticeProps, missing: boolean): string {
  const please = missing
    ? trans.__('Please apply this in %1 so that notebooks may use Kubeflow Pipelines:', namespace)
    : trans.__('Please restart this notebook in %1 with access to Kubeflow Pipelines:', namespace);
  return `${please}\n\n${error.command}\n`;
}
