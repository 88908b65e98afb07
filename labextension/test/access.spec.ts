import { Notification } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import { fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { createErrorBody } from '../src/api/errors';
import type { ErrorBody, Status } from '../src/api/types';
import { RunManager } from '../src/model/manager';
import type { IOpenWork } from '../src/views/access';
import { AccessSteps } from '../src/views/access';
import { fakeApi, json, status, trans, waitFor } from './samples';
import type { Answer } from './samples';

let manager: RunManager;
let steps: AccessSteps;
let server: { error: ErrorBody | null; fields: Partial<Status>; more: Record<string, Answer> };
let saved: number;
let work: IOpenWork;

const missing = (code: string): ErrorBody =>
  createErrorBody({ code, message: 'No token.', command: 'kubectl apply\nkind: PodDefault\nEOF' });

beforeEach(async () => {
  saved = 0;
  server = { error: missing('no-token-no-option'), fields: {}, more: {} };
  const api = fakeApi({
    'GET status': () => json(status({ connected: server.error === null, error: server.error, ...server.fields })),
    'GET namespaces/team-a/runs': () => json({ runs: [], total_size: 0, next_page_token: '' }),
    'POST access-option': request => server.more['option']?.(request) ?? json({}),
    'POST notebook/restart': request => server.more['restart']?.(request) ?? json({})
  });
  const commands = new CommandRegistry();
  commands.addCommand('docmanager:save-all', { execute: () => void (saved += 1) });
  manager = new RunManager({ api, pages: null, isPageVisible: () => true });
  work = { unsaved: 2, kernels: 3, terminals: 1 };
  steps = new AccessSteps({ manager, commands, trans, work: () => work });
  await manager.ready;
});

afterEach(() => {
  steps.dispose();
  manager.dispose();
  document.body.replaceChildren();
  Notification.dismiss();
});

async function press(name: string): Promise<void> {
  fireEvent.click(await screen.findByText(name, { selector: '.jp-Dialog-buttonLabel' }));
}

it('shows the option, creates it on confirmation, and checks for the next step', async () => {
  const created = steps.createOption(missing('no-token-no-option'));
  server.error = missing('no-token-not-chosen');
  expect((await screen.findByText('kind: PodDefault')).isConnected).toBe(true);
  await press('Create');
  await created;
  expect(manager.connection.error?.code).toBe('no-token-not-chosen');
});

it('does nothing when the person changes their mind', async () => {
  server.more['restart'] = vi.fn(() => json({}));
  const asked = steps.restart();
  await press('Cancel');
  await asked;
  expect(server.more['restart']).not.toHaveBeenCalled();
  expect(steps.restarting).toBe(false);
});

it('says who can do it when the right is missing', async () => {
  server.more['option'] = () => json(createErrorBody({ code: 'kubernetes-denied', message: 'No right.' }), 403);
  const created = steps.createOption(missing('no-token-no-option'));
  await press('Create');
  await created;
  expect(steps.off).toBe('Only an admin may do this in team-a.');
});

it('saves, restarts, and shows a notice when the notebook is back with its token', async () => {
  const notify = vi.spyOn(Notification, 'success');
  const asked = steps.restart();
  await press('Restart');
  await asked;
  expect([saved, steps.restarting]).toEqual([1, true]);
  server.error = null;
  await manager.refresh();
  await waitFor(() => expect(steps.restarting).toBe(false));
  expect(notify.mock.calls.map(([text]) => text)).toEqual(['Connected to Kubeflow Pipelines as default-editor in team-a.']);
});

it('says what a restart ends and what it would lose', async () => {
  server.more['restart'] = vi.fn(() => json({}));
  const asked = steps.restart();
  expect((await screen.findByText('Restart analysis with access to Pipelines?')).isConnected).toBe(true);
  for (const text of ['Running now: 3 kernels, 1 terminal.', '2 unsaved files: Save all first']) {
    expect(screen.getByText(text).isConnected).toBe(true);
  }
  expect(screen.queryByText(/is lost by the restart/)).toBeNull();
  await press('Cancel');
  await asked;
  expect(saved).toBe(0);
});

it('asks for nothing to be saved where nothing is changed, and warns of what the restart loses', async () => {
  work = { unsaved: 0, kernels: 0, terminals: 0 };
  server.fields = { outlives_pod: false, notebook: '' };
  await manager.refresh();
  const asked = steps.restart();
  expect((await screen.findByText('Restart this notebook with access to Pipelines?')).isConnected).toBe(true);
  expect(screen.getByText(/is lost by the restart. First run “pip install --user/).isConnected).toBe(true);
  expect(screen.queryByText(/unsaved|Running now/)).toBeNull();
  await press('Restart');
  await asked;
  expect([saved, steps.restarting]).toEqual([0, true]);
});

it('says what is missing now when the notebook is back without a token', async () => {
  const asked = steps.restart();
  await press('Restart');
  await asked;
  server.error = createErrorBody({ code: 'jupyter-unreachable', message: 'The Jupyter server does not answer.' });
  await manager.refresh();
  expect(steps.restarting).toBe(true);
  server.error = missing('no-token-not-applied');
  await manager.refresh();
  expect(steps.restarting).toBe(false);
});
