import { copyIcon, downloadIcon, notebookIcon, redoIcon, stopIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Run } from '../../api/types';
import { isArchived } from '../../rules';
import type { RunAction } from '../../rules';
import { Button } from '../Button';

export interface IRunToolbarProps {
  readonly run: Run;
  /** Why an action cannot be done now. */
  readonly off: (action: RunAction) => string | undefined;
  readonly trans: TranslationBundle;
  readonly onAction: (action: RunAction) => void;
  /** Open or download the executed notebook; absent for a run that has none. */
  readonly onNotebook?: (verb: 'open' | 'download') => void;
}

/** The actions of a run; a button that is off says why. */
export function RunToolbar(props: IRunToolbarProps): React.JSX.Element {
  const { run, off, trans, onAction, onNotebook } = props;
  const archived = isArchived(run);
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
          off={off(action)}
          onClick={() => onAction(action)}
        />
      ))}
      {onNotebook && (
        <>
          <Button
            label={trans.__('Open executed notebook')}
            icon={notebookIcon}
            kind="quiet"
            onClick={() => onNotebook('open')}
          />
          <Button
            label={trans.__('Download executed notebook')}
            icon={downloadIcon}
            kind="icon"
            onClick={() => onNotebook('download')}
          />
        </>
      )}
    </div>
  );
}
