import { Notification } from '@jupyterlab/apputils';
import { fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { RunManager } from '../src/model/manager';
import { ExperimentActions } from '../src/views/experimentactions';
import { fakeApi, json, status, trans, waitFor } from './samples';

const CHURN = { experiment_id: 'e1', display_name: 'churn', description: '', storage_state: 'AVAILABLE' };

let manager: RunManager;
let asked: string[];
let actions: ExperimentActions;

beforeEach(async () => {
  asked = [];
  const note = (request: Request, answer: Response): Response => {
    asked.push(`${request.method} ${new URL(request.url).pathname.split('/').slice(5).join('/')}`);
    return answer;
  };
  const api = fakeApi({
    'GET status': () => json(status()),
    'GET namespaces/team-a/runs': () => json({ runs: [], total_size: 0, next_page_token: '' }),
    'GET namespaces/team-a/experiments/e1': () => json({ experiment: CHURN, runs: 3, recurring_runs: 2 }),
    'POST namespaces/team-a/experiments/e1/archive': request => note(request, json(CHURN)),
    'POST namespaces/team-a/experiments/e1/unarchive': request => note(request, json(CHURN)),
    'DELETE namespaces/team-a/experiments/e1': request => note(request, json({})),
    'POST namespaces/team-a/experiments': async request => {
      const { display_name, description } = (await request.json()) as { display_name: string; description: string };
      asked.push(`${display_name}: ${description}`);
      const taken = { code: 'conflict', message: 'The name “churn” is taken.' };
      return display_name === 'churn' ? json(taken, 409) : json({ ...CHURN, display_name });
    }
  });
  manager = new RunManager({ api, pages: null });
  await manager.ready;
  actions = new ExperimentActions(manager, trans);
});

afterEach(() => {
  manager.dispose();
  Notification.dismiss();
});

/** Press a button of the dialog that is up; gives its words. */
async function press(label: string): Promise<string> {
  const button = await screen.findByText(label, { selector: '.jp-Dialog-buttonLabel' });
  await waitFor(() => expect(document.querySelector('.jp-Dialog-header')?.textContent).not.toBe(''));
  const words = document.querySelector('.jp-Dialog')?.textContent ?? '';
  fireEvent.click(button);
  return words;
}

it('says what archiving takes along, and can be undone', async () => {
  const done = actions.archive('team-a', 'e1');
  expect(await press('Archive')).toContain(
    'Its 3 runs are archived and its 2 recurring runs stop. Restoring brings back the experiment only.'
  );
  await done;
  const [notice] = Notification.manager.notifications;
  notice?.options.actions?.[0]?.callback(new MouseEvent('click'));
  await waitFor(() => expect(asked).toEqual(['POST e1/archive', 'POST e1/unarchive']));
});

it('deletes only after a yes, which says what becomes of the runs', async () => {
  const asking = actions.remove('team-a', 'e1');
  expect(await press('Cancel')).toContain('Its 3 runs stay but can no longer be terminated or retried.');
  await asking;
  const sure = actions.remove('team-a', 'e1');
  await press('Delete');
  await sure;
  expect(asked).toEqual(['DELETE e1']);
});

it('keeps what was typed when a name is refused, with the reason', async () => {
  const done = actions.create();
  await screen.findByText('Create', { selector: '.jp-Dialog-buttonLabel' });
  const type = (label: string, value: string): void => {
    fireEvent.input(screen.getByLabelText(label), { target: { value } });
  };
  await press('Create');
  await screen.findByText('A name is needed.');
  type('Name', 'churn');
  type('Description', 'who leaves');
  await press('Create');
  await screen.findByText('The name “churn” is taken.');
  expect(screen.getByLabelText<HTMLInputElement>('Description').value).toBe('who leaves');
  type('Name', 'x'.repeat(129));
  await press('Create');
  await screen.findByText(/129 of 128 bytes/);
  type('Name', 'churn-2');
  await press('Create');
  await done;
  expect(asked).toEqual(['churn: who leaves', 'churn-2: who leaves']);
});
