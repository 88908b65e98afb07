import * as React from 'react';

import type { Format } from '../../format';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import { Skeleton } from '../Skeleton';
import type { IPaged } from './paged';

/** Milliseconds after the last key before a search is sent. */
const PATIENCE = 300;
/** A list that is shorter needs no search. */
const LONG = 10;

export interface IItemListProps<T> {
  readonly list: IPaged<T>;
  readonly format: Format;
  readonly label: string;
  /** What is shown while there is nothing to list. */
  readonly empty: React.ReactNode;
  readonly onCopy: (text: string) => void;
  readonly children: (item: T) => React.JSX.Element;
}

/** The rows that were read, or what stands in their place. */
export function ItemList<T>(props: IItemListProps<T>): React.JSX.Element {
  const { list, format } = props;
  const { trans } = format;
  if (list.items === null) {
    return <Skeleton trans={trans} />;
  }
  const left = list.total - list.items.length;
  return (
    <>
      {list.items.length > 0 && (
        <div role="list" aria-label={props.label}>
          {list.items.map(props.children)}
        </div>
      )}
      {list.items.length === 0 && list.error === null && props.empty}
      {list.error && <ErrorNotice error={list.error} trans={trans} onCopy={props.onCopy} />}
      {list.hasMore && (
        <div className="jp-kfp-Item-more">
          <Button
            label={left > 0 ? trans._n('Show %1 more', 'Show %1 more', left) : trans.__('Show more')}
            kind="quiet"
            onClick={list.more}
          />
        </div>
      )}
    </>
  );
}

export interface IItemSearchProps {
  readonly label: string;
  /** What is searched for now. */
  readonly search: string;
  /** How many there are. */
  readonly total: number;
  readonly onSearch: (text: string) => void;
}

/** The search of a section, once there is enough to search in. */
export function ItemSearch({ label, search, total, onSearch }: IItemSearchProps): React.JSX.Element | null {
  const [text, setText] = React.useState(search);
  const seen = React.useRef(false);
  seen.current ||= total > LONG || text !== '';
  React.useEffect(() => {
    const timer = window.setTimeout(() => onSearch(text.trim()), PATIENCE);
    return () => window.clearTimeout(timer);
  }, [text, onSearch]);
  return seen.current ? (
    <div className="jp-kfp-Search">
      <input
        className="jp-kfp-Input"
        type="search"
        placeholder={label}
        aria-label={label}
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Escape' && text !== '') {
            event.stopPropagation();
            setText('');
          }
        }}
      />
    </div>
  ) : null;
}
