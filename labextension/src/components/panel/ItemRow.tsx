import { ellipsesIcon, type LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Format } from '../../format';
import { Button } from '../Button';
import { CutName } from '../CutName';
import { Icon } from '../Icon';

export interface IItemRowProps {
  readonly className: string;
  readonly icon: LabIcon;
  readonly name: string;
  /** What a screen reader says of the row. */
  readonly label: string;
  readonly title: string;
  readonly format: Format;
  /** What stands at the end of the first line, in small. */
  readonly fact?: string;
  /** The parts of the second line. */
  readonly details: readonly React.ReactNode[];
  /** The one action that shows beside ⋯. */
  readonly action?: { readonly label: string; readonly icon: LabIcon; readonly off?: string; readonly run: () => void };
  /** A control at the end of the row that is always there. */
  readonly end?: React.ReactNode;
  readonly onOpen: () => void;
  /** Show the menu of the row at a place of the page. */
  readonly onMenu: (x: number, y: number) => void;
}

/** One row of a section in two lines: what opens it, what can be done with it, and a menu. */
export function ItemRow(props: IItemRowProps): React.JSX.Element {
  const { format, action, fact, end } = props;
  const { trans } = format;
  const names = ['jp-kfp-Item', props.className, end === undefined ? '' : 'jp-mod-end'];
  return (
    <div
      role="listitem"
      className={names.join(' ').trim()}
      title={props.title}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        props.onMenu(event.clientX, event.clientY);
      }}
      onKeyDown={moveFocus}
    >
      <Icon of={props.icon} />
      <button type="button" className="jp-kfp-Item-open" aria-label={props.label} onClick={props.onOpen}>
        <CutName name={props.name} />
      </button>
      {fact !== undefined && <span className="jp-kfp-Item-fact jp-kfp-num">{fact}</span>}
      <span className="jp-kfp-Item-detail">
        {props.details.map((detail, index) => (
          <span key={index}>{detail}</span>
        ))}
      </span>
      <span className="jp-kfp-Item-actions">
        {action && <Button label={action.label} kind="icon" icon={action.icon} off={action.off} onClick={action.run} />}
        <Button
          label={trans.__('More')}
          kind="icon"
          icon={ellipsesIcon}
          hasPopup
          onClick={event => {
            const { left, bottom } = event.currentTarget.getBoundingClientRect();
            props.onMenu(left, bottom);
          }}
        />
      </span>
      {end !== undefined && <span className="jp-kfp-Item-end">{end}</span>}
    </div>
  );
}

/** Move the focus to the row above or below, as a list does. */
function moveFocus(event: React.KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement)) {
    return;
  }
  const section = event.currentTarget.closest('.jp-kfp-Section') ?? event.currentTarget.parentElement;
  const rows = [...(section?.querySelectorAll<HTMLElement>('.jp-kfp-Item-open') ?? [])];
  const at = rows.findIndex(row => event.currentTarget.contains(row));
  const next = rows[at + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}
