import * as React from 'react';

import type { Format } from '../../format';
import type { IConnection } from '../../tokens';
import { Button } from '../Button';
import { useNow } from '../now';
import type { IFreshness, Ticker } from '../now';

/** Milliseconds without a sign of life after which the footer says that the rows are old. */
const STALE = 180_000;

export interface IPanelFooterProps {
  readonly freshness: IFreshness;
  readonly connection: Pick<IConnection, 'state' | 'checkedAt'>;
  /** One sentence for screen readers about what just changed. */
  readonly announcement: string;
  readonly format: Format;
  readonly ticker: Ticker;
  readonly onRetry: () => void;
  readonly onDoctor: () => void;
}

/** The age of the rows, and the way to the doctor. */
export function PanelFooter(props: IPanelFooterProps): React.JSX.Element {
  const { format, connection } = props;
  const { trans } = format;
  const now = useNow(props.ticker);
  const { updatedAt } = props.freshness;
  const { checkedAt } = connection;
  const since = (moment: number): number => Math.max(0, now - moment) / 1000;
  const old = updatedAt > 0 && now - updatedAt > STALE;
  const fresh =
    since(updatedAt) < 2
      ? trans.__('Updated just now')
      : trans.__('Updated %1 ago', format.duration(since(updatedAt)));
  const checked =
    since(checkedAt) < 2
      ? trans.__('Checked just now')
      : trans.__('Checked %1 ago', format.duration(since(checkedAt)));
  return (
    <div className="jp-kfp-Panel-footer">
      <span className="jp-kfp-num">
        {old
          ? trans.__('Not updated for %1', format.duration(since(updatedAt)))
          : connection.state === 'connected' && updatedAt > 0
            ? fresh
            : checkedAt > 0 && checked}
      </span>
      {old && <Button label={trans.__('Retry')} kind="quiet" onClick={props.onRetry} />}
      <span className="jp-kfp-hidden" role="status">
        {props.announcement}
      </span>
      <Button label={trans.__('Doctor')} kind="quiet" className="jp-mod-last" onClick={props.onDoctor} />
    </div>
  );
}
