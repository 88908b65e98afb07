import * as React from 'react';

import { phaseIcons } from '../../icons';
import { Icon } from '../Icon';

export interface IFieldRowProps {
  readonly label: React.ReactNode;
  /** The id of the control; without one the label is a heading of several controls. */
  readonly control?: string;
  readonly children: React.ReactNode;
  /** Content beside the control. */
  readonly hint?: React.ReactNode;
  readonly error?: string;
  readonly className?: string;
}

/** One row of the form: label, control, hint, and below the control its error. */
export function FieldRow(props: IFieldRowProps): React.JSX.Element {
  const { label, control, error, hint } = props;
  const icon = phaseIcons.FAILED;
  return (
    <div className={['jp-kfp-Field', props.className ?? ''].join(' ').trim()}>
      {control ? <label htmlFor={control}>{label}</label> : <span className="jp-kfp-Field-label">{label}</span>}
      {props.children}
      <span className="jp-kfp-Field-hint">{hint}</span>
      {error && (
        <span className="jp-kfp-Field-error" id={control && getErrorId(control)}>
          <Icon of={icon} />
          {error}
        </span>
      )}
    </div>
  );
}

/** The id of the error of the control `control`. */
function getErrorId(control: string): string {
  return `${control}-error`;
}

/** The attributes of a control that has an error, or none. */
export function invalid(control: string, error: string | undefined): React.AriaAttributes {
  return error ? { 'aria-invalid': true, 'aria-describedby': getErrorId(control) } : {};
}
