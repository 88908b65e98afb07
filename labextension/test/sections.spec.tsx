import { Dialog, Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Pipeline, RecurringRun } from '../src/api/types';
import { CommandIDs } from '../src/commandids';
import { HiddenCautions } from '../src/model/hidden';
import { RunManager } from '../src/model/manager';
import { Registry } from '../src/registry';
import { KfpPanel } from '../src/views/panel';
import { PipelineActions } from '../src/views/pipelineactions';
import { RecurringActions } from '../src/views/recurringactions';
import { SECTIONS } from '../src/views/sections/sections';
import { fakeApi, FakeStream, format, json, run, status, trans, waitFor, type Answer } from './samples';

const RECURRING: RecurringRun = {
  recurring_run_id: 'r1',
  display_name: 'train weekdays',
  description: '',
  pipeline_version_reference: null,
  pipeline_spec: null,
  runtime_config: null,
  service_account: '',
  max_concurrency: 1,
  trigger: { cron_schedule: { cron: '0 0 9 * * 1-5', start_time: null, end_time: null }, periodic_schedule: null },
  created_at: '2026-03-01T00:00:00Z',
  updated_at: null,
  status: 'ENABLED',
  error: null,
  no_catchup: true,
  namespace: 'team-a',
  experiment_id: 'e1',
  experiment_name: 'churn',
  schedule: 'Weekdays 09:00',
  time_zone: 'Asia/Tokyo',
  next_starts: ['2030-03-13T09:00:00Z'],
  last_run: run({ run_id: 'last', phase: 'FAILED' })
};

function pipeline(fields: Partial<Pipeline> & Pick<Pipeline, 'pipeline_id'>): Pipeline {
  const name = fields.pipeline_id;
  const rest = { description: '', created_at: null, namespace: 'team-a', error: null, versions: 2 };
  return { display_name: name, name, ...rest, ...fields };
}

let routes: Record<string, Answer>;
let asked: Request[];
let manager: RunManager;
let panel: KfpPanel;
let done: unknown[];

beforeEach(async () => {
  asked = [];
  done = [];
  routes = {
    'GET status': () => json(status()),
    'GET namespaces/team-a/runs': () => json({ runs: [run({ run_id: 'a' })], total_size: 1, next_page_token: '' }),
    'GET namespaces/team-a/events': () => new FakeStream().response,
    'GET namespaces/team-a/recurring-runs': () =>
      json({ recurringRuns: [RECURRING], total_size: 1, next_page_token: '' }),
    'GET namespaces/team-a/recurring-runs/r1': () => json(RECURRING),
    'GET namespaces/team-a/pipelines': request => {
      const query = new URL(request.url).searchParams;
      if (query.get('shared')) {
        return json({ pipelines: [pipeline({ pipeline_id: 'for all', namespace: '' })], total_size: 1 });
      }
      const names = ['digits', 'train', ...Array.from({ length: 10 }, (_, index) => `p${index}`)];
      const found = names.filter(name => name.includes(query.get('search') ?? ''));
      const from = query.get('page_token') ? 5 : 0;
      const pipelines = found.slice(from, from + 5).map(pipeline_id => pipeline({ pipeline_id }));
      return json({ pipelines, total_size: found.length, next_page_token: from + 5 < found.length ? 'more' : '' });
    }
  };
  manager = new RunManager({ api: fakeApi(routes, asked), pages: null, isPageVisible: () => true });
  const commands = new CommandRegistry();
  for (const id of Object.values(CommandIDs)) {
    commands.addCommand(id, { label: id, execute: args => done.push([id, args]) });
  }
  panel = new KfpPanel({
    manager,
    sections: new Registry(SECTIONS),
    commands,
    format,
    translator: nullTranslator,
    work: () => ({ unsaved: 0, kernels: 0, terminals: 0 }),
    hidden: new HiddenCautions(null)
  });
  Widget.attach(panel, document.body);
  await manager.ready;
});

afterEach(() => {
  panel.dispose();
  manager.dispose();
});

const open = (title: string): boolean => fireEvent.click(screen.getByText(title));

/** The dialog, once it is there. */
async function findDialog(): Promise<HTMLElement> {
  const label = await screen.findByText('Delete', { selector: '.jp-Dialog-buttonLabel' });
  return label.closest('.jp-Dialog') as HTMLElement;
}

describe('the section of recurring runs', () => {
  it('says schedule, next start and last state, and switches', async () => {
    open('Recurring runs');
    const row = await screen.findByRole('listitem');
    expect(row.textContent).toContain('Weekdays 09:00 Asia/Tokyo');
    expect(row.textContent).toContain('next 13 Mar 2030, 09:00');
    expect(within(row).getByRole('img', { name: 'Failed' }).isConnected).toBe(true);
    const toggle = within(row).getByRole('switch', { name: 'train weekdays is on' });
    expect(toggle.getAttribute('aria-checked')).toBe('true');
    fireEvent.click(toggle);
    fireEvent.click(within(row).getByRole('button', { name: /^train weekdays, / }));
    const args = { recurring_run_id: 'r1' };
    expect(done).toEqual([
      [CommandIDs.toggleRecurringRun, args],
      [CommandIDs.showRecurringRuns, args]
    ]);
  });

  it('teaches while it is empty, and its + begins one', async () => {
    routes['GET namespaces/team-a/recurring-runs'] = () => json({ recurringRuns: [], total_size: 0 });
    open('Recurring runs');
    await screen.findByText('Start one from New run → On a schedule.');
    const [plus] = screen.getAllByRole('button', { name: 'New recurring run' });
    fireEvent.click(plus as HTMLElement);
    expect(done).toEqual([[CommandIDs.newRecurringRun, {}]]);
  });
});

describe('the section of pipelines', () => {
  it('has two groups, pages and a search', async () => {
    open('Pipelines');
    const own = await screen.findByRole('list', { name: 'Private' });
    expect(within(own).getAllByRole('listitem')).toHaveLength(5);
    expect((await screen.findByRole('list', { name: 'Shared' })).textContent).toContain('for all');
    fireEvent.click(screen.getByRole('button', { name: 'Show 7 more' }));
    await waitFor(() => expect(within(own).getAllByRole('listitem')).toHaveLength(10));
    fireEvent.change(screen.getByRole('searchbox', { name: 'Search pipelines' }), { target: { value: 'digits' } });
    await waitFor(() => expect(screen.getAllByRole('listitem')).toHaveLength(2));
    fireEvent.click(screen.getByRole('button', { name: /^digits, Private, 2 versions/ }));
    expect(done).toEqual([[CommandIDs.openPipeline, { pipeline_id: 'digits' }]]);
  });
});

describe('an action on a recurring run', () => {
  const actions = (): RecurringActions => new RecurringActions(manager, new CommandRegistry(), trans);

  it('shows its runs', async () => {
    await actions().showRuns('team-a', 'r1');
    expect(manager.list.filter.recurring).toEqual({ recurring_run_id: 'r1', display_name: 'train weekdays' });
  });

  it('says what the switch was not able to do', async () => {
    routes['POST namespaces/team-a/recurring-runs/r1/disable'] = () =>
      json({ code: 'forbidden', message: 'You may not disable it.', why: '', next: '', command: '' }, 403);
    await actions().toggle('team-a', 'r1');
    expect(Notification.manager.notifications.at(-1)?.message).toBe('You may not disable it.');
  });

  it('deletes after a question whose focus is on Cancel', async () => {
    routes['DELETE namespaces/team-a/recurring-runs/r1'] = () => json({});
    const removed = actions().remove('team-a', 'r1');
    const dialog = await findDialog();
    expect(dialog.textContent).toContain('No more runs start. Runs that have started go on.');
    await waitFor(() => expect(document.activeElement?.textContent).toBe('Cancel'));
    fireEvent.click(within(dialog).getByText('Delete'));
    await removed;
    expect(asked.some(request => request.method === 'DELETE')).toBe(true);
  });
});

describe('the question before a pipeline is deleted', () => {
  const ask = (versions: number, recurring_runs: string[]): Promise<void> => {
    const view = { pipeline: pipeline({ pipeline_id: 'digits', versions }), recurring_runs, used_versions: [] };
    routes['GET namespaces/team-a/pipelines/digits'] = () => json(view);
    routes['DELETE namespaces/team-a/pipelines/digits'] = () => json({});
    return new PipelineActions(manager, trans, () => Promise.resolve()).remove('team-a', 'digits');
  };
  afterEach(() => Dialog.flush());

  it('wants the name typed when there is something to lose', async () => {
    const removed = ask(3, ['nightly']);
    const dialog = await findDialog();
    expect(dialog.textContent).toContain('3 versions are removed.1 recurring run uses it and will fail.');
    const button = within(dialog).getByText('Delete').closest('button');
    expect(button?.disabled).toBe(true);
    fireEvent.input(dialog.querySelector('input') as HTMLElement, { target: { value: 'digits' } });
    expect(button?.disabled).toBe(false);
    fireEvent.click(button as HTMLElement);
    await removed;
    expect(asked.some(request => request.method === 'DELETE')).toBe(true);
  });

  it('wants nothing typed for one version that nothing uses, and Cancel keeps it', async () => {
    const removed = ask(1, []);
    const dialog = await findDialog();
    expect(dialog.querySelector('input')).toBeNull();
    fireEvent.click(within(dialog).getByText('Cancel'));
    await removed;
    expect(asked.some(request => request.method === 'DELETE')).toBe(false);
  });
});
