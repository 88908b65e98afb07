import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Run } from '../src/api/types';
import { CutName } from '../src/components/CutName';
import { ErrorNotice, report } from '../src/components/ErrorNotice';
import { PanelFooter } from '../src/components/panel/PanelFooter';
import { PanelHeader } from '../src/components/panel/PanelHeader';
import { PanelNotice } from '../src/components/panel/PanelNotice';
import { RunsSection } from '../src/components/panel/RunsSection';
import type { IRunsSectionProps } from '../src/components/panel/RunsSection';
import { StateBadge } from '../src/components/StateIcon';
import { Ticker } from '../src/components/now';
import { createErrorBody } from '../src/api/errors';
import { EVERYTHING } from '../src/filter';
import { format, run, status, trans } from './samples';

beforeEach(() => {
  // jsdom lays nothing out; the list shows what fits into its height.
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(440);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(300);
});

const RUNS: Run[] = [
  run({ run_id: 'a', display_name: 'train', progress: { done: 3, total: 6 } }),
  run({ run_id: 'b', display_name: 'prepare', phase: 'FAILED', failed_task: 'load' }),
  run({ run_id: 'c', display_name: 'odd', phase: 'UNKNOWN', state: 'QUEUED_V3' })
];

/** The section with three runs, and what its callbacks heard. */
function section(props: Partial<IRunsSectionProps> = {}): IRunsSectionProps {
  const all: IRunsSectionProps = {
    runs: RUNS,
    namespace: 'team-a',
    hasMore: false,
    loading: false,
    connection: 'connected',
    error: null,
    updatedAt: Date.parse('2026-03-12T14:02:00Z'),
    retryAt: 0,
    filter: EVERYTHING,
    notebook: null,
    onRunNotebook: vi.fn(),
    example: true,
    startable: false,
    onStart: vi.fn(),
    selected: new Set<string>(),
    active: '',
    format,
    ticker: new Ticker(),
    onOpen: vi.fn(),
    onTerminate: vi.fn(),
    onRetry: vi.fn(),
    onMenu: vi.fn(),
    onSelect: vi.fn(),
    onCopy: vi.fn(),
    onMore: vi.fn(),
    onFilter: vi.fn(),
    onFilterMenu: vi.fn(),
    onNewRun: vi.fn(),
    onExample: vi.fn(),
    onRetryConnection: vi.fn(),
    onDoctor: vi.fn(),
    onTerminateSelected: vi.fn(),
    onArchiveSelected: vi.fn(),
    onRestoreSelected: vi.fn(),
    onDeleteSelected: vi.fn(),
    total: RUNS.length,
    counts: { active: 2, failed: 1 },
    selecting: false,
    onSelectAll: vi.fn(),
    ...props
  };
  render(<RunsSection {...all} />);
  return all;
}

it('keeps the end of a long name, where runs of one pipeline differ', () => {
  const { container } = render(<CutName name="hello-pipeline 2026-11-30 06-05-12" />);
  expect(screen.getByText('06-05-12').className).toBe('');
  expect(container.textContent).toBe('hello-pipeline 2026-11-30 06-05-12');
});

describe('the runs list', () => {
  it('says what each run is, in words', () => {
    section();
    const names = screen.getAllByRole('row').map(row => row.getAttribute('aria-label'));
    expect(names[0]).toMatch(/^Running, train, experiment churn, started /);
    expect(names[2]).toMatch(/^Unknown \(“QUEUED_V3”\), odd/);
    expect(screen.getByText('3 of 6 tasks')).toBeTruthy();
    expect(screen.getByText('failed in load')).toBeTruthy();
  });

  it('is one stop for Tab', () => {
    section({ active: 'b' });
    const stops = screen.getAllByRole('row').filter(row => row.tabIndex === 0);
    expect(stops.map(row => row.dataset['runId'])).toEqual(['b']);
  });

  it('opens with a click, and selects with Ctrl or Space', () => {
    const { onOpen, onSelect } = section({ active: 'b' });
    const [first] = screen.getAllByRole('row');
    fireEvent.click(first ?? document.body);
    expect(vi.mocked(onOpen).mock.calls).toEqual([['a']]);
    fireEvent.click(first ?? document.body, { ctrlKey: true });
    fireEvent.keyDown(screen.getByRole('grid'), { key: ' ' });
    expect(vi.mocked(onSelect).mock.calls.slice(-2)).toEqual([
      [['a'], 'a'],
      [['b'], 'b']
    ]);
  });

  it.each([
    ['ArrowDown', false, [], 'c'],
    ['Home', false, [], 'a'],
    ['ArrowDown', true, ['b', 'c'], 'c']
  ])('%s with Shift %s moves', (key, shiftKey, ids, active) => {
    const { onSelect } = section({ active: 'b' });
    fireEvent.keyDown(screen.getByRole('grid'), { key, shiftKey });
    expect(vi.mocked(onSelect).mock.calls).toEqual([[ids, active]]);
  });

  it('acts on the row that has the focus, however it got it', () => {
    const { onSelect } = section();
    screen.getAllByRole('row')[2]?.focus();
    expect(vi.mocked(onSelect).mock.calls).toEqual([[[], 'c']]);
  });

  it('aims at the row below the right button without opening it', () => {
    const { onOpen, onSelect } = section({ selected: new Set(['a']) });
    fireEvent.contextMenu(screen.getAllByRole('row')[1] ?? document.body);
    expect(vi.mocked(onSelect).mock.calls).toEqual([[[], 'b']]);
    expect(onOpen).not.toHaveBeenCalled();
  });

  it('renders only the rows in view', () => {
    section({ runs: Array.from({ length: 10_000 }, (_, index) => run({ run_id: `r${index}` })) });
    expect(screen.getAllByRole('row').length).toBeLessThan(40);
  });

  it('offers on a row what fits its state, and says why not', () => {
    const { onTerminate } = section({ off: 'Not connected.' });
    const [running, failed] = screen.getAllByRole('row');
    const stop = within(running ?? document.body).getByRole('button', { name: 'Terminate' });
    expect([stop.getAttribute('aria-disabled'), stop.title]).toEqual(['true', 'Not connected.']);
    fireEvent.click(stop);
    expect(onTerminate).not.toHaveBeenCalled();
    expect(within(failed ?? document.body).queryByRole('button', { name: 'Retry' })).toBeTruthy();
  });
});

describe('in place of the list', () => {
  it('stands how to begin, with one primary button', () => {
    const { onExample } = section({ runs: [] });
    expect(screen.getByRole('heading').textContent).toBe('No runs yet in team-a.');
    fireEvent.click(screen.getByRole('button', { name: 'Run the example' }));
    expect(onExample).toHaveBeenCalled();
    expect(document.querySelectorAll('.jp-mod-primary').length).toBe(1);
  });

  it('stands that no run matches, and how to clear the filter', () => {
    const { onFilter } = section({ runs: [], filter: { ...EVERYTHING, states: ['FAILED'] } });
    fireEvent.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(vi.mocked(onFilter).mock.calls).toEqual([[EVERYTHING]]);
  });

  it('stands the error of this namespace, never an empty list', () => {
    section({ runs: [], error: createErrorBody({ code: 'forbidden', message: 'You may not list runs in team-a.' }) });
    expect(screen.getByRole('heading').textContent).toBe('You may not list runs in team-a.');
    expect(screen.queryByText(/No runs yet/)).toBeNull();
  });

  it('stands nothing yet while it loads', () => {
    section({ runs: [], loading: true });
    expect(document.querySelector('[aria-busy]')).toBeTruthy();
  });

  it('stays what was known, with a word about its age, when the connection is lost', () => {
    const { onRetryConnection } = section({ connection: 'lost' });
    expect(screen.getByText(/Not connected\. Rows are from 14:02\./)).toBeTruthy();
    expect(screen.getAllByRole('row').length).toBe(3);
    fireEvent.click(screen.getByRole('button', { name: 'Retry now' }));
    expect(onRetryConnection).toHaveBeenCalled();
  });
});

it('shows the bar of a selection in place of the chips', () => {
  const { onArchiveSelected, onTerminateSelected, onDeleteSelected } = section({ selected: new Set(['a', 'b']) });
  expect(screen.getByText('2 selected')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Archive' }));
  fireEvent.click(within(screen.getByRole('toolbar')).getByRole('button', { name: 'Terminate' }));
  fireEvent.click(within(screen.getByRole('toolbar')).getByRole('button', { name: 'Delete…' }));
  const acts = [onArchiveSelected, onTerminateSelected, onDeleteSelected];
  expect(acts.map(act => vi.mocked(act).mock.calls.length)).toEqual([1, 1, 1]);
});

it('the bar of a selection says why none of the selected runs can be terminated or archived', () => {
  const runs = ['a', 'b'].map(run_id => run({ run_id, phase: 'UNCONFIRMED' }));
  section({ runs, selected: new Set(['a', 'b']) });
  const title = (name: string): string => within(screen.getByRole('toolbar')).getByRole('button', { name }).title;
  expect([title('Terminate'), title('Archive')]).toEqual([
    'None of them can be terminated.',
    'None of them can be archived.'
  ]);
});

it('a chip is a toggle of the filter', () => {
  const { onFilter } = section({ filter: { ...EVERYTHING, states: ['FAILED'] } });
  const chip = screen.getByRole('button', { name: /^Failed/ });
  expect(chip.getAttribute('aria-pressed')).toBe('true');
  fireEvent.click(chip);
  expect(vi.mocked(onFilter).mock.calls).toEqual([[{ states: [] }]]);
});

it('has a chip for each other part of the filter, which takes it away', () => {
  const filter = { ...EVERYTHING, states: ['SKIPPED', 'PAUSED'], archived: true, since: 'week' } as const;
  const { onFilter } = section({ filter });
  const chips = ['Skipped', 'Paused', 'Last 7 days', 'Archived'].map(name => screen.getByTitle(`${name}: remove this filter`));
  chips.forEach(chip => fireEvent.click(chip));
  expect(vi.mocked(onFilter).mock.calls.flat()).toEqual([
    { states: ['PAUSED'] },
    { states: ['SKIPPED'] },
    { since: 'any' },
    { archived: false }
  ]);
});

it('offers all runs once those that are loaded are selected', () => {
  const selected = new Set(RUNS.map(({ run_id }) => run_id));
  const { onSelectAll } = section({ selected, hasMore: true, total: 1204 });
  fireEvent.click(screen.getByRole('button', { name: 'Select all 1,204' }));
  expect(onSelectAll).toHaveBeenCalled();
});

it('says how many runs have come above those in view', () => {
  const runs = Array.from({ length: 30 }, (_, index) => run({ run_id: `r${index}` }));
  const all = section({ runs });
  cleanup();
  const { rerender } = render(<RunsSection {...all} />);
  const list = screen.getByRole('grid');
  list.scrollTop = 440;
  fireEvent.scroll(list);
  rerender(<RunsSection {...all} runs={[run({ run_id: 'new' }), run({ run_id: 'newer' }), ...runs]} />);
  expect(screen.getByRole('button', { name: '2 new ↑' })).toBeTruthy();
  expect(list.scrollTop).toBe(528);
});

describe('the header', () => {
  const props = {
    trans,
    showRefresh: true,
    showNewRun: true,
    onRefresh: vi.fn(),
    onNewRun: vi.fn(),
    onDoctor: vi.fn(),
    onMenu: vi.fn()
  };

  it('says who, where, and that it is connected', () => {
    render(
      <PanelHeader {...props} status={status({ embedded: true })} namespace="team-a" connection="connected" />
    );
    expect(screen.getByRole('button', { name: 'team-a' }).title).toBe("Namespace team-a, from this notebook's pod.");
    expect(screen.getByRole('status').textContent).toBe('Connected');
    expect(screen.getByText('Embedded')).toBeTruthy();
  });

  it('has no menu of namespaces where there are none', () => {
    render(<PanelHeader {...props} status={status({ multi_user: false })} namespace="" connection="connected" />);
    expect(screen.getByText('no namespaces').closest('button')).toBeNull();
  });

  it('says why no run can be started', () => {
    const off = 'You can look but not run in team-a.';
    render(
      <PanelHeader
        {...props}
        off={off}
        status={status({ can_run: false })}
        namespace="team-a"
        connection="connected"
      />
    );
    expect(screen.getByRole('button', { name: 'New run' }).title).toBe(off);
    expect(screen.getByText('View only')).toBeTruthy();
  });
});

describe('a notice', () => {
  const error = createErrorBody({
    code: 'forbidden',
    message: 'You may not list runs.',
    why: 'No right.',
    next: 'Ask.',
    command: 'kubectl x',
    details: 'RBAC',
    request_id: '7'
  });

  it('has what happened, why, the next step and the command to copy', () => {
    const onCopy = vi.fn();
    render(<ErrorNotice error={error} trans={trans} onCopy={onCopy} />);
    expect(screen.getByRole('status').textContent).toContain('You may not list runs.No right.Ask.kubectl x');
    fireEvent.click(screen.getByRole('button', { name: 'Copy' }));
    fireEvent.click(screen.getByRole('button', { name: 'Copy report' }));
    expect(onCopy.mock.calls).toEqual([['kubectl x'], [report(error)]]);
  });

  it('shows details only when asked', () => {
    render(<ErrorNotice error={error} trans={trans} onCopy={vi.fn()} />);
    expect(screen.queryByText('RBAC')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Details' }));
    expect(screen.getByText('RBAC')).toBeTruthy();
  });

  it('on a laptop offers the embedded server', () => {
    const onStart = vi.fn();
    const nothing = vi.fn();
    render(
      <PanelNotice
        error={createErrorBody({ code: 'no-kubeflow', message: 'No Kubeflow Pipelines found.' })}
        status={status({ connected: false, can_start_embedded: true })}
        trans={trans}
        busy={null}
        onStart={onStart}
        onSetAddress={nothing}
        onRetry={nothing}
        onReload={nothing}
        onDoctor={nothing}
        onCreateOption={nothing}
        onRestart={nothing}
        onCopy={nothing}
      />
    );
    fireEvent.click(screen.getByRole('button', { name: 'Start embedded server' }));
    expect(onStart).toHaveBeenCalled();
  });

  it.each([
    ['embedded-stopped', false, 'Start embedded server'],
    ['kfp-unavailable', true, 'Start embedded server'],
    ['kfp-unavailable', false, 'Try again'],
    ['version-mismatch', false, 'Reload']
  ])('offers what mends it first: %s, embedded %s', (code, embedded, label) => {
    const nothing = vi.fn();
    render(
      <PanelNotice
        error={createErrorBody({ code, message: 'Something is wrong.' })}
        status={status({ connected: false, embedded })}
        trans={trans}
        busy={null}
        onStart={nothing}
        onSetAddress={nothing}
        onRetry={nothing}
        onReload={nothing}
        onDoctor={nothing}
        onCreateOption={nothing}
        onRestart={nothing}
        onCopy={nothing}
      />
    );
    expect(screen.getByRole('button', { name: label }).className).toContain('jp-mod-primary');
  });

  it.each([
    ['no-token-no-option', 1, 0],
    ['no-token-not-chosen', 0, 1],
    ['no-token-not-applied', 0, 0]
  ])('of two steps to a token only the next one can be taken: %s', (code, creates, restarts) => {
    const [onCreateOption, onRestart, nothing] = [vi.fn(), vi.fn(), vi.fn()];
    render(
      <PanelNotice
        error={createErrorBody({ code, message: 'No token for Kubeflow Pipelines.' })}
        status={null}
        trans={trans}
        busy={null}
        onStart={nothing}
        onSetAddress={nothing}
        onRetry={nothing}
        onReload={nothing}
        onDoctor={nothing}
        onCreateOption={onCreateOption}
        onRestart={onRestart}
        onCopy={nothing}
      />
    );
    for (const name of ['Create…', 'Restart…']) {
      screen.queryAllByRole('button', { name }).forEach(button => fireEvent.click(button));
    }
    expect([onCreateOption, onRestart].map(action => action.mock.calls.length)).toEqual([creates, restarts]);
  });
});

it('the footer says how old the rows are, counted from the last sign of life', () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const freshness = { updatedAt: Date.now() };
  const connection = { state: 'connected', checkedAt: 0 } as const;
  const props = { connection, announcement: '', format, ticker: new Ticker(), onRetry: vi.fn(), onDoctor: vi.fn() };
  const { container } = render(<PanelFooter freshness={freshness} {...props} />);
  const after = (seconds: number): string => {
    act(() => void vi.advanceTimersByTime(seconds * 1000));
    return container.querySelector('.jp-kfp-num')?.textContent ?? '';
  };
  expect(after(4)).toBe('Updated 4 s ago');
  expect(after(186)).toBe('Not updated for 3 min 10 s');
  freshness.updatedAt = Date.now();
  expect(after(1)).toBe('Updated just now');
  vi.useRealTimers();
});

it('a state is an icon and a word', () => {
  render(<StateBadge phase="CACHED" trans={trans} />);
  expect(screen.getByText('From cache')).toBeTruthy();
  expect(document.querySelector('[data-phase="CACHED"] svg')).toBeTruthy();
});
