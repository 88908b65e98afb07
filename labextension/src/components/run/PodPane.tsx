import { caretDownIcon, caretRightIcon, copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ErrorBody, PodEvent, PodView } from '../../api/types';
import { cutMiddle, type Format } from '../../format';
import { warningIcon } from '../../icons';
import type { IPodState } from '../../tasks/pod';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import { Skeleton } from '../Skeleton';
import { Icon } from '../Icon';

export interface IPodPaneProps {
  readonly pod: IPodState;
  readonly format: Format;
  readonly now: number;
  readonly onCopy: (text: string) => void;
}

/** The pod of a task as the cluster reports it: its events, and the pod itself as YAML. */
export function PodPane(props: IPodPaneProps): React.JSX.Element {
  const { view, error } = props.pod;
  const { trans } = props.format;
  if (error && !view) {
    return <ErrorNotice error={error} trans={trans} onCopy={props.onCopy} boxed />;
  }
  if (!view) {
    return <Skeleton trans={trans} />;
  }
  if (!view.pod) {
    return <p className="jp-kfp-Hint">{trans.__('There is no pod yet.')}</p>;
  }
  return (
    <div className="jp-kfp-Scroll jp-kfp-Pod">
      {view.refused.map((refusal, index) => (
        <Refusal key={index} refusal={refusal} {...props} />
      ))}
      <Events {...props} view={view} />
      <Manifest {...props} view={view} />
    </div>
  );
}

/** One line: the missing permission, and the command that grants it. */
function Refusal(props: IPodPaneProps & { readonly refusal: ErrorBody }): React.JSX.Element {
  const { refusal, format, onCopy } = props;
  return (
    <p className="jp-kfp-Pod-refusal" role="note">
      <span>{`${refusal.message} ${refusal.why}`}</span>
      {refusal.command && (
        <Button
          label={format.trans.__('Copy the command for an owner')}
          kind="icon"
          icon={copyIcon}
          onClick={() => onCopy(refusal.command)}
        />
      )}
    </p>
  );
}

type IPodPartProps = IPodPaneProps & { readonly view: PodView };

function Events(props: IPodPartProps): React.JSX.Element | null {
  const { view, format } = props;
  const { trans } = format;
  if (!view.events.length) {
    const refused = view.refused.some(({ message }) => message.includes(' events '));
    return refused ? null : (
      <p className="jp-kfp-Hint">{trans.__('No events. The cluster keeps them for about an hour.')}</p>
    );
  }
  return (
    <ul className="jp-kfp-Events" aria-label={trans.__('Events')}>
      {view.events.map((event, index) => (
        <EventRow key={index} event={event} {...props} />
      ))}
    </ul>
  );
}

function EventRow(props: IPodPartProps & { readonly event: PodEvent }): React.JSX.Element {
  const { event, format, now } = props;
  const { trans } = format;
  return (
    <li>
      <span className="jp-kfp-dim jp-kfp-num" title={format.tooltip(event.at)}>
        {format.moment(event.at, now)}
      </span>
      <span>
        {event.type === 'Warning' && (
          <span className="jp-kfp-Icon" role="img" aria-label={trans.__('Warning')} title={trans.__('Warning')}>
            <Icon of={warningIcon} />
          </span>
        )}
        <b>{event.reason}</b>
        {event.count > 1 && <span className="jp-kfp-dim jp-kfp-num"> ×{format.count(event.count)}</span>}
        {event.message && ` ${event.message}`}
      </span>
    </li>
  );
}

function Manifest(props: IPodPartProps): React.JSX.Element | null {
  const { view, format, onCopy } = props;
  const { trans } = format;
  const [open, setOpen] = React.useState(false);
  if (view.gone) {
    return <p className="jp-kfp-Hint">{trans.__('Pod %1 is gone.', view.pod)}</p>;
  }
  if (!view.manifest) {
    return null;
  }
  return (
    <>
      <div className="jp-kfp-Pod-head">
        <Button
          label={trans.__('Pod %1 as YAML', cutMiddle(view.pod, 32))}
          title={view.pod}
          kind="quiet"
          icon={open ? caretDownIcon : caretRightIcon}
          expanded={open}
          className="jp-kfp-cut"
          onClick={() => setOpen(!open)}
        />
        <Button label={trans.__('Copy YAML')} kind="icon" icon={copyIcon} onClick={() => onCopy(view.manifest)} />
      </div>
      {open && (
        <pre className="jp-kfp-Pod-manifest" tabIndex={0} aria-label={trans.__('Pod')}>
          {view.manifest}
        </pre>
      )}
    </>
  );
}
