import { Notification } from '@jupyterlab/apputils';
import { fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { RunManager } from '../src/model/manager';
import { RunActions } from '../src/views/actions';
import { actOnMany } from '../src/views/bulk';
import type { Run } from '../src/api/types';
import { fakeApi, json, run, status, trans, waitFor } from './samples';

const RUNNING = run({ run_id: 'a', display_name: 'train' });
const DONE = run({ run_id: 'b', display_name: 'report', phase: 'SUCCEEDED' });

/** Milliseconds in which a delete can be taken back: longer than a dialog takes to close on a busy machine. */
const UNDO = 800;

let manager: RunManager;
let asked: string[];
let confirm: boolean;

beforeEach(async () => {
  asked = [];
  confirm = true;
  const note = (request: Request, answer: Response): Response => {
    asked.push(`${request.method} ${new URL(request.url).pathname.split('/').slice(5).join('/')}`);
    return answer;
  };
  const failed = { code: 'forbidden', message: 'You may not delete runs in team-a.' };
  const api = fakeApi(
    {
      'GET status': () => json(status()),
      'GET namespaces/team-a/runs': () => json({ runs: [RUNNING, DONE], total_size: 2, next_page_token: '' }),
      'POST namespaces/team-a/runs/a/terminate': request => note(request, json(RUNNING)),
      'DELETE namespaces/team-a/runs/a': request => note(request, json(failed, 403)),
      'DELETE namespaces/team-a/runs/b': request => note(request, json({})),
      'POST namespaces/team-a/runs/b/archive': request =>
        note(request, json({ ...DONE, storage_state: 'ARCHIVED' })),
      'POST namespaces/team-a/runs/b/unarchive': request => note(request, json(DONE))
    }
  );
  manager = new RunManager({ api, pages: null });
  await manager.ready;
});

afterEach(() => {
  manager.dispose();
  Notification.dismiss();
});

function actions(): RunActions {
  return new RunActions(manager, trans, { confirmTerminate: confirm, defaultExperiment: 'Default' }, UNDO);
}

function ids(): string[] {
  return manager.list.runs.map(each => each.run_id);
}

/** The texts of the notices that are up. */
function texts(): string[] {
  return Notification.manager.notifications.map(notice => notice.message);
}

/** Press a button of the notice that is up. */
function press(label: string): void {
  const [notice] = Notification.manager.notifications;
  notice?.options.actions?.find(action => action.label === label)?.callback(new MouseEvent('click'));
}

/** Answer the dialog when it is there; gives its words. */
async function answer(act: Promise<void>, label: string): Promise<string> {
  const button = await screen.findByText(label, { selector: '.jp-Dialog-buttonLabel' });
  await waitFor(() => expect(document.querySelector('.jp-Dialog-header')?.textContent).not.toBe(''));
  const words = document.querySelector('.jp-Dialog')?.textContent ?? '';
  fireEvent.click(button);
  await act;
  return words;
}

describe('delete', () => {
  const remove = (runs: Run[]): Promise<void> => actions().remove(runs);

  it('asks, takes the run off the list, and deletes it unless that is undone', async () => {
    const words = await answer(remove([DONE]), 'Delete');
    expect(words).toContain('Delete report?');
    expect([ids(), asked, texts()]).toEqual([['a'], [], ['Deleting report in 8 s.']]);
    await waitFor(() => expect(asked).toEqual(['DELETE b']));
  });

  it('can be undone', async () => {
    await answer(remove([DONE]), 'Delete');
    press('Undo');
    await new Promise(resolve => setTimeout(resolve, UNDO + 100));
    expect([ids().sort(), asked]).toEqual([['a', 'b'], []]);
  });

  it('does nothing without a yes, and Enter is a no', async () => {
    const act = remove([DONE]);
    await screen.findByText('Delete', { selector: '.jp-Dialog-buttonLabel' });
    await waitFor(() => expect(document.activeElement?.textContent).toBe('Cancel'));
    await answer(act, 'Cancel');
    expect([ids().length, texts()]).toEqual([2, []]);
  });

  it('terminates what runs first, says what did not work, and shows the run again', async () => {
    const words = await answer(remove([RUNNING]), 'Delete');
    expect(words).toContain('It is running: it is terminated first.');
    await waitFor(() => expect(texts()).toContain('You may not delete runs in team-a.'));
    expect(asked).toEqual(['POST a/terminate', 'DELETE a']);
    expect(ids()).toContain('a');
  });
});

describe('terminate', () => {
  it('asks, unless the person has chosen not to be asked', async () => {
    confirm = false;
    await actions().terminate([RUNNING]);
    expect(asked).toEqual(['POST a/terminate']);
    confirm = true;
    expect(await answer(actions().terminate([RUNNING]), 'Cancel')).toContain('Terminate train?');
    expect(asked.length).toBe(1);
  });
});

describe('archive', () => {
  it('of an ended run needs no question and can be undone', async () => {
    await actions().archive([DONE]);
    expect([ids(), texts()]).toEqual([['a'], ['report archived.']]);
    press('Undo');
    await waitFor(() => expect(ids()).toContain('b'));
  });

  it('of a running run says that it keeps running', async () => {
    expect(await answer(actions().archive([RUNNING]), 'Cancel')).toContain('It goes on running');
  });
});

describe('an action on several runs', () => {
  const many = ['a', 'b', 'c'].map(run_id => run({ run_id, display_name: run_id.toUpperCase(), phase: 'SUCCEEDED' }));

  it('counts them, names those that failed, and tries these again', async () => {
    await answer(actions().remove(many), 'Delete');
    await waitFor(() => expect(texts().at(0)).toMatch(/^1 of 3 done\./));
    expect([...asked].sort()).toEqual(['DELETE a', 'DELETE b']);
    expect(texts().join()).not.toContain('Deleting 1 of 3…');
    const words = answer(Promise.resolve(), 'Try failed again');
    press('Show');
    expect(await words).toContain('AYou may not delete runs in team-a.');
    await waitFor(() => expect(asked.filter(each => each === 'DELETE a').length).toBe(2));
  });

  it('leaves the rest when it is stopped', async () => {
    const twenty = Array.from({ length: 20 }, (_, index) => run({ run_id: `r${index}` }));
    const begun: string[] = [];
    const open: (() => void)[] = [];
    const act = (each: Run): Promise<void> => new Promise(resolve => (begun.push(each.run_id), open.push(resolve)));
    const words = { doing: (number: number, total: number): string => `Doing ${number} of ${total}…` };
    const result = actOnMany(twenty, act, words, trans);
    expect(texts()).toEqual(['Doing 1 of 20…']);
    press('Stop');
    expect(texts()).toEqual(['Stopping…']);
    open.forEach(resolve => resolve());
    expect((await result).done.length).toBe(8);
    expect([begun.length, texts()]).toEqual([8, ['Stopped. 8 of 20 done.']]);
  });
});
