// @vitest-environment node
import { beforeEach, expect, it, vi } from 'vitest';

import { createErrorBody } from '../../src/api/client';
import { SubmitFormModel, type IFormStart } from '../../src/model/submitform';

import { createPreset, FakeServer } from './fakes';

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer();
});

async function open(start: IFormStart = { source: { kind: 'file', path: 'train.yaml' } }): Promise<SubmitFormModel> {
  const none = createErrorBody({ code: 'x', message: '' });
  const words = { changed: none, locked: none, gone: () => '', unclear: none, lost: () => none };
  const options = { api: server.api, manager: server.manager, namespace: 'team-a', start, words, patience: 0 };
  const model = new SubmitFormModel(options);
  await model.ready;
  return model;
}

it('fills in the values of the last run, and says so', async () => {
  server.presets = { presets: [], last: createPreset({ name: '', parameters: { epochs: 7, depth: 2 } }) };
  const model = await open();
  await vi.waitFor(() => expect(model.state.presets.used).toBe(''));
  expect([...model.state.draft]).toEqual([['epochs', '7']]);
  model.resetValues();
  expect([model.state.draft.size, model.state.presets.used]).toEqual([0, null]);
});

it('leaves the values of a cloned run, and those that are given, as they are', async () => {
  server.presets = { presets: [], last: createPreset({ name: '', parameters: { lr: 5 } }) };
  const cloned = await open({ cloneOf: 'r1' });
  const given = await open({ source: { kind: 'file', path: 'train.yaml' }, values: { epochs: 2 } });
  await vi.waitFor(() => expect(given.state.inspection).not.toBeNull());
  expect([...cloned.state.draft]).toEqual([['epochs', '7']]);
  expect([...given.state.draft]).toEqual([['epochs', '2']]);
});

it('uses a preset, and names a parameter of it that is gone', async () => {
  const fast = createPreset({ name: 'fast', parameters: { epochs: 1, depth: 2 }, cache: 'off', experiment: 'churn' });
  server.presets = { presets: [fast], last: null };
  const model = await open();
  await vi.waitFor(() => expect(model.state.presets.named).toHaveLength(1));
  model.setValue('lr', '9');
  model.usePreset('fast');
  expect([...model.state.draft]).toEqual([['epochs', '1']]);
  expect([model.state.options.cache, model.state.experiment]).toEqual(['off', 'churn']);
  expect([model.state.presets.used, model.state.presets.gone]).toEqual(['fast', ['depth']]);
});

it('keeps what was typed under a name, and deletes it', async () => {
  const model = await open();
  model.setValue('epochs', '3');
  model.setOptions({ description: 'why' });
  expect(await model.savePreset('slow')).toBe(true);
  expect(server.presets.presets).toEqual([
    expect.objectContaining({ name: 'slow', parameters: { epochs: 3 }, description: 'why' })
  ]);
  expect(model.state.presets.used).toBe('slow');
  await model.deletePreset('slow');
  expect([model.state.presets.named, model.state.presets.used]).toEqual([[], null]);
});

it('previews what Run then sends', async () => {
  const model = await open();
  model.setValue('epochs', '3');
  await model.preview('notebooks');
  await model.submit();
  expect(server.previewed).toEqual([{ run: server.sent[0], folder: 'notebooks', clone_of: '', is_named: false }]);
});

it('names the cloned run in the code, and a run that was given a name', async () => {
  const model = await open({ cloneOf: 'r1' });
  model.setName('mine');
  await model.preview('');
  expect(server.previewed[0]).toMatchObject({ clone_of: 'r1', is_named: true });
});
