import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, screen } from '@testing-library/react';
import { StateDB } from '@jupyterlab/statedb';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { afterEach, expect, it } from 'vitest';

import type { Status } from '../src/api/types';
import { createErrorBody } from '../src/api/errors';
import { SectionSizes } from '../src/plugins/sizes';
import { HiddenCautions } from '../src/model/hidden';
import { RunManager } from '../src/model/manager';
import { Registry } from '../src/registry';
import type { IOpenWork } from '../src/views/access';
import { KfpPanel } from '../src/views/panel';
import type { IPanelSection } from '../src/views/sections/section';
import { SECTIONS } from '../src/views/sections/sections';
import { fakeApi, FakeStream, format, json, run, status, trans, waitFor } from './samples';

let manager: RunManager;
let panel: KfpPanel;
let asked: Request[];
let experiments: string[] = [];
let sections: Registry<IPanelSection>;
const work = (): IOpenWork => ({ unsaved: 0, kernels: 0, terminals: 0 });

afterEach(() => {
  panel.dispose();
  manager.dispose();
});

/** The panel on a page, over a server with one run and this status. */
async function show(fields: Partial<Status> = {}): Promise<FakeStream> {
  asked = [];
  sections = new Registry(SECTIONS);
  const stream = new FakeStream();
  const api = fakeApi(
    {
      'GET status': () => json(status(fields)),
      'GET namespaces/team-a/runs': () =>
        json({ runs: [run({ run_id: 'a' })], total_size: 1, next_page_token: '' }),
      'GET namespaces/team-a/experiments': () =>
        json({ experiments: experiments.map(name => ({ experiment_id: name, display_name: name })) }),
      'GET namespaces/team-a/events': () => stream.response
    },
    asked
  );
  manager = new RunManager({ api, pages: null, isPageVisible: () => true });
  const hidden = new HiddenCautions(null);
  panel = new KfpPanel({
    manager,
    sections,
    commands: new CommandRegistry(),
    format,
    translator: nullTranslator,
    work,
    hidden
  });
  Widget.attach(panel, document.body);
  await manager.ready;
  return stream;
}

it('asks for what is open, and for nothing that is folded', async () => {
  await show();
  await waitFor(() => expect(asked.some(request => request.url.includes('/events'))).toBe(true));
  expect(asked.filter(request => /experiments|pipelines\?/.test(request.url))).toEqual([]);
});

it('lists what was made in another place, at a refresh and by itself', async () => {
  experiments = ['first'];
  await show({ embedded: true });
  fireEvent.click(screen.getByText('Experiments'));
  await screen.findByText('first');
  experiments = ['second'];
  await manager.refresh();
  await screen.findByText('second');
  experiments = ['third'];
  await waitFor(() => expect(screen.getByText('third').isConnected).toBe(true));
});

it('has the heights of its sections back after a reload', async () => {
  await show();
  const state = new StateDB();
  const open = async (): Promise<void> => new SectionSizes(panel, state).begin();
  await open();
  panel.setSectionSizes({ runs: 0.7, experiments: 0.3, pipelines: 0 });
  await waitFor(async () => expect(await state.fetch('jupyter-kfp-mt:sections')).toMatchObject({ pipelines: 0 }));
  for (let reload = 0; reload < 3; reload++) {
    panel.dispose();
    manager.dispose();
    await show();
    await open();
  }
  expect([panel.content.widgets.map(({ isHidden }) => isHidden)]).toEqual([[false, false, true, true]]);
});

it('lets the stream go while it is not in view, and when it is closed', async () => {
  const stream = await show();
  await waitFor(() => expect(asked.some(request => request.url.includes('/events'))).toBe(true));
  panel.hide();
  await waitFor(() => expect(stream.cancelled).toBe(true));
});

it('has the notice in place of all sections when nothing can be shown', async () => {
  const error = createErrorBody({ code: 'no-kubeflow', message: 'No Kubeflow Pipelines found.' });
  await show({ connected: false, namespace: '', can_start_embedded: true, error });
  expect((await screen.findByRole('heading', { level: 3, name: error.message })).textContent).toBe(error.message);
  expect(panel.content.isHidden).toBe(true);
});

it('is a region with a name', async () => {
  await show();
  expect(screen.getByRole('region', { name: 'Kubeflow Pipelines' })).toBe(panel.node);
});

it('shows a section that another plugin adds, at its rank, until it is taken away', async () => {
  await show();
  const added = sections.add({ id: 'more', rank: 15, title: () => trans.__('More'), count: () => '7', Body: () => null });
  const labels = (): string[] => panel.content.widgets.map(({ title }) => title.label);
  expect(labels()).toEqual(['Runs', 'More', 'Experiments', 'Pipelines', 'Recurring runs']);
  added.dispose();
  expect(labels()).toEqual(['Runs', 'Experiments', 'Pipelines', 'Recurring runs']);
});
