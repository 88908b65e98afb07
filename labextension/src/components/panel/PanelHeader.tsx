import { addIcon, caretDownIcon, ellipsesIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Status } from '../../api/types';
import { phaseIcons } from '../../icons';
import type { ConnectionState } from '../../tokens';
import { Button } from '../Button';
import { Icon } from '../Icon';

/** A menu of the header. */
export type HeaderMenu = 'namespaces' | 'more';

export interface IPanelHeaderProps {
  readonly status: Status | null;
  readonly namespace: string;
  readonly connection: ConnectionState;
  readonly trans: TranslationBundle;
  readonly showRefresh: boolean;
  /** Whether to show “New run”; an empty list has that button itself. */
  readonly showNewRun: boolean;
  /** Why no run can be started. */
  readonly off?: string;
  readonly onRefresh: () => void;
  readonly onNewRun: () => void;
  readonly onDoctor: () => void;
  readonly onMenu: (menu: HeaderMenu, x: number, y: number) => void;
}

/** The head of the panel: namespace, connection, badges, and how to start a run. */
export function PanelHeader(props: IPanelHeaderProps): React.JSX.Element {
  const { trans, connection } = props;
  return (
    <>
      <div className="jp-kfp-Panel-title">
        <h2 className="jp-kfp-cut">{trans.__('Kubeflow Pipelines')}</h2>
        {connection === 'connected' && <Badges status={props.status} trans={trans} />}
        <span className="jp-kfp-grow" />
        {props.showRefresh && (
          <Button label={trans.__('Refresh')} kind="icon" icon={refreshIcon} onClick={props.onRefresh} />
        )}
        <Button
          label={trans.__('More')}
          kind="icon"
          icon={ellipsesIcon}
          hasPopup
          onClick={event => callBelow(event, (x, y) => props.onMenu('more', x, y))}
        />
      </div>
      <div className="jp-kfp-Panel-identity">
        <NamespaceChip {...props} />
        <ConnectionButton connection={connection} trans={trans} onClick={props.onDoctor} />
        <span className="jp-kfp-grow" />
        {props.showNewRun && (
          <Button
            label={trans.__('New run')}
            kind="primary"
            icon={addIcon}
            off={props.off}
            onClick={props.onNewRun}
          />
        )}
      </div>
    </>
  );
}

function NamespaceChip(props: IPanelHeaderProps): React.JSX.Element | null {
  const { namespace, status, trans } = props;
  if (namespace === '' && !status?.connected) {
    return null;
  }
  const single = status !== null && status.connected && !status.multi_user;
  const source = status?.source.replace(/\.$/, '') ?? '';
  if (single || namespace === '') {
    return (
      <span className="jp-kfp-Namespace jp-mod-still" title={trans.__('This KFP has no namespaces.')}>
        <span className="jp-kfp-cut">{trans.__('no namespaces')}</span>
      </span>
    );
  }
  return (
    <button
      type="button"
      className="jp-kfp-Namespace"
      aria-haspopup="menu"
      title={source ? trans.__('Namespace %1, %2.', namespace, source) : trans.__('Namespace %1.', namespace)}
      onClick={event => callBelow(event, (x, y) => props.onMenu('namespaces', x, y))}
    >
      <span className="jp-kfp-cut">{namespace}</span>
      <Icon of={caretDownIcon} />
    </button>
  );
}

function ConnectionButton(props: {
  readonly connection: ConnectionState;
  readonly trans: TranslationBundle;
  readonly onClick: () => void;
}): React.JSX.Element {
  const { connection, trans } = props;
  const looks = {
    connected: { mod: 'jp-mod-ok', icon: phaseIcons.SUCCEEDED, word: trans.__('Connected') },
    connecting: { mod: 'jp-mod-wait', icon: phaseIcons.RUNNING, word: trans.__('Connecting…') },
    lost: { mod: 'jp-mod-no', icon: phaseIcons.FAILED, word: trans.__('Not connected') }
  };
  const { mod, icon, word } = looks[connection];
  return (
    <button
      type="button"
      className={`jp-kfp-Connection ${mod}`}
      title={trans.__('%1. Open the doctor.', word)}
      onClick={props.onClick}
    >
      <span className={connection === 'connecting' ? 'jp-kfp-turn' : undefined}>
        <Icon of={icon} />
      </span>
      <span className="jp-kfp-Connection-word" role="status">
        {word}
      </span>
    </button>
  );
}

function Badges(props: { readonly status: Status | null; readonly trans: TranslationBundle }): React.JSX.Element {
  const { status, trans } = props;
  return (
    <>
      {status?.embedded && (
        <span className="jp-kfp-Badge" title={trans.__('Embedded: runs pipelines on this machine, for you only.')}>
          {trans.__('Embedded')}
        </span>
      )}
      {status?.can_run === false && !status.error && (
        <span className="jp-kfp-Badge" title={trans.__('You can look but not run in %1.', status.namespace)}>
          {trans.__('View only')}
        </span>
      )}
    </>
  );
}

/** Call `act` with the place just below the clicked element. */
function callBelow(event: React.MouseEvent, act: (x: number, y: number) => void): void {
  const { left, bottom } = event.currentTarget.getBoundingClientRect();
  act(left, bottom);
}
