import * as React from 'react';

import type { Format } from '../../format';
import { Button } from '../Button';
import type { IRunTab } from './tab';

export const specTab: IRunTab = {
  id: 'spec',
  rank: 50,
  title: trans => trans.__('Spec'),
  Body: ({ view, format, copy, onDownloadSpec }) => (
    <SpecTab spec={view.spec} format={format} onCopy={copy} onDownload={onDownloadSpec} />
  )
};

export interface ISpecTabProps {
  /** YAML, one or two documents. */
  readonly spec: string;
  readonly format: Format;
  readonly onCopy: (text: string) => void;
  readonly onDownload: () => void;
}

/** The compiled pipeline as it was sent. */
export function SpecTab({ spec, format, onCopy, onDownload }: ISpecTabProps): React.JSX.Element {
  const { trans } = format;
  if (!spec) {
    return <p className="jp-kfp-Hint">{trans.__('This KFP does not give the spec of this run.')}</p>;
  }
  return (
    <div className="jp-kfp-Pane">
      <pre className="jp-kfp-Spec" tabIndex={0} aria-label={trans.__('Spec')}>
        {spec}
      </pre>
      <div className="jp-kfp-Pane-foot jp-mod-line">
        {format.size(new Blob([spec]).size)}
        <span>
          <Button label={trans.__('Copy')} kind="quiet" onClick={() => onCopy(spec)} />
          <Button label={trans.__('Download')} kind="quiet" onClick={onDownload} />
        </span>
      </div>
    </div>
  );
}
