import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { toErrorBody } from '../../api/errors';
import type { ErrorBody } from '../../api/types';
import type { IConnection } from '../../tokens';
import { CutName } from '../CutName';
import { ErrorNotice } from '../ErrorNotice';
import { Skeleton } from '../Skeleton';
import { Icon } from '../Icon';

/** The most rows that a section lists: enough for a person to look through. */
export const LISTED = 100;

/** Return how often a list that is open is read again: the embedded server is near, a cluster pays for each call. */
export function chooseInterval({ status }: Pick<IConnection, 'status'>): number {
  return status?.embedded === true ? 2000 : 60_000;
}

/** The items, or why there are none; null while they are being loaded. */
type Loaded<T> = { readonly items: readonly T[] } | { readonly error: ErrorBody } | null;

/** Load when `version` changes, and again each `interval` while the page is visible; drop an answer that comes late. */
function useLoaded<T>(load: () => Promise<readonly T[]>, version: string, interval: number): Loaded<T> {
  const [loaded, setLoaded] = React.useState<Loaded<T>>(null);
  React.useEffect(() => {
    let current = true;
    const read = (): void => {
      load().then(
        items => current && setLoaded({ items }),
        (error: unknown) => current && setLoaded({ error: toErrorBody(error) })
      );
    };
    read();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') {
        read();
      }
    }, interval);
    return () => {
      current = false;
      clearInterval(timer);
    };
    // `version` says when what `load` asks for has changed.
  }, [version, interval]);
  return loaded;
}

export interface IListingProps<T> {
  readonly load: () => Promise<readonly T[]>;
  /** Another value makes the list load again. */
  readonly version: string;
  /** Milliseconds until it loads again, for what was made in a terminal, a notebook or another page. */
  readonly interval: number;
  readonly trans: TranslationBundle;
  /** What is shown while there is nothing to list. */
  readonly empty: React.JSX.Element;
  readonly onCopy: (text: string) => void;
  /** Draws one item. */
  readonly children: (item: T) => React.JSX.Element;
}

/** A list that a section loads when it is opened: rows, or a notice in their place. */
export function Listing<T>(props: IListingProps<T>): React.JSX.Element {
  const { trans } = props;
  const loaded = useLoaded(props.load, props.version, props.interval);
  if (loaded === null) {
    return <Skeleton trans={trans} />;
  }
  if ('error' in loaded) {
    return <ErrorNotice error={loaded.error} trans={trans} onCopy={props.onCopy} />;
  }
  return loaded.items.length === 0 ? (
    props.empty
  ) : (
    <div className="jp-kfp-Listing" role="list">
      {loaded.items.map(props.children)}
    </div>
  );
}

export interface IListingRowProps {
  readonly className: string;
  readonly icon: LabIcon;
  readonly name: string;
  readonly title: string;
  readonly fact: string;
  readonly badge?: string;
  readonly onClick: () => void;
}

/** One row of a list: icon, name, badge and a fact at its end. */
export function ListingRow(props: IListingRowProps): React.JSX.Element {
  return (
    <div role="listitem">
      <button
        type="button"
        className={`jp-kfp-ListingRow ${props.className}`}
        title={props.title}
        aria-label={[props.name, props.badge, props.fact].filter(part => part).join(', ')}
        onClick={props.onClick}
      >
        <Icon of={props.icon} />
        <span className="jp-kfp-grow jp-kfp-cut">
          <CutName name={props.name} />
        </span>
        {props.badge && <span className="jp-kfp-Badge">{props.badge}</span>}
        <span className="jp-kfp-small jp-kfp-dim jp-kfp-num">{props.fact}</span>
      </button>
    </div>
  );
}
