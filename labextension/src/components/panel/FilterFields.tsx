import * as React from 'react';

import { isOnly, listPhases } from '../../filter';
import type { Format } from '../../format';
import type { INotebookRef, IRunFilter, IRunList } from '../../tokens';
import { listChips } from './chips';

/** Milliseconds after the last key before the search starts. */
const TYPING = 300;

export interface IFilterProps {
  readonly filter: IRunFilter;
  /** The notebook in front; absent where none is. */
  readonly notebook?: INotebookRef | null;
  /** How many of the runs seen are active, and how many failed. */
  readonly counts: IRunList['counts'];
  readonly format: Format;
  readonly onFilter: (filter: Partial<IRunFilter>) => void;
}

/** The search in names, which starts shortly after the last key. */
export function SearchField(
  props: IFilterProps & { readonly input: React.RefObject<HTMLInputElement> }
): React.JSX.Element {
  const { format, filter, onFilter } = props;
  const [text, setText] = React.useState(filter.search);
  React.useEffect(() => setText(filter.search), [filter.search]);
  React.useEffect(() => {
    if (text === filter.search) {
      return undefined;
    }
    const timer = setTimeout(() => onFilter({ search: text }), TYPING);
    return () => clearTimeout(timer);
  }, [text, filter.search, onFilter]);
  return (
    <input
      ref={props.input}
      className="jp-kfp-Input"
      type="search"
      placeholder={format.trans.__('Search runs')}
      aria-label={format.trans.__('Search runs')}
      value={text}
      onChange={event => setText(event.target.value)}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          setText('');
        }
      }}
    />
  );
}

/** The two toggles that are always there, and a chip for each other part of the filter. */
export function Chips(props: IFilterProps): React.JSX.Element {
  const { filter, format, counts, onFilter } = props;
  const { trans } = format;
  const notebook = props.notebook ?? filter.notebook;
  const chip = (which: 'active' | 'failed', label: string): React.JSX.Element => {
    const pressed = isOnly(which, filter);
    return (
      <button
        type="button"
        className="jp-kfp-Chip"
        aria-pressed={pressed}
        onClick={() => onFilter({ states: pressed ? [] : listPhases(which) })}
      >
        {label}
      </button>
    );
  };
  return (
    <div className="jp-kfp-Chips">
      {notebook && (
        <button
          type="button"
          className="jp-kfp-Chip"
          aria-pressed={filter.notebook !== null}
          title={trans.__('Runs started from %1', notebook.path)}
          onClick={() => onFilter({ notebook: filter.notebook === null ? notebook : null })}
        >
          {trans.__('This notebook')}
        </button>
      )}
      {chip('active', trans.__('Active %1', format.shortCount(counts.active)))}
      {chip('failed', trans.__('Failed %1', format.shortCount(counts.failed)))}
      {listChips(filter, trans).map(({ label, clear }) => (
        <button
          key={label}
          type="button"
          className="jp-kfp-Chip"
          aria-pressed
          title={trans.__('%1: remove this filter', label)}
          onClick={() => onFilter(clear)}
        >
          <span className="jp-kfp-cut">{label}</span> ✕
        </button>
      ))}
    </div>
  );
}
