import * as React from 'react';

import type { Format } from '../format';
import { Button } from './Button';
import { useNow } from './now';
import type { Ticker } from './now';

/** After this long without a word from the server the rows are called old. */
const STALE = 180_000;

export interface IPanelFooterProps {
  readonly updatedAt: number;
  readonly connected: boolean;
  /** One sentence for screen readers about what just changed. */
  readonly announcement: string;
  readonly format: Format;
  readonly ticker: Ticker;
  readonly onRetry: () => void;
  readonly onDoctor: () => void;
}

/** How fresh the rows are, and the way to the doctor. */
export function PanelFooter(props: IPanelFooterProps): React.JSX.Element {
  const { updatedAt, format, connected } = props;
  const { trans } = format;
  const age = Math.max(0, useNow(props.ticker) - updatedAt);
  const old = updatedAt > 0 && age > STALE;
  const span = format.duration(age / 1000);
  const fresh = age < 2000 ? trans.__('Updated just now') : trans.__('Updated %1 ago', span);
  return (
    <div className="jp-kfp-Panel-footer">
      <span className="jp-kfp-num">
        {updatedAt === 0 ? '' : old ? trans.__('Not updated for %1', span) : connected ? fresh : ''}
      </span>
      {old && <Button label={trans.__('Retry')} kind="quiet" onClick={props.onRetry} />}
      <span className="jp-kfp-hidden" role="status">
        {props.announcement}
      </span>
      <Button label={trans.__('Doctor')} kind="quiet" className="jp-mod-last" onClick={props.onDoctor} />
    </div>
  );
}
