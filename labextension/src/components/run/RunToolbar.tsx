import { copyIcon, redoIcon, stopIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Run } from '../../api/types';
import { isActive } from '../../phase';
import { Button } from '../Button';

/** What can be done with a run; each is a command of the same name. */
export type RunAction = 'retry' | 'terminate' | 'clone' | 'archive' | 'restore' | 'delete';

/** What the actions depend on. */
export interface IRunRights {
  readonly connected: boolean;
  /** False where a person may look only; null while not known. */
  readonly canRun: boolean | null;
}

export interface IRunToolbarProps {
  readonly run: Run;
  readonly rights: IRunRights;
  readonly trans: TranslationBundle;
  readonly onAction: (action: RunAction) => void;
}

/** The actions of a run; what cannot be done now is off and says why. */
export function RunToolbar(props: IRunToolbarProps): React.JSX.Element {
  const { run, rights, trans, onAction } = props;
  const archived = run.storage_state === 'ARCHIVED';
  const actions: readonly (readonly [RunAction, string, LabIcon?])[] = [
    ['retry', trans.__('Retry'), redoIcon],
    ['terminate', trans.__('Terminate'), stopIcon],
    ['clone', trans.__('Clone…'), copyIcon],
    archived ? ['restore', trans.__('Restore')] : ['archive', trans.__('Archive')],
    ...(archived ? [['delete', trans.__('Delete…')] as const] : [])
  ];
  return (
    <div className="jp-kfp-Toolbar" role="toolbar" aria-label={trans.__('Actions of the run')}>
      {actions.map(([action, label, icon]) => (
        <Button
          key={action}
          label={label}
          icon={icon}
          kind="quiet"
          off={whyOff(action, run, rights, trans)}
          onClick={() => onAction(action)}
        />
      ))}
    </div>
  );
}

/** Return why `action` cannot be done now, or undefined when it can. */
export function whyOff(
  action: RunAction,
  run: Run,
  rights: IRunRights,
  trans: TranslationBundle
): string | undefined {
  if (!rights.connected) {
    return trans.__('Not connected.');
  }
  if (rights.canRun === false) {
    return trans.__('You can look but not run in %1.', run.namespace);
  }
  if (action === 'retry' && run.phase !== 'FAILED' && run.phase !== 'CANCELED') {
    return trans.__('Only a failed or canceled run can be retried.');
  }
  if (action === 'terminate' && run.phase === 'CANCELING') {
    return trans.__('It is being terminated.');
  }
  if (action === 'terminate' && !isActive(run.phase)) {
    return trans.__('This run has ended.');
  }
  return undefined;
}
