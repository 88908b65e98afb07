import * as React from 'react';

/** One tab; `count` stands beside its label. */
export interface ITab<T extends string> {
  readonly id: T;
  readonly label: string;
  readonly count?: string;
}

export interface ITabsProps<T extends string> {
  readonly tabs: readonly ITab<T>[];
  readonly current: T;
  readonly label: string;
  /** Start of the ids that join a tab and its panel; unique in the page. */
  readonly prefix: string;
  readonly onChoose: (id: T) => void;
}

/** A list of tabs: one stop, arrows move and choose. */
export function Tabs<T extends string>(props: ITabsProps<T>): React.JSX.Element {
  const { tabs, current, prefix, onChoose } = props;
  const list = React.useRef<HTMLDivElement>(null);
  const move = (event: React.KeyboardEvent): void => {
    const at = tabs.findIndex(tab => tab.id === current);
    const next = tabs[targetOf(event.key, at, tabs.length)];
    if (!next || next.id === current) {
      return;
    }
    event.preventDefault();
    onChoose(next.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  };
  return (
    <div className="jp-kfp-Tabs" role="tablist" aria-label={props.label} ref={list} onKeyDown={move}>
      {tabs.map(tab => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={`${prefix}-tab-${tab.id}`}
          data-tab={tab.id}
          className="jp-kfp-Tab"
          aria-selected={tab.id === current}
          aria-controls={`${prefix}-panel`}
          tabIndex={tab.id === current ? 0 : -1}
          onClick={() => onChoose(tab.id)}
        >
          {tab.label}
          {tab.count !== undefined && <span className="jp-kfp-num">{tab.count}</span>}
        </button>
      ))}
    </div>
  );
}

/** The attributes that make an element the panel of the current tab. */
export function getPanelProps(prefix: string, current: string): { id: string; role: 'tabpanel'; 'aria-labelledby': string } {
  return { id: `${prefix}-panel`, role: 'tabpanel', 'aria-labelledby': `${prefix}-tab-${current}` };
}

function targetOf(key: string, at: number, count: number): number {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at - 1 + count) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return -1;
  }
}
