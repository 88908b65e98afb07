import * as React from 'react';

import { toErrorBody } from '../../api/errors';
import type { ErrorBody } from '../../api/types';

/** One page of a list. */
export interface IPage<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** Where the next page begins; "" after the last one. */
  readonly next: string;
}

/** A list that is read page by page. */
export interface IPaged<T> {
  /** null until the first page is there. */
  readonly items: readonly T[] | null;
  readonly total: number;
  readonly hasMore: boolean;
  /** Why the last page cannot be read. */
  readonly error: ErrorBody | null;
  readonly more: () => void;
}

interface IState<T> {
  readonly pages: readonly IPage<T>[];
  readonly error: ErrorBody | null;
}

const EMPTY = { pages: [], error: null } as const;

/**
 * Read a list page by page: again when `key` changes, and each `interval` while the page is visible.
 *
 * #### Notes
 * A list that is read again keeps its depth. Another `search` begins at the first page; an answer that comes
 * late is dropped.
 */
export function usePaged<T>(
  read: (token: string, search: string) => Promise<IPage<T>>,
  search: string,
  key: string,
  interval: number
): IPaged<T> {
  const [state, setState] = React.useState<IState<T>>(EMPTY);
  const depth = React.useRef(1);
  const turn = React.useRef(0);
  const reader = React.useRef(read);
  reader.current = read;
  const renew = React.useCallback(async (): Promise<void> => {
    const mine = ++turn.current;
    const pages: IPage<T>[] = [];
    try {
      do {
        pages.push(await reader.current(pages.at(-1)?.next ?? '', search));
      } while (pages.length < depth.current && pages.at(-1)?.next);
      if (mine === turn.current) {
        setState({ pages, error: null });
      }
    } catch (error) {
      if (mine === turn.current) {
        setState(known => ({ pages: known.pages, error: toErrorBody(error) }));
      }
    }
  }, [search]);
  React.useEffect(() => {
    depth.current = 1;
    setState(EMPTY);
  }, [search]);
  React.useEffect(() => {
    void renew();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') {
        void renew();
      }
    }, interval);
    return () => {
      turn.current++;
      clearInterval(timer);
    };
  }, [renew, key, interval]);
  const last = state.pages.at(-1);
  return {
    items: last || state.error ? state.pages.flatMap(({ items }) => items) : null,
    total: last?.total ?? 0,
    hasMore: Boolean(last?.next),
    error: state.error,
    more: () => {
      depth.current = state.pages.length + 1;
      void renew();
    }
  };
}
