import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface IIconProps {
  readonly of: LabIcon;
}

/**
 * An icon that takes part in the layout around it.
 *
 * #### Notes
 * JupyterLab 4.0 draws an icon only inside of an element of its own, later ones also without: so it has one that the
 * layout does not see.
 */
export function Icon({ of }: IIconProps): React.JSX.Element {
  return <of.react tag="span" className="jp-kfp-Svg" />;
}
