// @vitest-environment node
import { StateDB } from '@jupyterlab/statedb';
import { expect, it } from 'vitest';

import { HiddenCautions } from '../src/model/hidden';

const STALE = { code: 'context-json-stale', message: 'The SDK remembers b.', forget: 'b' };
const LATE = { code: 'token-late', message: 'It ends in 4 min.', forget: '' };

it('keeps over a reload what was hidden, in each namespace for itself', async () => {
  const state = new StateDB();
  new HiddenCautions(state).hide('team-a', STALE, [STALE, LATE]);
  const after = new HiddenCautions(state);
  await after.ready;
  expect(after.filterShown('team-a', [STALE, LATE])).toEqual([LATE]);
  expect(after.filterShown('team-b', [STALE])).toEqual([STALE]);
});

it('shows a warning again that says another thing, and one that had been mended', () => {
  const hidden = new HiddenCautions(null);
  hidden.hide('team-a', STALE, [STALE]);
  expect(hidden.filterShown('team-a', [{ ...STALE, message: 'The SDK remembers c.' }])).toHaveLength(1);
  hidden.hide('team-a', LATE, [LATE]);
  expect(hidden.filterShown('team-a', [STALE, LATE])).toEqual([STALE]);
});

it.each([null, 'text', { 'team-a': 'odd', 'team-b': [7] }])('shows all for what cannot be used: %j', async kept => {
  const state = new StateDB();
  await state.save('jupyter-kfp-mt:hidden', kept);
  const hidden = new HiddenCautions(state);
  await hidden.ready;
  expect(hidden.filterShown('team-a', [STALE, LATE])).toHaveLength(2);
});
