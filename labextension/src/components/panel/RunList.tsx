import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import type { Run } from '../../api/types';
import type { Format } from '../../format';
import { Button } from '../Button';
import { findFocused } from '../focused';
import { RunRow } from './RunRow';
import type { IRunRowActions } from './RunRow';
import { useNow } from '../now';
import type { Ticker } from '../now';

/** All rows have one height, so that the virtual list never measures them. */
const ROW = 44;
const WIDE_ROW = 28;
const WIDE = 480;

export interface IRunListProps extends IRunRowActions {
  readonly runs: readonly Run[];
  readonly namespace: string;
  readonly hasMore: boolean;
  readonly selected: ReadonlySet<string>;
  /** The row that has, or last had, the focus. */
  readonly active: string;
  readonly format: Format;
  readonly ticker: Ticker;
  readonly off?: string;
  /** The metrics of a run in words, as far as they are known. */
  readonly metrics?: (run: Run) => readonly string[];
  readonly onSelect: (ids: readonly string[], active: string) => void;
  readonly onMore: () => void;
  /** “/” was pressed. */
  readonly onSearch: () => void;
}

/** The runs, newest first; one Tab stop, arrows move, Space selects; keys of commands are in the settings schema. */
export function RunList(props: IRunListProps): React.JSX.Element {
  const { runs, selected, active, format } = props;
  const now = useNow(props.ticker);
  const list = React.useRef<HTMLDivElement>(null);
  const height = useRowHeight(list);
  const activeIndex = runs.findIndex(run => run.run_id === active);
  const current = activeIndex < 0 ? 0 : activeIndex;
  const virtual = useVirtualizer({
    count: runs.length,
    getScrollElement: () => list.current,
    estimateSize: () => height,
    getItemKey: index => runs[index]?.run_id ?? index,
    overscan: 6,
    // the focused row always stays in the document
    rangeExtractor: range =>
      [...new Set([current, ...defaultRangeExtractor(range)])].sort((one, other) => one - other)
  });
  React.useEffect(() => virtual.measure(), [height, virtual]);

  useFocusFollows(list, active);
  const above = useNewAbove(list, runs, height);

  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  const nearEnd = props.hasMore && runs.length > 0 && last >= runs.length * 0.8;
  const { onMore } = props;
  React.useEffect(() => {
    if (nearEnd) {
      onMore();
    }
  }, [nearEnd, runs.length, onMore]);

  const keys = useKeys(props, current, index => virtual.scrollToIndex(index));
  const { trans } = format;
  return (
    <div
      ref={list}
      className={selected.size > 0 ? 'jp-kfp-RunList jp-mod-selecting' : 'jp-kfp-RunList'}
      role="grid"
      aria-label={trans.__('Runs in %1', props.namespace)}
      aria-multiselectable
      aria-rowcount={props.hasMore ? -1 : runs.length}
      onKeyDown={keys}
      onFocus={event => {
        const id = event.target.dataset['runId'];
        if (id && id !== active) {
          props.onSelect([...selected], id);
        }
      }}
    >
      {above > 0 && (
        <div className="jp-kfp-RunList-new" role="presentation">
          <Button
            label={trans._n('%1 new ↑', '%1 new ↑', above)}
            tabIndex={-1}
            onClick={() => virtual.scrollToIndex(0)}
          />
        </div>
      )}
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {items.map(item => {
          const run = runs[item.index];
          return (
            run && (
              <RunRow
                key={run.run_id}
                {...props}
                run={run}
                index={item.index}
                top={item.start}
                selected={selected.has(run.run_id)}
                current={item.index === current}
                now={now}
                onPress={(id, event) => press(props, id, event)}
                onToggle={id => props.onSelect(toggle(selected, id), id)}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

/** Handle a click: it opens the run, with Accel toggles it, with Shift selects a range; a right-click only moves the
 * active row. */
function press(props: IRunListProps, id: string, event: React.MouseEvent): void {
  const { runs, selected, active } = props;
  if (event.type === 'contextmenu') {
    props.onSelect(selected.has(id) ? [...selected] : [], id);
  } else if (event.shiftKey) {
    props.onSelect(listBetween(runs, active, id), id);
  } else if (event.ctrlKey || event.metaKey) {
    props.onSelect(toggle(selected, id), id);
  } else {
    props.onSelect([], id);
    props.onOpen(id);
  }
}

function toggle(selected: ReadonlySet<string>, id: string): string[] {
  return selected.has(id) ? [...selected].filter(other => other !== id) : [...selected, id];
}

/** Return the ids from one row to another, inclusive. */
function listBetween(runs: readonly Run[], from: string, to: string): string[] {
  const ids = runs.map(run => run.run_id);
  const [start, end] = [Math.max(0, ids.indexOf(from)), ids.indexOf(to)].sort((one, other) => one - other);
  return ids.slice(start, (end ?? 0) + 1);
}

function useKeys(
  props: IRunListProps,
  active: number,
  scrollTo: (index: number) => void
): (event: React.KeyboardEvent<HTMLDivElement>) => void {
  const { runs, selected } = props;
  return event => {
    const current = findFocused(runs, event, active);
    const id = runs[current]?.run_id;
    if (id === undefined || (event.target instanceof HTMLElement && event.target.closest('button'))) {
      return;
    }
    const go = (index: number, extend: boolean): void => {
      const target = Math.max(0, Math.min(runs.length - 1, index));
      const to = runs[target]?.run_id ?? id;
      scrollTo(target);
      props.onSelect(extend ? [...new Set([...selected, ...listBetween(runs, id, to)])] : [...selected], to);
    };
    const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / ROW) - 1);
    const accel = event.ctrlKey || event.metaKey;
    const acts: Record<string, () => void> = {
      ArrowDown: () => go(current + 1, event.shiftKey),
      ArrowUp: () => go(current - 1, event.shiftKey),
      PageDown: () => go(current + page, event.shiftKey),
      PageUp: () => go(current - page, event.shiftKey),
      Home: () => go(0, event.shiftKey),
      End: () => go(runs.length - 1, event.shiftKey),
      ' ': () => props.onSelect(toggle(selected, id), id),
      Escape: () => props.onSelect([], id),
      '/': () => props.onSearch()
    };
    const accels: Record<string, () => void> = {
      a: () => props.onSelect(runs.map(run => run.run_id), id)
    };
    const act = (accel ? accels : acts)[event.key];
    if (act) {
      event.preventDefault();
      event.stopPropagation();
      act();
    }
  };
}

/** Move the focus with the active row, while the list has it or after its focused row was removed. */
function useFocusFollows(list: React.RefObject<HTMLDivElement>, active: string): void {
  const had = React.useRef(false);
  React.useEffect(() => {
    const within = (event: FocusEvent): void => {
      had.current = event.target instanceof Node && list.current?.contains(event.target) === true;
    };
    document.addEventListener('focusin', within);
    return () => document.removeEventListener('focusin', within);
  }, [list]);
  React.useEffect(() => {
    const lost = document.activeElement === document.body && had.current;
    if (active && (lost || list.current?.contains(document.activeElement))) {
      list.current?.querySelector<HTMLElement>(`[data-run-id="${CSS.escape(active)}"]`)?.focus();
    }
  }, [active, list]);
}

/**
 * Keep the rows in view where they are when others come above them, and return how many have come since the list was
 * last at its top.
 */
function useNewAbove(list: React.RefObject<HTMLDivElement>, runs: readonly Run[], height: number): number {
  const seen = React.useRef({ top: '', anchor: '', index: 0 });
  const [above, setAbove] = React.useState(0);
  const ids = React.useMemo(() => runs.map(({ run_id }) => run_id), [runs]);
  React.useLayoutEffect(() => {
    const box = list.current;
    if (!box) {
      return undefined;
    }
    const { anchor, index } = seen.current;
    const moved = box.scrollTop > 0 && anchor ? ids.indexOf(anchor) - index : 0;
    if (moved > 0) {
      box.scrollTop += moved * height;
    }
    const look = (): void => {
      const first = Math.floor(box.scrollTop / height);
      const top = box.scrollTop < height ? (ids[0] ?? '') : seen.current.top;
      seen.current = { top, anchor: ids[first] ?? '', index: first };
      setAbove(Math.max(0, ids.indexOf(top)));
    };
    look();
    box.addEventListener('scroll', look);
    return () => box.removeEventListener('scroll', look);
  }, [list, ids, height]);
  return above;
}

/** Return the row height: one line where there is room, else two. */
function useRowHeight(list: React.RefObject<HTMLDivElement>): number {
  const [height, setHeight] = React.useState(ROW);
  React.useEffect(() => {
    if (!list.current) {
      return undefined;
    }
    const observer = new ResizeObserver(entries => {
      const width = entries[0]?.contentRect.width ?? 0;
      setHeight(width >= WIDE ? WIDE_ROW : ROW);
    });
    observer.observe(list.current);
    return () => observer.disconnect();
  }, [list]);
  return height;
}
