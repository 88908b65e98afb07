import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ErrorBody } from '../api/types';
import { phaseIcons, warningIcon } from '../icons';
import { Button } from './Button';
import { Icon } from './Icon';

/** An action that a notice offers. */
export interface INoticeAction {
  readonly label: string;
  readonly run: () => void;
  readonly primary?: boolean;
  readonly off?: string;
}

export interface IErrorNoticeProps {
  readonly error: ErrorBody;
  readonly trans: TranslationBundle;
  readonly onCopy: (text: string) => void;
  readonly actions?: readonly INoticeAction[];
  /** In a main view: with a box and an edge. */
  readonly boxed?: boolean;
  /** Caused by the person's last action, so that it is read out at once. */
  readonly mine?: boolean;
  /** A condition that can be corrected, not a failure. */
  readonly warning?: boolean;
  /** Without buttons: `children` has the actions. */
  readonly bare?: boolean;
  readonly children?: React.ReactNode;
}

/** What happened, why, the next step and the command to copy. */
export function ErrorNotice(props: IErrorNoticeProps): React.JSX.Element {
  const { error, trans, onCopy } = props;
  const [open, setOpen] = React.useState(false);
  const icon = props.warning ? warningIcon : phaseIcons.FAILED;
  return (
    <div
      className={`jp-kfp-Notice ${props.boxed ? 'jp-mod-box' : ''} ${props.warning ? 'jp-mod-warn' : ''}`.trim()}
      role={props.mine ? 'alert' : 'status'}
    >
      <Icon of={icon} />
      <h3>{error.message}</h3>
      {error.why && <p>{error.why}</p>}
      {error.next && <p>{error.next}</p>}
      {error.command && <Command text={error.command} trans={trans} onCopy={onCopy} />}
      {props.children}
      {!props.bare && (
        <div className="jp-kfp-Buttons">
          {props.actions?.map(action => (
            <Button
              key={action.label}
              label={action.label}
              kind={action.primary ? 'primary' : 'plain'}
              off={action.off}
              onClick={action.run}
            />
          ))}
          {error.details && (
            <Button label={trans.__('Details')} kind="quiet" pressed={open} onClick={() => setOpen(!open)} />
          )}
          <Button label={trans.__('Copy report')} kind="quiet" onClick={() => onCopy(report(error))} />
        </div>
      )}
      {open && <pre className="jp-kfp-Details jp-kfp-mono">{error.details}</pre>}
    </div>
  );
}

/** A command with a Copy button; it wraps and is never cut, since people read it before they run it. */
export function Command(props: {
  readonly text: string;
  readonly trans: TranslationBundle;
  readonly onCopy: (text: string) => void;
}): React.JSX.Element {
  return (
    <div className="jp-kfp-Command">
      <span>{props.text}</span>
      <Button label={props.trans.__('Copy')} kind="icon" icon={copyIcon} onClick={() => props.onCopy(props.text)} />
    </div>
  );
}

/** Return an error as text for an admin or an issue. */
export function report(error: ErrorBody): string {
  const lines: [string, string][] = [
    ['', `${error.message} [${error.code}]`],
    ['Why: ', error.why],
    ['Next: ', error.next],
    ['Command: ', error.command],
    ['Request: ', error.request_id],
    ['', error.details]
  ];
  return lines
    .filter(([, text]) => text !== '')
    .map(([label, text]) => label + text)
    .join('\n');
}
