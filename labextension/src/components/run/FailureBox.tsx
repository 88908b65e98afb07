import * as React from 'react';

import type { Failure } from '../../api/types';
import type { Format } from '../../format';
import { phaseIcons, warningIcon } from '../../icons';
import type { RunAction } from '../../rules';
import { Button } from '../Button';
import { Command } from '../ErrorNotice';
import type { TaskTab } from './tab';
import { Icon } from '../Icon';

export interface IFailureBoxProps {
  readonly failure: Failure;
  readonly format: Format;
  /** Whether the run goes on and waits, instead of having failed. */
  readonly waits: boolean;
  /** Why an action cannot be done now. */
  readonly off: (action: RunAction) => string | undefined;
  /** What there is to see of the task. */
  readonly opens: readonly TaskTab[];
  /** What of the task is already shown below. */
  readonly shown: TaskTab | null;
  readonly onAction: (action: RunAction) => void;
  readonly onOpen: (tab: TaskTab) => void;
  readonly onCopy: (text: string) => void;
}

/** Why the run failed, or what it waits for, in one sentence, and what helps. */
export function FailureBox(props: IFailureBoxProps): React.JSX.Element {
  const { failure, format, waits, opens, shown } = props;
  const { trans } = format;
  const [open, setOpen] = React.useState(false);
  const icon = waits ? warningIcon : phaseIcons.FAILED;
  const opensEvents = opens.includes('events') && (waits || failure.exit_code === null);
  const details = listDetails(failure, format);
  return (
    <div
      className={waits ? 'jp-kfp-Notice jp-mod-box jp-mod-warn' : 'jp-kfp-Notice jp-mod-box'}
      role="status"
      aria-label={waits ? trans.__('What the run waits for') : trans.__('Why the run failed')}
    >
      <Icon of={icon} />
      <h3>{failure.message}</h3>
      {failure.why && <p>{failure.why}</p>}
      {failure.next && <p>{failure.next}</p>}
      {failure.command && <Command text={failure.command} trans={trans} onCopy={props.onCopy} />}
      {failure.others.length > 0 && <Others names={failure.others} format={format} />}
      <div className="jp-kfp-Buttons">
        <Button
          label={trans.__('Clone…')}
          kind="primary"
          off={props.off('clone')}
          onClick={() => props.onAction('clone')}
        />
        {waits && (
          <Button
            label={trans.__('Terminate')}
            off={props.off('terminate')}
            onClick={() => props.onAction('terminate')}
          />
        )}
        {!waits && opens.includes('log') && shown !== 'log' && (
          <Button label={trans.__('Open log')} onClick={() => props.onOpen('log')} />
        )}
        {opensEvents && shown !== 'events' && (
          <Button label={trans.__('Show events')} onClick={() => props.onOpen('events')} />
        )}
        {failure.docs && (
          <a className="jp-kfp-Button jp-mod-quiet" href={failure.docs} target="_blank" rel="noopener noreferrer">
            {trans.__('Open the docs')}
          </a>
        )}
        {details.length > 0 && (
          <Button label={trans.__('Details')} kind="quiet" pressed={open} onClick={() => setOpen(!open)} />
        )}
      </div>
      {open && (
        <dl className="jp-kfp-Failure-details">
          {details.map(([name, value]) => (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd className="jp-kfp-mono">{value}</dd>
            </React.Fragment>
          ))}
        </dl>
      )}
    </div>
  );
}

function Others({ names, format }: { readonly names: readonly string[]; readonly format: Format }): React.JSX.Element {
  const { trans } = format;
  const words = trans._n('and %1 more', 'and %1 more', names.length);
  return (
    <details>
      <summary>{words}</summary>
      {names.join(', ')}
    </details>
  );
}

function listDetails(failure: Failure, { trans }: Format): [string, string][] {
  const exit = failure.exit_code;
  const rows: [string, string][] = [
    [trans.__('Task'), failure.task],
    [trans.__('Exit code'), exit === null ? '' : String(exit)],
    [trans.__('Last log line'), failure.line]
  ];
  return rows.filter(([, value]) => value !== '');
}
