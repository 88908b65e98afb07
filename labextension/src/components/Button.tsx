import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Icon } from './Icon';

export interface IButtonProps {
  readonly label: string;
  readonly onClick: (event: React.MouseEvent) => void;
  /** How it looks: filled in the brand colour (one per view), filled, without ground, or an icon alone. */
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'icon' | 'row';
  readonly icon?: LabIcon;
  readonly title?: string;
  /** Why it is off; the button stays visible and in the tab order. */
  readonly off?: string;
  readonly pressed?: boolean;
  /** Whether the content it controls is shown. */
  readonly expanded?: boolean;
  readonly hasPopup?: boolean;
  readonly tabIndex?: number;
  readonly className?: string;
}

const KINDS = { primary: 'jp-mod-primary', plain: '', quiet: 'jp-mod-quiet', icon: 'jp-mod-icon', row: 'jp-mod-row' };

/** A button that says why it is off instead of being hidden. */
export function Button(props: IButtonProps): React.JSX.Element {
  const { label, icon, off, kind = 'plain' } = props;
  const only = kind === 'icon';
  const names = ['jp-kfp-Button', KINDS[kind], props.className ?? ''].filter(name => name !== '');
  return (
    <button
      type="button"
      className={names.join(' ')}
      title={off ?? props.title ?? (only ? label : undefined)}
      aria-label={only ? label : undefined}
      aria-disabled={off === undefined ? undefined : true}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-haspopup={props.hasPopup ? 'menu' : undefined}
      tabIndex={props.tabIndex}
      onClick={event => {
        event.stopPropagation();
        if (off === undefined) {
          props.onClick(event);
        }
      }}
    >
      {icon && <Icon of={icon} />}
      {!only && label}
    </button>
  );
}
