import * as React from 'react';

export interface IEmptyStateProps {
  readonly title: string;
  readonly text?: string;
  /** Buttons, the primary one first. */
  readonly children?: React.ReactNode;
}

/** Shown in place of an empty list: a title, a sentence and buttons. */
export function EmptyState(props: IEmptyStateProps): React.JSX.Element {
  return (
    <div className="jp-kfp-Empty">
      <h3>{props.title}</h3>
      {props.text && <p className="jp-kfp-dim">{props.text}</p>}
      {props.children && <div className="jp-kfp-Buttons">{props.children}</div>}
    </div>
  );
}
