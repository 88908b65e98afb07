import * as React from 'react';

import type { Failure } from '../../api/types';
import type { Format } from '../../format';
import { phaseIcons } from '../../icons';
import { Button } from '../Button';

export interface IFailureBoxProps {
  readonly failure: Failure;
  readonly format: Format;
  /** Why it cannot be cloned now. */
  readonly cloneOff?: string;
  /** Whether the log of the failed task is already shown below. */
  readonly logShown: boolean;
  readonly onClone: () => void;
  readonly onOpenLog: () => void;
}

/** Why the run failed, in one sentence, and the remedy. */
export function FailureBox(props: IFailureBoxProps): React.JSX.Element {
  const { failure, format } = props;
  const { trans } = format;
  const [open, setOpen] = React.useState(false);
  const Icon = phaseIcons.FAILED.react;
  const details = listDetails(failure, format);
  return (
    <div className="jp-kfp-Notice jp-mod-box" role="status" aria-label={trans.__('Why the run failed')}>
      <Icon tag={null} />
      <h3>{failure.message}</h3>
      {failure.why && <p>{failure.why}</p>}
      {failure.next && <p>{failure.next}</p>}
      {failure.others.length > 0 && <Others names={failure.others} format={format} />}
      <div className="jp-kfp-Buttons">
        <Button label={trans.__('Clone…')} kind="primary" off={props.cloneOff} onClick={props.onClone} />
        {failure.task_id && !props.logShown && <Button label={trans.__('Open log')} onClick={props.onOpenLog} />}
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
