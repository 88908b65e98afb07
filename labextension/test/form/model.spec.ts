// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { createErrorBody, KfpApiError } from '../../src/api/client';
import type { Run } from '../../src/api/types';
import { SubmitFormModel, type IFormStart } from '../../src/model/submitform';
import { readForm, toJson } from '../../src/values/kept';
import { run } from '../run/samples';
import { FakeNotebooks, FakeServer, INSPECTION, parameter } from './fakes';

const FILE = { source: { kind: 'file', path: 'train.yaml' } } as const;
const REFUSED = new KfpApiError(createErrorBody({ code: 'kfp-timeout', message: 'No answer.' }), 424);

describe('SubmitFormModel', () => {
  let server: FakeServer;
  beforeEach(() => {
    server = new FakeServer();
  });

  async function form(start: IFormStart = FILE, notebooks: FakeNotebooks | null = null): Promise<SubmitFormModel> {
    const model = new SubmitFormModel({
      api: server.api,
      manager: server.manager,
      namespace: 'team-a',
      start,
      words: {
        changed: createErrorBody({ code: 'bad-input', message: 'The pipeline has changed.' }),
        locked: createErrorBody({ code: 'view-only', message: 'You can look but not run in team-a.' }),
        gone: experiment => `${experiment} is gone.`,
        unclear: createErrorBody({ code: 'submit-unclear', message: 'Not confirmed yet.' }),
        lost: name => createErrorBody({ code: 'not-started', message: `${name} did not start.` })
      },
      notebooks,
      patience: 0
    });
    await model.ready;
    return model;
  }

  it('sends only what was touched, with its type', async () => {
    const model = await form();
    model.setValue('epochs', '3');
    model.setValue('config', '{"a": [1]}');
    await model.submit();
    expect(server.sent).toEqual([
      expect.objectContaining({
        source: { kind: 'file', path: 'train.yaml' },
        parameters: { epochs: 3, config: { a: [1] } },
        experiment: 'Default',
        display_name: 'train 2026-03-12 14-02',
        cache: 'compiled'
      })
    ]);
  });

  it('sends once, however often Run is pressed', async () => {
    const model = await form();
    await Promise.all([model.submit(), model.submit(), model.submit()]);
    await model.submit();
    expect(server.sent).toHaveLength(1);
  });

  it('is as it was left when it is opened again, and what was sent is not sent as another run', async () => {
    const model = await form();
    model.setValue('epochs', '3');
    model.setName('mine');
    model.setExperiment('churn');
    await model.submit();
    const again = await form({ kept: readForm(toJson({ ...model.kept, key: server.sent[0]?.submit_key ?? '' })) });
    expect({ ...again.kept, key: '' }).toEqual({ ...model.kept, key: '' });
    await again.submit();
    expect(server.sent[1]).toEqual(server.sent[0]);
    expect(server.sent[1]?.parameters).toEqual({ epochs: 3 });
  });

  it('is another wish once it was changed', async () => {
    const model = await form();
    const again = await form({ kept: model.kept });
    again.setValue('epochs', '4');
    expect(again.kept.key).not.toBe(model.kept.key);
  });

  it('takes a cloned run as it was left, not as the run was', async () => {
    const model = await form({ cloneOf: 'r1' });
    model.setValue('epochs', '8');
    const again = await form({ kept: model.kept });
    expect(again.state.clonedValues['epochs']).toBe(7);
    expect(again.fields.find(({ spec }) => spec.name === 'epochs')?.text).toBe('8');
  });

  it.each([undefined, null, 'x', {}, { id: '../x' }])('keeps nothing of %o', value => {
    expect(readForm(value)).toBeNull();
  });

  it('emits the run when it has started', async () => {
    const model = await form();
    const started: Run[] = [];
    model.submitted.connect((_, run) => started.push(run));
    await model.submit();
    expect(started.map(run => run.run_id)).toEqual(['run-1-0000']);
    expect(model.state.stages.map(stage => stage.state)).toEqual(['done', 'done']);
  });

  it('sends nothing while a value is wrong', async () => {
    const model = await form();
    model.setValue('lr', '0,01');
    await model.submit();
    expect(server.sent).toEqual([]);
  });

  it('keeps the failed stage with its error, and can try again', async () => {
    const model = await form();
    const submit = server.submit;
    server.submit = () => Promise.reject(REFUSED);
    await model.submit();
    expect(model.state.stages.map(stage => stage.state)).toEqual(['done', 'failed']);
    expect([model.state.submitError?.code, model.state.busy]).toEqual(['kfp-timeout', false]);
    server.submit = submit;
    await model.submit();
    expect([server.sent.length, model.state.submitError]).toEqual([1, null]);
  });

  describe('when it is not known whether the run started', () => {
    const unclear = run('UNCONFIRMED');

    async function unclearForm(): Promise<SubmitFormModel> {
      const model = await form();
      server.submit = vi.fn(() => Promise.resolve(unclear));
      await model.submit();
      return model;
    }

    it('stays shut, so that nothing is sent twice', async () => {
      const model = await unclearForm();
      await model.submit();
      expect(server.submit).toHaveBeenCalledTimes(1);
      expect([model.state.submitError?.code, model.state.busy]).toEqual(['submit-unclear', true]);
    });

    it('goes to the run when it turns up', async () => {
      const model = await unclearForm();
      const started: Run[] = [];
      model.submitted.connect((_, each) => started.push(each));
      server.runChanged.emit({ run: run('RUNNING'), previous: 'UNCONFIRMED' });
      expect(started.map(each => each.phase)).toEqual(['RUNNING']);
    });

    it('can try again when it is given up', async () => {
      const model = await unclearForm();
      server.submitLost.emit(unclear);
      expect([model.state.submitError?.message, model.state.busy]).toEqual([
        'train 2026-03-12 14-02 did not start.',
        false
      ]);
    });
  });

  it('does not send to a file that has changed since', async () => {
    const model = await form();
    const parameters = [parameter('other', 'STRING')];
    server.inspect = () => Promise.resolve({ ...INSPECTION, pipeline: { ...INSPECTION.pipeline, parameters } });
    await model.submit();
    expect([server.sent.length, model.state.submitError?.message]).toEqual([0, 'The pipeline has changed.']);
    expect(model.fields.map(field => field.spec.name)).toEqual(['other']);
  });

  it('clones a run: its spec, its values, its experiment', async () => {
    const model = await form({ cloneOf: 'run-1-0000' });
    expect(server.inspected).toEqual([{ kind: 'text', text: 'the spec' }]);
    expect(model.state).toMatchObject({ clonedFrom: 'prepare-data', experiment: 'churn', choice: 'run' });
    await model.submit();
    expect(server.sent[0]?.parameters).toEqual({ epochs: 7 });
  });

  it('takes the newest version of a pipeline, or the chosen one', async () => {
    const model = await form({});
    model.choose('pipeline');
    await model.setPipeline('p1');
    expect(server.inspected.at(-1)).toEqual({ kind: 'pipeline', pipeline_id: 'p1', pipeline_version_id: 'v2' });
    model.setVersion('v1');
    expect(server.inspected.at(-1)).toMatchObject({ pipeline_version_id: 'v1' });
  });

  it('drops an answer that comes after a newer question', async () => {
    const model = await form({});
    const late: ((error: Error) => void)[] = [];
    server.inspect = () => new Promise((_, reject) => late.push(reject));
    model.setPath('slow.yaml', true);
    server.inspect = () => Promise.resolve(INSPECTION);
    model.setPath('fast.yaml', true);
    late.forEach(reject => reject(REFUSED));
    await vi.waitFor(() => expect(model.state.inspection).not.toBeNull());
    expect(model.state.sourceError).toBeNull();
  });

  it('says why a source cannot be read', async () => {
    server.inspect = () => Promise.reject(REFUSED);
    const model = await form();
    expect([model.state.sourceError?.code, model.state.inspection]).toEqual(['kfp-timeout', null]);
  });

  it('creates an experiment and chooses it', async () => {
    const model = await form();
    await model.createExperiment('nightly');
    expect([server.created, model.state.experiment]).toEqual([['nightly'], 'nightly']);
  });

  const NOTEBOOK: IFormStart = { source: { kind: 'notebook', path: 'a/analysis.ipynb' }, experiment: 'Default' };
  const CELL: IFormStart = { source: { kind: 'cell', path: 'a/analysis.ipynb', text: 'print(lr)' }, cell: 3 };

  it('runs a notebook with what goes along, says where it comes from, and keeps the experiment in it', async () => {
    const notebooks = new FakeNotebooks();
    const model = await form(NOTEBOOK, notebooks);
    model.notebook.setLuggage({ files: ['raw.csv'], image: 'mine:1' });
    model.setExperiment('churn');
    await vi.waitFor(() => expect(model.state.inspecting).toBe(false));
    await model.submit();
    expect(server.sent).toEqual([
      expect.objectContaining({
        source: { kind: 'notebook', path: 'a/analysis.ipynb', files: ['raw.csv'], packages: [], image: 'mine:1' },
        origin: { path: 'a/analysis.ipynb', notebook_id: 'n1', cell: 0 }
      })
    ]);
    expect([notebooks.experiment, model.state.stages.map(({ id }) => id)]).toEqual([
      'churn',
      ['check', 'compile', 'start']
    ]);
  });

  it('chooses the experiment of the notebook, or the default with a hint when that is gone', async () => {
    const notebooks = new FakeNotebooks();
    notebooks.experiment = 'churn';
    server.experiments = [{ display_name: 'Default' }, { display_name: 'churn' }];
    expect((await form(NOTEBOOK, notebooks)).state).toMatchObject({ experiment: 'churn', experimentHint: '' });
    server.experiments = [{ display_name: 'Default' }];
    const { state } = await form(NOTEBOOK, notebooks);
    expect(state).toMatchObject({ experiment: 'Default', experimentHint: 'churn is gone.' });
  });

  it('knows of changes that are not saved, and saves them', async () => {
    const notebooks = new FakeNotebooks();
    const model = await form(NOTEBOOK, notebooks);
    notebooks.unsaved = true;
    notebooks.changed.emit();
    expect(model.state.unsaved).toBe(true);
    await model.notebook.save();
    notebooks.changed.emit();
    expect([notebooks.saved, model.state.unsaved]).toEqual([['a/analysis.ipynb'], false]);
  });

  it('packs what is imported once; packages only for a cluster', async () => {
    const wanted = [
      { module: 'features', requirement: '', file: 'features.py', is_listed: false },
      { module: 'pandas', requirement: 'pandas==2.2', file: '', is_listed: false }
    ];
    server.inspect = () => Promise.resolve({ ...INSPECTION, imports: wanted });
    const model = await form(NOTEBOOK, new FakeNotebooks());
    expect(model.state.luggage).toMatchObject({ files: ['features.py'], packages: ['pandas==2.2'] });
    model.notebook.setLuggage({ files: [], packages: [] });
    await vi.waitFor(() => expect(model.state.inspecting).toBe(false));
    expect(model.state.luggage).toMatchObject({ files: [], packages: [] });
  });

  it('sends a value of the kernel only when it is asked to, and says why one cannot be sent', async () => {
    const notebooks = new FakeNotebooks();
    notebooks.values = { lr: 0.1 };
    const model = await form(CELL, notebooks);
    expect([await model.notebook.sendValue('lr'), await model.notebook.sendValue('df')]).toEqual(['', 'It cannot be sent.']);
    await vi.waitFor(() => expect(model.state.inspecting).toBe(false));
    await model.submit();
    expect(server.sent[0]).toMatchObject({
      source: { kind: 'cell', text: 'print(lr)', inputs: { lr: 0.1 } },
      origin: { cell: 3 }
    });
    model.notebook.keepValue('lr');
    expect(model.state.luggage.inputs).toEqual({});
  });

  it('stops at the first stage that fails', async () => {
    const model = await form(NOTEBOOK, new FakeNotebooks());
    server.status = { can_run: false, error: null };
    await model.submit();
    expect(model.state.submitError?.code).toBe('view-only');
    server.status = { can_run: true, error: null };
    server.inspect = () => Promise.reject(new KfpApiError(createErrorBody({ code: 'compile-failed', message: '' }), 400));
    await model.submit();
    expect(model.state.stages.map(({ state }) => state)).toEqual(['done', 'failed', 'waiting']);
    expect(server.sent).toEqual([]);
  });

  it('is a cell or a notebook again when it is opened again', async () => {
    const model = await form({ ...CELL, source: { kind: 'cell', path: 'a.ipynb', text: 'x', packages: ['pandas'] } });
    const kept = readForm(toJson(model.kept));
    const again = await form({ kept });
    expect(again.state).toMatchObject({ choice: 'cell', code: 'x', cell: 3, luggage: { packages: ['pandas'] } });
  });

  it('takes a Python file, and a function of it', async () => {
    const model = await form({ source: { kind: 'file', path: 'pipelines.py' } });
    expect(model.state.choice).toBe('python');
    model.setFunction('train');
    await vi.waitFor(() => expect(model.state.inspecting).toBe(false));
    expect(server.inspected.at(-1)).toEqual({ kind: 'file', path: 'pipelines.py', function: 'train' });
    model.choose('file');
    model.choose('python');
    expect(model.state.path).toBe('pipelines.py');
  });
});
