import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createErrorBody } from '../../src/api/client';
import type { Failure } from '../../src/api/types';
import { Ticker } from '../../src/components/now';
import { RunPage } from '../../src/components/run/RunPage';
import { FIRST_PLACE, type IRunPageProps, type IRunPlace } from '../../src/components/run/tab';
import { RUN_TABS } from '../../src/components/run/tabs';
import { Format } from '../../src/format';
import type { ILogState } from '../../src/log/state';
import { linesOf } from '../log/lines';
import { run, task, view } from './samples';

const FAILURE: Failure = {
  message: 'Task load stopped: file not found.',
  why: 'It looked for data/raw.csv.',
  next: 'Send it with the run.',
  task_id: 'load',
  task: 'load',
  line: "No such file: 'data/raw.csv'",
  exit_code: 1,
  others: ['other'],
  command: '',
  docs: ''
};

const WAIT: Failure = {
  ...FAILURE,
  message: 'Task load has waited 3 min.',
  why: 'Secret keys is not there.',
  next: 'Create it, or correct its name.',
  line: '',
  exit_code: null,
  others: [],
  command: 'kubectl create secret generic keys -n team-a',
  docs: 'https://kubernetes.io/docs/concepts/configuration/secret/'
};

const TASKS = [
  task('check', 'SUCCEEDED', {
    start_time: '2026-03-12T09:14:02Z',
    end_time: '2026-03-12T09:14:03Z',
    attempt: 1,
    outputs: { parameters: { rows: 14 }, artifacts: {} }
  }),
  task('load', 'FAILED', { start_time: '2026-03-12T09:14:04Z', attempt: 2, max_attempts: 2, reason: 'file not found' }),
  task('schema', 'CACHED', { cached_from_run_id: '71bb02ff-0000' })
];

function logOf(text: string, more: Partial<ILogState> = {}): ILogState {
  const lines = linesOf(text);
  return { lines, revision: 1, fromStart: true, loaded: true, complete: true, source: 'pod', error: null, ...more };
}

const props: IRunPageProps = {
  view: view('FAILED', TASKS, { failure: FAILURE }),
  error: null,
  isGone: false,
  wrap: true,
  freshness: { updatedAt: Date.now() },
  access: { state: 'connected', status: null, error: null, namespace: 'team-a' },
  tabs: RUN_TABS,
  place: FIRST_PLACE,
  pod: null,
  log: logOf(`one\n${FAILURE.line}\nend`),
  tail: 2000,
  onNotebook: vi.fn(),
  format: new Format(nullTranslator.load('x')),
  ticker: new Ticker(),
  prefix: 'p',
  onMove: vi.fn(),
  onAction: vi.fn(),
  onOpenRun: vi.fn(),
  onRefresh: vi.fn(),
  onCopy: vi.fn(),
  onDownloadLog: vi.fn(),
  onDownloadSpec: vi.fn(),
  onLoadEarlier: vi.fn()
};

/** The page with the place kept, as the widget does it. */
function Page(more: Partial<IRunPageProps>): React.JSX.Element {
  const [place, setPlace] = React.useState<IRunPlace>(more.place ?? FIRST_PLACE);
  return <RunPage {...props} {...more} place={place} onMove={part => setPlace({ ...place, ...part })} />;
}

describe('the run view', () => {
  // the list of lines draws what fits; jsdom has no sizes
  beforeEach(() => {
    vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(600);
    vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(800);
    HTMLElement.prototype.scrollTo = vi.fn();
  });
  afterEach(() => vi.restoreAllMocks());

  it('opens on the failed task, with its log and the line that explains it', () => {
    render(<Page />);
    expect(screen.getByRole('row', { selected: true }).textContent).toContain('load');
    const log = screen.getByRole('log');
    expect(log.querySelector('.jp-mod-error')?.textContent).toContain(FAILURE.line);
    expect(log.getAttribute('aria-live')).toBe('off');
  });

  it('has events where tasks are pods, and no word of them elsewhere', () => {
    const { unmount } = render(<Page />);
    fireEvent.click(screen.getByRole('tab', { name: 'Events' }));
    expect(screen.getByText('This task has no pod.').isConnected).toBe(true);
    unmount();
    render(<Page view={view('FAILED', TASKS, { has_pods: false })} />);
    expect(screen.queryByRole('tab', { name: 'Events' })).toBeNull();
  });

  it('keeps the log that is being read when its task ends', () => {
    const tasks = [task('one', 'SUCCEEDED'), task('two', 'RUNNING')];
    render(<Page view={view('RUNNING', tasks)} place={{ ...FIRST_PLACE, opened: 'one' }} />);
    expect(screen.getByRole('row', { selected: true }).textContent).toContain('one');
  });

  it('holds the tasks of a loop together, counts them once, and folds them', () => {
    const groups = [task('loop', 'RUNNING', { type: 'LOOP' }), task('turn 0', 'SUCCEEDED', { type: 'LOOP_ITERATION', parent_task_id: 'loop' })];
    const tasks = [task('train', 'SUCCEEDED', { parent_task_id: 'turn 0' }), task('report', 'PENDING')];
    render(<Page view={view('RUNNING', tasks, { groups })} log={null} />);
    expect(screen.getByRole('tab', { name: 'Tasks 2' })).toBeTruthy();
    fireEvent.click(screen.getByText('turn 0'));
    expect(screen.getByText('This step only holds other tasks. Select one of them.')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Fold loop' }));
    expect([screen.queryByText('train'), screen.getByText('report').isConnected]).toEqual([null, true]);
  });

  it('offers the executed notebook of a run that has ended and should have made one', () => {
    const spec = 'outputDefinitions:\n  artifacts:\n    notebook:\n      artifactType:\n        schemaTitle: system.Artifact\n';
    const onNotebook = vi.fn();
    const { rerender } = render(<Page view={view('RUNNING', [], { spec })} onNotebook={onNotebook} />);
    expect(screen.queryByRole('button', { name: 'Open executed notebook' })).toBeNull();
    rerender(<Page view={view('FAILED', [])} onNotebook={onNotebook} />);
    expect(screen.queryByRole('button', { name: 'Open executed notebook' })).toBeNull();
    rerender(<Page view={view('FAILED', [], { spec })} onNotebook={onNotebook} />);
    fireEvent.click(screen.getByRole('button', { name: 'Open executed notebook' }));
    fireEvent.click(screen.getByRole('button', { name: 'Download executed notebook' }));
    expect(onNotebook.mock.calls).toEqual([['open'], ['download']]);
  });

  it('says why it failed and offers Clone… first; the log is open already', () => {
    render(<Page />);
    const box = screen.getByRole('status', { name: 'Why the run failed' });
    expect(within(box).getAllByRole('button').map(each => each.textContent)).toEqual(['Clone…', 'Details']);
    fireEvent.click(within(box).getByRole('button', { name: 'Details' }));
    expect(box.textContent).toContain('Exit code1');
  });

  it('says what a run waits for, with the events open, and offers what helps', () => {
    const [onAction, onCopy] = [vi.fn(), vi.fn()];
    const waiting = view('RUNNING', [task('load', 'PENDING')], { failure: WAIT });
    render(<Page view={waiting} log={null} onAction={onAction} onCopy={onCopy} />);
    const box = within(screen.getByRole('status', { name: 'What the run waits for' }));
    expect(screen.getByRole('tab', { name: 'Events' }).getAttribute('aria-selected')).toBe('true');
    expect(box.getAllByRole('button').map(each => each.textContent)).toEqual(['', 'Clone…', 'Terminate', 'Details']);
    fireEvent.click(box.getByRole('button', { name: 'Copy' }));
    fireEvent.click(box.getByRole('button', { name: 'Terminate' }));
    expect([onCopy.mock.lastCall?.[0], onAction.mock.lastCall]).toEqual([WAIT.command, ['terminate']]);
    expect(box.getByRole('link', { name: 'Open the docs' }).getAttribute('href')).toBe(WAIT.docs);
    fireEvent.click(screen.getByRole('tab', { name: 'Log' }));
    fireEvent.click(box.getByRole('button', { name: 'Show events' }));
    expect(screen.getByRole('tab', { name: 'Events' }).getAttribute('aria-selected')).toBe('true');
  });

  it('shows what KFP runs before the first task', () => {
    const failure = { ...WAIT, message: 'prepare-data has waited 3 min.', task_id: '', task: '' };
    const { rerender } = render(<Page view={view('RUNNING', [], { failure })} log={null} />);
    const pane = screen.getByRole('region', { name: 'Before the first task' });
    expect(within(pane).getAllByRole('tab').map(each => each.textContent)).toEqual(['Log', 'Events']);
    expect(within(pane).getByRole('tab', { selected: true }).textContent).toBe('Events');
    expect(screen.getByText('KFP has not started the first task yet.').isConnected).toBe(true);
    rerender(<Page view={view('RUNNING', [task('load', 'RUNNING')])} log={null} />);
    expect(screen.getByRole('region', { name: 'Task load' }).isConnected).toBe(true);
  });

  it('says that the run was deleted, and offers nothing more', () => {
    render(<Page isGone error={createErrorBody({ code: 'not-found', message: 'No such run.' })} />);
    expect(screen.getByText('This run was deleted.').isConnected).toBe(true);
    const buttons = within(screen.getByRole('toolbar')).getAllByRole('button');
    expect(buttons.map(each => each.title)).toEqual(buttons.map(() => 'This run was deleted.'));
    expect(screen.queryByText('No such run.', { exact: false })).toBeNull();
  });

  it('offers Open log where the log is not shown, and goes there', () => {
    render(<Page place={{ ...FIRST_PLACE, tab: 'spec' }} />);
    fireEvent.click(screen.getByRole('button', { name: 'Open log' }));
    expect(screen.getByRole('tab', { name: /Tasks/ }).getAttribute('aria-selected')).toBe('true');
  });

  it('has a table with sortable headers', () => {
    render(<Page />);
    const table = screen.getByRole('table', { name: 'Tasks' });
    expect(within(table).getAllByRole('columnheader').map(each => each.textContent?.replace(/ [▲▼]/, ''))).toEqual([
      'State',
      'Task',
      'Started',
      'Took',
      'Try',
      'Reason'
    ]);
    fireEvent.click(screen.getByRole('button', { name: /^Task/ }));
    fireEvent.click(screen.getByRole('button', { name: /^Task/ }));
    const header = within(table).getByRole('columnheader', { name: /^Task/ });
    expect(header.getAttribute('aria-sort')).toBe('descending');
    expect(within(table).getAllByRole('row')[1]?.textContent).toContain('schema');
  });

  it('moves with the arrows and unselects with Escape', () => {
    render(<Page />);
    const row = screen.getByRole('row', { selected: true });
    row.focus();
    fireEvent.keyDown(row, { key: 'ArrowUp' });
    const now = screen.getByRole('row', { selected: true });
    expect([now.textContent?.includes('check'), document.activeElement === now]).toEqual([true, true]);
    fireEvent.keyDown(now, { key: 'Escape' });
    expect(screen.getByText('Select a task.')).toBeDefined();
  });

  it('links a cached task to the run that made it', () => {
    const onOpenRun = vi.fn();
    render(<Page onOpenRun={onOpenRun} />);
    fireEvent.click(screen.getByRole('button', { name: 'run 71bb02ff' }));
    expect(onOpenRun).toHaveBeenCalledWith('71bb02ff-0000');
  });

  it('shows what went in and out', () => {
    render(<Page place={{ ...FIRST_PLACE, task: 'check', taskTab: 'values' }} />);
    expect(screen.getByRole('region', { name: 'Outputs' }).textContent).toContain('rows14');
  });

  it('says why the outputs of a task are not known', () => {
    const reason = 'No right to read logs in team-a.';
    const silent = view('SUCCEEDED', [task('load', 'SUCCEEDED', { outputs_unread: reason })]);
    const artifacts = render(<Page view={silent} place={{ ...FIRST_PLACE, tab: 'artifacts' }} />);
    expect(screen.getByText(`load: ${reason}`)).toBeDefined();
    artifacts.unmount();
    render(<Page view={silent} place={{ ...FIRST_PLACE, task: 'load', taskTab: 'values' }} />);
    expect(screen.getByRole('region', { name: 'Outputs' }).textContent).toContain(reason);
  });

  it('is a tree of tasks in the graph, walked by arrows', () => {
    const plan = [
      { name: 'check', needs: [] },
      { name: 'load', needs: ['check'] },
      { name: 'train', needs: ['load'] }
    ];
    const failed = view('FAILED', TASKS, { failure: FAILURE, plan });
    render(<Page view={failed} log={null} place={{ ...FIRST_PLACE, tab: 'graph' }} />);
    const tree = screen.getByRole('tree', { name: 'Tasks' });
    HTMLElement.prototype.scrollIntoView = vi.fn();
    expect(screen.getByRole('treeitem', { selected: true }).id).toBe(tree.getAttribute('aria-activedescendant'));
    fireEvent.keyDown(tree, { key: 'ArrowDown' });
    expect(screen.getByRole('treeitem', { selected: true, name: 'train, Skipped' })).toBeDefined();
    expect(screen.getByText('This task did not run.')).toBeDefined();
    fireEvent.keyDown(tree, { key: 'ArrowUp' });
    fireEvent.keyDown(tree, { key: 'ArrowUp' });
    expect(screen.getByRole('treeitem', { selected: true }).textContent).toContain('check');
  });

  it('says what a task waits for', () => {
    const plan = [
      { name: 'check', needs: [] },
      { name: 'load', needs: ['check'] }
    ];
    render(<Page view={view('RUNNING', [task('check', 'RUNNING')], { plan })} />);
    expect(screen.getByRole('row', { name: /load/ }).textContent).toContain('waits for check');
  });

  it('waits for the first report', () => {
    render(<Page view={view('PENDING', [])} />);
    expect(screen.getByText('Waiting for the first report from the cluster.')).toBeDefined();
  });

  it.each([
    ['FAILED', 'Terminate', 'This run has ended.'],
    ['RUNNING', 'Retry', 'Only a failed or canceled run can be retried.'],
    ['CANCELING', 'Terminate', 'It is being terminated.']
  ] as const)('%s: %s is off and says why', (phase, name, why) => {
    const onAction = vi.fn();
    render(<Page view={view(phase, [])} onAction={onAction} />);
    const button = screen.getByRole('button', { name });
    fireEvent.click(button);
    expect([button.getAttribute('aria-disabled'), button.title]).toEqual(['true', why]);
    expect(onAction).not.toHaveBeenCalled();
  });

  it('has Restore and Delete for an archived run', () => {
    const archived = { ...view('SUCCEEDED', []), run: run('SUCCEEDED', { storage_state: 'ARCHIVED' }) };
    render(<Page view={archived} />);
    expect(screen.getByRole('button', { name: 'Restore' })).toBeDefined();
    expect(screen.queryByRole('button', { name: 'Archive' })).toBeNull();
  });

  it('keeps what it has when the connection is lost', () => {
    render(<Page error={createErrorBody({ code: 'kfp-timeout', message: 'Kubeflow Pipelines does not answer.' })} />);
    expect(screen.getByText(/does not answer\. What is shown is from/)).toBeDefined();
    expect(screen.getByRole('table', { name: 'Tasks' })).toBeDefined();
  });

  it('shows the error in place of a run that is not there', () => {
    render(<Page view={null} error={createErrorBody({ code: 'not-found', message: 'No such run.' })} />);
    expect(screen.getByRole('heading', { name: 'No such run.' })).toBeDefined();
  });

  it('joins tabs and their panel, and arrows change tabs', () => {
    render(<Page place={{ ...FIRST_PLACE, task: '' }} />);
    const tab = screen.getByRole('tab', { name: /Tasks/ });
    fireEvent.keyDown(tab, { key: 'ArrowRight' });
    const next = screen.getByRole('tab', { name: 'Graph' });
    expect(next.getAttribute('aria-selected')).toBe('true');
    expect(screen.getByRole('tabpanel').getAttribute('aria-labelledby')).toBe(next.id);
  });
});

describe('the log', () => {
  beforeEach(() => {
    vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(600);
    vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(800);
    HTMLElement.prototype.scrollTo = vi.fn();
  });
  afterEach(() => vi.restoreAllMocks());

  it('finds text and counts, Enter and Shift+Enter walk', () => {
    render(<Page log={logOf('raw\nother\nRAW raw\n')} />);
    const find = screen.getByRole('textbox', { name: 'Find in log' });
    fireEvent.change(find, { target: { value: 'raw' } });
    expect(screen.getByText('3/3')).toBeDefined();
    fireEvent.keyDown(find, { key: 'Enter' });
    expect(screen.getByText('1/3')).toBeDefined();
    fireEvent.keyDown(find, { key: 'Enter', shiftKey: true });
    expect(screen.getByText('3/3')).toBeDefined();
    fireEvent.keyDown(find, { key: 'Escape' });
    expect((find as HTMLInputElement).value).toBe('');
  });

  it("folds the lines of KFP's launcher", () => {
    const launcher = 'I1130 07:21:18.829579      15 main.go:139] Setting log level to: 1\n';
    render(<Page log={logOf(`${launcher}hello\n${launcher}`)} />);
    const log = screen.getByRole('log');
    expect(log.textContent).not.toContain('main.go');
    expect(screen.getByText(/2 lines of KFP's launcher/)).toBeDefined();
    fireEvent.click(screen.getByRole('button', { name: 'Show' }));
    expect(log.textContent).toContain('main.go');
    fireEvent.click(screen.getByRole('button', { name: 'Hide' }));
    expect(log.textContent).not.toContain('main.go');
  });

  it('shows markup as text and colours as classes', () => {
    render(<Page log={logOf('\u001b[31m<img src=x onerror=alert(1)>\u001b[0m')} />);
    const log = screen.getByRole('log');
    expect(log.querySelector('img')).toBeNull();
    expect(log.querySelector('.jp-kfp-ansi-red')?.textContent).toBe('<img src=x onerror=alert(1)>');
  });

  it('has Follow pressed while more can come, and none at the end', () => {
    const { rerender } = render(<Page log={logOf('one', { complete: false })} />);
    expect(screen.getByRole('button', { name: 'Follow' }).getAttribute('aria-pressed')).toBe('true');
    rerender(<Page log={logOf('one', { complete: true, revision: 2 })} />);
    expect(screen.queryByRole('button', { name: 'Follow' })).toBeNull();
  });

  it('offers the way back to the end after a pause', () => {
    render(<Page log={logOf('one', { complete: false })} />);
    fireEvent.click(screen.getByRole('button', { name: 'Follow' }));
    fireEvent.click(screen.getByRole('button', { name: 'Jump to end ↓' }));
    expect(screen.getByRole('button', { name: 'Follow' }).getAttribute('aria-pressed')).toBe('true');
  });

  it('says where it comes from, and what is not shown', () => {
    const onLoadEarlier = vi.fn();
    render(<Page log={logOf('one', { fromStart: false })} onLoadEarlier={onLoadEarlier} />);
    expect(screen.getByText('Source: live pod · last 2,000 lines')).toBeDefined();
    fireEvent.click(screen.getByRole('button', { name: 'Load earlier' }));
    expect(onLoadEarlier).toHaveBeenCalled();
  });

  it('is empty in words', () => {
    render(<Page log={logOf('', { complete: false })} />);
    expect(screen.getByText('No output yet.')).toBeDefined();
  });

  it('says so when a task has written nothing', () => {
    render(<Page log={logOf('', { complete: true })} />);
    expect(screen.getByText('No output.')).toBeDefined();
  });

  it('draws only what is in view of 100,000 lines', () => {
    const { container } = render(<Page log={logOf('x\n'.repeat(100_000))} />);
    expect(container.querySelectorAll('.jp-kfp-Log-line').length).toBeLessThan(200);
  });
});
