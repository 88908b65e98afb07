import { CommandRegistry } from '@lumino/commands';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CommandIDs } from '../src/commandids';
import { addCommands, listCommands } from '../src/commands';
import type {
  IExperimentActions,
  IOpenForm,
  IPage,
  IPipelineActions,
  IRecurringActions,
  IRunActions
} from '../src/commands';
import type { ICommand } from '../src/commands/table';
import type { Run, Status } from '../src/api/types';
import { EVERYTHING } from '../src/filter';
import { RunManager } from '../src/model/manager';
import { fakeApi, format, json, run, status } from './samples';

const RUNS = [
  run({ run_id: 'running' }),
  run({ run_id: 'failed', phase: 'FAILED' }),
  run({ run_id: 'done', phase: 'SUCCEEDED' }),
  run({ run_id: 'sent', phase: 'UNCONFIRMED' })
];

let manager: RunManager;
let commands: CommandRegistry;
let rows: readonly ICommand[];
let page: IPage;
let actions: IRunActions;
let experiments: IExperimentActions;
let form: IOpenForm | null;
let recurring: IRecurringActions;
let pipelines: IPipelineActions;

/** The commands over a server with three runs and this status. */
async function begin(fields: Partial<Status> = {}): Promise<void> {
  const elsewhere = run({ run_id: 'elsewhere', namespace: '', phase: 'FAILED' });
  const api = fakeApi({
    'GET status': () => json(status(fields)),
    'GET namespaces/team-a/runs': () => json({ runs: RUNS, total_size: 3, next_page_token: '' }),
    'GET namespaces/team-b/runs/elsewhere': () => json({ run: elsewhere, tasks: [], parameters: [], spec: '' })
  });
  manager = new RunManager({ api, pages: null });
  commands = new CommandRegistry();
  rows = listCommands({
    manager,
    page,
    actions,
    experiments: () => Promise.resolve(experiments),
    recurring: () => Promise.resolve(recurring),
    pipelines: () => Promise.resolve(pipelines),
    format,
    notebooks: null
  });
  addCommands(commands, rows);
  await manager.ready;
}

beforeEach(() => {
  form = null;
  const calls = { togglePanel: vi.fn(), openRun: vi.fn(), openForm: vi.fn(), openNotebook: vi.fn(), downloadNotebook: vi.fn(), openDoctor: vi.fn() };
  page = {
    ...calls,
    openPipeline: vi.fn(),
    openSettings: vi.fn(),
    whoAmI: vi.fn(),
    linkTo: (id, namespace) => `${namespace}/${id}`,
    chosenFile: () => 'chosen.yaml',
    openRunsTable: vi.fn(),
    chooseFilter: () => Promise.resolve({ experiment: { experiment_id: 'e1', display_name: 'churn' } }),
    setPageSize: vi.fn(),
    openLog: vi.fn(),
    currentForm: () => form,
    kubeflow: { why: undefined, open: vi.fn() },
    chooseNamespace: () => Promise.resolve('team-b'),
    upload: vi.fn()
  };
  experiments = { create: vi.fn(), archive: vi.fn(), restore: vi.fn(), remove: vi.fn() };
  recurring = { showRuns: vi.fn(), runNow: vi.fn(), toggle: vi.fn(), remove: vi.fn() };
  pipelines = { uploadVersion: vi.fn(), remove: vi.fn() };
  actions = {
    terminate: vi.fn(),
    retry: vi.fn(),
    archive: vi.fn(),
    restore: vi.fn(),
    remove: vi.fn(),
    runExample: () => Promise.resolve(run({ run_id: 'new' })),
    startEmbedded: vi.fn(),
    stopEmbedded: vi.fn(),
    say: vi.fn(),
    fail: vi.fn()
  };
});

afterEach(() => manager.dispose());

/** The ids of the runs that `act` was last called with. */
function ids(act: (runs: readonly Run[]) => Promise<void>): string[] {
  return vi.mocked(act).mock.lastCall?.[0].map(each => each.run_id) ?? [];
}

describe('a command on runs', () => {
  it('acts on those of the chosen rows that it fits', async () => {
    await begin();
    manager.list.selection.set(['running', 'failed', 'done'], 'done');
    await commands.execute(CommandIDs.terminate);
    await commands.execute(CommandIDs.retry);
    expect([ids(actions.terminate), ids(actions.retry)]).toEqual([['running'], ['failed']]);
  });

  it('is off, and says why, while no row is chosen', async () => {
    await begin();
    expect(commands.isEnabled(CommandIDs.retry)).toBe(false);
    expect(commands.caption(CommandIDs.retry)).toBe('Select a run first.');
  });

  it('is off where it does not fit the row', async () => {
    await begin();
    manager.list.selection.set([], 'done');
    const able = [CommandIDs.terminate, CommandIDs.retry, CommandIDs.restore, CommandIDs.archive];
    expect(able.map(id => commands.isEnabled(id))).toEqual([false, false, false, true]);
  });

  it('is off, and says why, for a run that is not confirmed', async () => {
    await begin();
    manager.list.selection.set([], 'sent');
    for (const id of [CommandIDs.terminate, CommandIDs.retry, CommandIDs.archive, CommandIDs.remove, CommandIDs.clone]) {
      expect(commands.isEnabled(id), id).toBe(false);
    }
    expect(commands.caption(CommandIDs.terminate)).toBe('This run is not confirmed yet.');
  });

  it('is off, and says why, for a person who may only look', async () => {
    await begin({ can_run: false });
    manager.list.selection.set([], 'running');
    expect(commands.isEnabled(CommandIDs.terminate)).toBe(false);
    expect(commands.caption(CommandIDs.terminate)).toBe('You can look but not run in team-a.');
  });

  it('finds a run that is not in the list, in its own namespace', async () => {
    await begin();
    await commands.execute(CommandIDs.retry, { run_id: 'elsewhere', namespace: 'team-b' });
    expect(vi.mocked(actions.retry).mock.lastCall?.[0][0]).toMatchObject({
      run_id: 'elsewhere',
      namespace: 'team-b'
    });
  });
});

it('submits the form in front, and says why it cannot', async () => {
  await begin();
  expect(commands.caption(CommandIDs.submit)).toBe('Open the form for a new run first.');
  form = { whyNotRun: 'lr: “x” is not a number.', whyNotInsert: undefined, submit: vi.fn(), insertCode: vi.fn() };
  expect(commands.isEnabled(CommandIDs.submit)).toBe(false);
  expect(commands.caption(CommandIDs.submit)).toBe('lr: “x” is not a number.');
  await commands.execute(CommandIDs.insertCode);
  expect(form.insertCode).toHaveBeenCalledOnce();
});

it('opens the log of a run, and its page of Kubeflow', async () => {
  await begin();
  await commands.execute(CommandIDs.openLog, { run_id: 'failed' });
  await commands.execute(CommandIDs.openKubeflowUi, { run_id: 'failed' });
  expect(vi.mocked(page.openLog).mock.lastCall).toEqual(['failed', 'team-a']);
  expect(vi.mocked(page.kubeflow.open).mock.lastCall).toEqual(['failed', 'team-a']);
});

it('opens the run that the example has become', async () => {
  await begin();
  await commands.execute(CommandIDs.runExample);
  expect(vi.mocked(page.openRun).mock.lastCall).toEqual(['new', 'team-a']);
});

it('runs the file that is named, else the one that is chosen', async () => {
  await begin();
  await commands.execute(CommandIDs.runFile, { path: 'a.yaml' });
  await commands.execute(CommandIDs.runFile);
  const sources = vi.mocked(page.openForm).mock.calls.map(([start]) => start.source);
  expect(sources).toEqual([
    { kind: 'file', path: 'a.yaml' },
    { kind: 'file', path: 'chosen.yaml' }
  ]);
});

it('takes only a source that can be one', async () => {
  await begin();
  await commands.execute(CommandIDs.newRun, { source: { kind: 'evil', path: 'x' } });
  await commands.execute(CommandIDs.newRun, { source: { kind: 'file', path: 7 } });
  const sources = vi.mocked(page.openForm).mock.calls.map(([start]) => start.source);
  expect([sources[0], sources[1]?.path]).toEqual([undefined, '']);
});

it('offers to start the embedded server only where that is possible', async () => {
  await begin({ connected: false, can_start_embedded: true });
  expect(commands.isEnabled(CommandIDs.startEmbedded)).toBe(true);
  manager.dispose();
  await begin();
  expect(commands.isEnabled(CommandIDs.startEmbedded)).toBe(false);
});

it('asks for the namespace where none is named', async () => {
  await begin();
  await commands.execute(CommandIDs.switchNamespace);
  expect(manager.connection.namespace).toBe('team-b');
});

it('gives every command a label, a caption and an icon, and says which arguments it takes', async () => {
  await begin();
  expect(rows.map(({ id }) => id).sort()).toEqual(Object.values(CommandIDs).sort());
  for (const { id } of rows) {
    expect(commands.label(id), id).not.toBe('');
    expect(commands.caption(id), id).not.toBe('');
    expect(commands.icon(id), id).toBeTypeOf('object');
    expect(await commands.describedBy(id), id).toHaveProperty('args');
  }
});

it('says of each command that is off why, in the place of its caption', async () => {
  await begin({ connected: false, can_run: false });
  const off = rows.filter(({ id }) => !commands.isEnabled(id));
  expect(off.map(({ id }) => id)).toContain(CommandIDs.retry);
  for (const { id, caption } of off) {
    expect(commands.caption(id), id).not.toBe(caption);
  }
});

it('filters by several states, by an experiment, and clears that again', async () => {
  await begin();
  const { list } = manager;
  await commands.execute(CommandIDs.filter, { state: 'SKIPPED' });
  await commands.execute(CommandIDs.filter, { state: 'FAILED' });
  await commands.execute(CommandIDs.filterBy, { subject: 'experiment' });
  await commands.execute(CommandIDs.sort, { field: 'display_name', descending: false });
  expect(list.filter).toMatchObject({ states: ['FAILED', 'SKIPPED'], experiment: { experiment_id: 'e1' } });
  expect(commands.isToggled(CommandIDs.filter, { state: 'FAILED' })).toBe(true);
  expect(commands.isToggled(CommandIDs.sort, { field: 'display_name', descending: false })).toBe(true);
  await commands.execute(CommandIDs.clearFilter);
  expect(list.filter).toEqual(EVERYTHING);
});

it('acts on an experiment by its id, and shows its runs', async () => {
  await begin();
  const args = { experiment_id: 'e1', display_name: 'churn' };
  await commands.execute(CommandIDs.showExperimentRuns, args);
  await commands.execute(CommandIDs.newRunInExperiment, args);
  await commands.execute(CommandIDs.archiveExperiment, args);
  expect(manager.list.filter.experiment).toEqual(args);
  expect(vi.mocked(page.openForm).mock.lastCall).toEqual([{ experiment: 'churn' }]);
  expect(vi.mocked(experiments.archive).mock.lastCall).toEqual(['team-a', 'e1']);
  expect(commands.isEnabled(CommandIDs.deleteExperiment)).toBe(false);
});
