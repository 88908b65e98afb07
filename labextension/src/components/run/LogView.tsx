import { caretDownIcon, caretUpIcon, copyIcon, downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Format } from '../../format';
import type { ILine } from '../../log/ansi';
import { isLauncherLine, numberLines } from '../../log/launcher';
import { findAll, MOST_MATCHES, type IMatch } from '../../log/search';
import type { ILogState } from '../../log/state';
import { Button } from '../Button';
import { ErrorNotice } from '../ErrorNotice';
import { LogLines, type ILogLinesHandle } from './LogLines';

export interface ILogViewProps {
  readonly log: ILogState;
  readonly format: Format;
  /** How many lines were requested at first. */
  readonly tail: number;
  /** Whether lines are wrapped at first. */
  readonly wrap: boolean;
  /** The line that explains the failure, marked. */
  readonly errorLine: string;
  readonly onCopy: (text: string) => void;
  readonly onDownload: () => void;
  readonly onLoadEarlier: () => void;
}

/** The log of a task: search, follow, copy, download. */
export function LogView(props: ILogViewProps): React.JSX.Element {
  const { log, format } = props;
  const { trans } = format;
  const [wrap, setWrap] = React.useState(props.wrap);
  const [following, setFollowing] = React.useState(true);
  const lines = React.useRef<ILogLinesHandle>(null);
  const search = React.useRef<HTMLInputElement>(null);
  const [all, setAll] = React.useState(false);
  // the lines grow in place: their revision says when to look again
  const shown = React.useMemo(() => numberLines(log.lines, { all }), [log, log.revision, all]);
  const found = useSearch(shown.lines, log.revision, match => {
    setFollowing(false);
    lines.current?.show(match.line);
  });
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const find = event.key === 'f' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    const slash = event.key === '/' && event.target !== search.current;
    if (find || slash) {
      event.preventDefault();
      event.stopPropagation();
      search.current?.focus();
      search.current?.select();
    }
  };
  if (log.error && !log.loaded) {
    return <ErrorNotice error={log.error} trans={trans} onCopy={props.onCopy} boxed />;
  }
  return (
    <div className="jp-kfp-LogView" onKeyDown={onKeyDown}>
      <div className="jp-kfp-Pane-tools">
        <SearchField input={search} found={found} format={format} />
        {!log.complete && (
          <Button
            label={trans.__('Follow')}
            kind="quiet"
            pressed={following}
            title={trans.__('Keep the end of the log in view')}
            onClick={() => setFollowing(!following)}
          />
        )}
        <Button label={trans.__('Download')} kind="icon" icon={downloadIcon} onClick={props.onDownload} />
        <Button
          label={trans.__('Copy')}
          kind="icon"
          icon={copyIcon}
          onClick={() => props.onCopy(log.lines.map(line => line.text).join('\n'))}
        />
        <Button label={trans.__('Wrap')} kind="quiet" pressed={wrap} onClick={() => setWrap(!wrap)} />
      </div>
      <LogLines
        ref={lines}
        log={log}
        shown={shown}
        wrap={wrap}
        following={following}
        matches={found.matches}
        current={found.current}
        errorLine={props.errorLine}
        format={format}
        onFollow={setFollowing}
        onLoadEarlier={props.onLoadEarlier}
      />
      {!following && !log.complete && (
        <div className="jp-kfp-Log-jump">
          <Button label={trans.__('Jump to end ↓')} onClick={() => setFollowing(true)} />
        </div>
      )}
      <div className="jp-kfp-Pane-foot">
        {describeSource(props)}
        <LauncherLines lines={log.lines} revision={log.revision} all={all} format={format} onShow={setAll} />
      </div>
    </div>
  );
}

interface ILauncherLinesProps {
  readonly lines: readonly ILine[];
  readonly revision: number;
  readonly all: boolean;
  readonly format: Format;
  readonly onShow: (all: boolean) => void;
}

/** “· 34 lines of KFP's launcher · Show”; nothing where there are none. */
function LauncherLines(props: ILauncherLinesProps): React.JSX.Element | null {
  const { lines, revision, all, format } = props;
  const { trans } = format;
  const count = React.useMemo(() => lines.filter(line => isLauncherLine(line.text)).length, [lines, revision]);
  if (!count) {
    return null;
  }
  const text = trans._n("%2 line of KFP's launcher", "%2 lines of KFP's launcher", count, format.count(count));
  return (
    <>
      {` · ${text} · `}
      <Button label={all ? trans.__('Hide') : trans.__('Show')} kind="quiet" onClick={() => props.onShow(!all)} />
    </>
  );
}

interface ISearch {
  readonly query: string;
  readonly matches: readonly IMatch[];
  readonly current: IMatch | undefined;
  readonly index: number;
  readonly setQuery: (query: string) => void;
  readonly step: (by: 1 | -1) => void;
}

/** Search the lines shown so far; `show` scrolls a match into view. */
function useSearch(lines: readonly ILine[], revision: number, show: (match: IMatch) => void): ISearch {
  const [query, setQuery] = React.useState('');
  const [index, setIndex] = React.useState(0);
  const matches = React.useMemo(() => findAll(lines, query), [lines, revision, query]);
  const go = (next: number, among: readonly IMatch[]): void => {
    setIndex(next);
    const match = among[next];
    if (match) {
      show(match);
    }
  };
  return {
    query,
    matches,
    index,
    current: matches[index],
    setQuery: text => {
      setQuery(text);
      const among = findAll(lines, text);
      go(Math.max(0, among.length - 1), among); // the newest first: errors stand at the end
    },
    step: by => {
      if (matches.length) {
        go((index + by + matches.length) % matches.length, matches);
      }
    }
  };
}

function SearchField(props: {
  readonly input: React.RefObject<HTMLInputElement>;
  readonly found: ISearch;
  readonly format: Format;
}): React.JSX.Element {
  const { found, format } = props;
  const { trans } = format;
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter') {
      event.preventDefault();
      found.step(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Escape' && found.query) {
      event.stopPropagation();
      found.setQuery('');
    }
  };
  const most = found.matches.length >= MOST_MATCHES ? '+' : '';
  const count = `${found.matches.length ? found.index + 1 : 0}/${format.count(found.matches.length)}${most}`;
  return (
    <>
      <input
        ref={props.input}
        className="jp-kfp-Input jp-kfp-LogView-search"
        type="text"
        value={found.query}
        placeholder={trans.__('Find in log')}
        aria-label={trans.__('Find in log')}
        onChange={event => found.setQuery(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <span className="jp-kfp-num jp-kfp-small jp-kfp-dim" aria-live="polite">
        {found.query && count}
      </span>
      {found.query && (
        <>
          <Button
            label={trans.__('Previous match')}
            kind="icon"
            icon={caretUpIcon}
            off={found.matches.length ? undefined : trans.__('Nothing was found.')}
            onClick={() => found.step(-1)}
          />
          <Button
            label={trans.__('Next match')}
            kind="icon"
            icon={caretDownIcon}
            off={found.matches.length ? undefined : trans.__('Nothing was found.')}
            onClick={() => found.step(1)}
          />
        </>
      )}
      <span className="jp-kfp-grow" />
    </>
  );
}

/** “Source: live pod · last 2,000 lines”. */
function describeSource({ log, format, tail }: ILogViewProps): string {
  const { trans } = format;
  const sources = new Map([
    ['embedded', trans.__('embedded server')],
    ['pod', trans.__('live pod')],
    ['archive', trans.__('archive')],
    ['copy', trans.__('our copy')]
  ]);
  const parts = [
    log.source && trans.__('Source: %1', sources.get(log.source) ?? log.source),
    log.fromStart ? '' : trans.__('last %1 lines', format.count(tail)),
    log.error ? log.error.message : ''
  ];
  return parts.filter(part => part !== '').join(' · ');
}
