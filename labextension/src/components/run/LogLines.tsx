import type { TranslationBundle } from '@jupyterlab/translation';
import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import type { Format } from '../../format';
import type { IAnsiStyle, ILine } from '../../log/ansi';
import type { INumberedLines } from '../../log/launcher';
import { markMatches, type IMatch } from '../../log/search';
import type { ILogState } from '../../log/state';
import { Button } from '../Button';

export interface ILogLinesProps {
  readonly log: ILogState;
  /** The lines of it that are shown. */
  readonly shown: INumberedLines;
  readonly wrap: boolean;
  readonly following: boolean;
  readonly matches: readonly IMatch[];
  readonly current: IMatch | undefined;
  readonly errorLine: string;
  readonly format: Format;
  readonly onFollow: (following: boolean) => void;
  readonly onLoadEarlier: () => void;
}

/** What a search asks of the lines. */
export interface ILogLinesHandle {
  /** Scrolls a line into view. */
  show(line: number): void;
}

const LINE = 18;

/** Pixels within which the end counts as reached. */
const NEAR = 2 * LINE;

/** The lines of a log; only visible ones are in the document. */
export const LogLines = React.forwardRef<ILogLinesHandle, ILogLinesProps>(function LogLines(props, ref) {
  const { log, shown, wrap, following, format } = props;
  const { trans } = format;
  const box = React.useRef<HTMLDivElement>(null);
  const count = shown.lines.length;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    overscan: 20,
    paddingStart: 4,
    paddingEnd: 4
  });
  React.useImperativeHandle(ref, () => ({ show: line => virtual.scrollToIndex(line, { align: 'center' }) }), [virtual]);
  React.useEffect(() => {
    if (following && count) {
      virtual.scrollToIndex(count - 1, { align: 'end' });
    }
  }, [following, count, log.revision, virtual]);
  React.useEffect(() => virtual.measure(), [wrap, virtual]);
  const onScroll = useScrollIntent(box, following, props.onFollow);
  const error = React.useMemo(() => lastIndexOf(shown.lines, props.errorLine), [shown, log.revision, props.errorLine]);
  const marks = React.useMemo(() => byLine(props.matches), [props.matches]);
  return (
    <div
      className={wrap ? 'jp-kfp-Log' : 'jp-kfp-Log jp-mod-nowrap'}
      role="log"
      aria-live="off"
      aria-label={trans.__('Log')}
      tabIndex={0}
      ref={box}
      onScroll={onScroll}
    >
      {!log.fromStart && (
        <div className="jp-kfp-Log-earlier">
          <Button label={trans.__('Load earlier')} kind="quiet" onClick={props.onLoadEarlier} />
        </div>
      )}
      {count === 0 && <p className="jp-kfp-Log-empty jp-kfp-dim">{describeEmpty(log, trans)}</p>}
      <div className="jp-kfp-Log-room" style={{ height: virtual.getTotalSize() }}>
        <div
          className="jp-kfp-Log-window"
          style={{ transform: `translateY(${virtual.getVirtualItems()[0]?.start ?? 0}px)` }}
        >
          {virtual.getVirtualItems().map(item => (
            <div key={item.key} data-index={item.index} ref={virtual.measureElement}>
              <Line
                line={shown.lines[item.index]}
                number={log.fromStart ? String((shown.numbers[item.index] ?? 0) + 1) : ''}
                error={item.index === error}
                matches={marks.get(item.index) ?? NONE}
                current={props.current}
              />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
});

const NONE: readonly IMatch[] = [];

interface ILineProps {
  readonly line: ILine | undefined;
  readonly number: string;
  readonly error: boolean;
  readonly matches: readonly IMatch[];
  readonly current: IMatch | undefined;
}

/** One line, memoized so that a growing log draws only new lines. */
const Line = React.memo(function Line({ line, number, error, matches, current }: ILineProps): React.JSX.Element {
  return (
    <div className={error ? 'jp-kfp-Log-line jp-mod-error' : 'jp-kfp-Log-line'}>
      <span>{number}</span>
      <span>
        {markMatches(line?.segments ?? [], matches).map((piece, index) => {
          const names = getClasses(piece.style);
          const text = names ? <span className={names}>{piece.text}</span> : piece.text;
          const key = String(index);
          if (!piece.match) {
            return <React.Fragment key={key}>{text}</React.Fragment>;
          }
          return (
            <mark key={key} className={piece.match === current ? 'jp-kfp-Log-match jp-mod-current' : 'jp-kfp-Log-match'}>
              {text}
            </mark>
          );
        })}
      </span>
    </div>
  );
});

/** The classes that the style sheet maps to colours of the theme. */
function getClasses(style: IAnsiStyle): string {
  const { color, ground, bold, dim, italic, underline, inverse } = style;
  return [
    color && `jp-kfp-ansi-${color}`,
    ground && `jp-kfp-ansi-ground-${ground}`,
    bold && 'jp-mod-bold',
    dim && 'jp-mod-dim',
    italic && 'jp-mod-italic',
    underline && 'jp-mod-underline',
    inverse && 'jp-mod-inverse'
  ]
    .filter(Boolean)
    .join(' ');
}

/** Pause following when the person scrolls up, and resume at the end. */
function useScrollIntent(
  box: React.RefObject<HTMLDivElement>,
  following: boolean,
  onFollow: (following: boolean) => void
): () => void {
  const last = React.useRef(0);
  return () => {
    const element = box.current;
    if (!element) {
      return;
    }
    const { scrollTop, scrollHeight, clientHeight } = element;
    const up = scrollTop < last.current;
    const atEnd = scrollHeight - scrollTop - clientHeight <= NEAR;
    last.current = scrollTop;
    if (following && up && !atEnd) {
      onFollow(false);
    } else if (!following && atEnd && !up) {
      onFollow(true);
    }
  };
}

function lastIndexOf(lines: readonly ILine[], text: string): number {
  const wanted = text.trim();
  if (!wanted) {
    return -1;
  }
  for (let index = lines.length - 1; index >= 0; index--) {
    if (lines[index]?.text.trim() === wanted) {
      return index;
    }
  }
  return -1;
}

function byLine(matches: readonly IMatch[]): ReadonlyMap<number, readonly IMatch[]> {
  const lines = new Map<number, IMatch[]>();
  for (const match of matches) {
    const found = lines.get(match.line);
    if (found) {
      found.push(match);
    } else {
      lines.set(match.line, [match]);
    }
  }
  return lines;
}

function describeEmpty(log: ILogState, trans: TranslationBundle): string {
  if (!log.loaded) {
    return '';
  }
  return log.complete ? trans.__('No output.') : trans.__('No output yet.');
}
