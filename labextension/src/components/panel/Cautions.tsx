import { closeIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Caution, SavedPart } from '../../api/types';
import { warningIcon } from '../../icons';
import { Button } from '../Button';
import { Icon } from '../Icon';

export interface ICautionsProps {
  readonly cautions: readonly Caution[];
  readonly trans: TranslationBundle;
  readonly onForget: (part: SavedPart) => void;
  readonly onHide: (caution: Caution) => void;
}

/** Warnings that block nothing, each with its remedy. */
export function Cautions(props: ICautionsProps): React.JSX.Element | null {
  const { cautions, trans } = props;
  if (cautions.length === 0) {
    return null;
  }
  return (
    <ul className="jp-kfp-Cautions" aria-label={trans.__('Warnings')}>
      {cautions.map(caution => (
        <li key={caution.code}>
          <Icon of={warningIcon} />
          <span>
            {caution.message}
            <Mend {...props} caution={caution} />
          </span>
          <Button
            label={trans.__('Hide')}
            kind="icon"
            icon={closeIcon}
            onClick={event => {
              focusBeside(event.currentTarget);
              props.onHide(caution);
            }}
          />
        </li>
      ))}
    </ul>
  );
}

/** Move the focus from the row of `button`, which is about to go, to the next row or the previous one. */
function focusBeside(button: Element): void {
  const row = button.closest('li');
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  next?.querySelector<HTMLElement>(':scope > button')?.focus();
}

function Mend(props: ICautionsProps & { readonly caution: Caution }): React.JSX.Element | null {
  const { caution, trans } = props;
  if (caution.code === 'context-json-stale') {
    return <Button label={trans.__('Forget %1', caution.forget)} onClick={() => props.onForget('namespace')} />;
  }
  if (caution.code === 'userid-header') {
    return <Button label={trans.__('Remove from context.json')} onClick={() => props.onForget('header')} />;
  }
  return null;
}
