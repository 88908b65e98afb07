import { Notification } from '@jupyterlab/apputils';
import { fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { RunManager } from '../src/model/manager';
import { RunActions } from '../src/views/actions';
import { createErrorBody } from '../src/api/errors';
import type { BulkJob, BulkRequest, Run } from '../src/api/types';
import { fakeApi, json, run, status, trans, waitFor } from './samples';
import type { Answer } from './samples';

const RUNNING = run({ run_id: 'a', display_name: 'train' });
const DONE = run({ run_id: 'b', display_name: 'report', phase: 'SUCCEEDED' });

/** Milliseconds in which a delete can be taken back: longer than a dialog takes to close on a busy machine. */
const UNDO = 800;

let manager: RunManager;
let asked: string[];
let confirm: boolean;

/** The jobs of the server, and what stops them from ending. */
let jobs: Map<string, BulkJob>;
let holds: boolean;

beforeEach(async () => {
  asked = [];
  confirm = true;
  jobs = new Map();
  holds = false;
  const note = (request: Request, answer: Response): Response => {
    asked.push(`${request.method} ${new URL(request.url).pathname.split('/').slice(5).join('/')}`);
    return answer;
  };
  const routes: Record<string, Answer> = {
    'GET status': () => json(status()),
    'GET namespaces/team-a/runs': () => json({ runs: [RUNNING, DONE], total_size: 2, next_page_token: '' }),
    'POST namespaces/team-a/runs/a/terminate': request => note(request, json(RUNNING)),
    'POST namespaces/team-a/runs/b/archive': request => note(request, json({ ...DONE, storage_state: 'ARCHIVED' })),
    'POST namespaces/team-a/runs/b/unarchive': request => note(request, json(DONE)),
    'GET namespaces/team-a/bulk': () => json({ jobs: [...jobs.values()] }),
    'POST namespaces/team-a/bulk': async request => {
      const { verb, run_ids, delay_s, job_id } = (await request.json()) as Required<BulkRequest>;
      asked.push(`${verb} ${run_ids.join()} after ${delay_s}`);
      serve(routes, job_id, { verb, run_ids, starts: Date.now() + delay_s * 1000 });
      return json(jobs.get(job_id));
    }
  };
  manager = new RunManager({ api: fakeApi(routes), pages: null });
  await manager.ready;
});

/** Serve a job that changes every run but “a”, once its delay is over. */
function serve(
  routes: Record<string, Answer>,
  job_id: string,
  { verb, run_ids, starts }: { verb: BulkJob['verb']; run_ids: string[]; starts: number }
): void {
  const job: BulkJob = {
    job_id,
    verb,
    state: 'waiting',
    total: run_ids.length,
    done: 0,
    failures: [],
    left: run_ids,
    starts_at: new Date(starts).toISOString()
  };
  jobs.set(job_id, job);
  routes[`GET namespaces/team-a/bulk/${job_id}`] = () => {
    const known = jobs.get(job_id) ?? job;
    if (known.state === 'waiting' && Date.now() >= starts && !holds) {
      const failures = run_ids.filter(run_id => run_id === 'a').map(run_id => ({ run_id, display_name: 'A', error }));
      jobs.set(job_id, { ...known, state: 'done', done: run_ids.length - failures.length, failures, left: [] });
    }
    return json(jobs.get(job_id));
  };
  routes[`DELETE namespaces/team-a/bulk/${job_id}`] = () => {
    const known = jobs.get(job_id) ?? job;
    jobs.set(job_id, { ...known, state: known.state === 'done' ? 'done' : 'stopped' });
    return json(jobs.get(job_id));
  };
}

const error = createErrorBody({ code: 'forbidden', message: 'You may not delete runs in team-a.' });

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
    await waitFor(() => expect(texts()).toEqual(['Deleting report in 1 s.']));
    expect([ids(), asked]).toEqual([['a'], ['delete b after 0.8']]);
    await waitFor(() => expect([...jobs.values()].map(({ state }) => state)).toEqual(['done']), { timeout: 5000 });
    expect(ids()).toEqual(['a']);
  });

  it('can be undone', async () => {
    await answer(remove([DONE]), 'Delete');
    await waitFor(() => expect(texts().length).toBe(1));
    press('Undo');
    await waitFor(() => expect(ids().sort()).toEqual(['a', 'b']));
    expect([...jobs.values()].map(({ state, done }) => [state, done])).toEqual([['stopped', 0]]);
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
    await waitFor(() => expect(texts()).toContain('You may not delete runs in team-a.'), { timeout: 5000 });
    await waitFor(() => expect(ids()).toContain('a'));
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
    await waitFor(() => expect(texts().at(0)).toMatch(/^2 of 3 done\./), { timeout: 5000 });
    const words = answer(Promise.resolve(), 'Try failed again');
    press('Show');
    expect(await words).toContain('1 run was not deleted.RunReasonAYou may not delete runs in team-a.');
    await waitFor(() => expect(asked).toEqual(['delete a,b,c after 0.8', 'delete a after 0']));
  });

  it('leaves the rest when it is stopped', async () => {
    holds = true;
    const done = actions().archive(many);
    await waitFor(() => expect(texts()).toEqual(['0 of 3 archived']));
    press('Stop');
    expect(texts()).toEqual(['Stopping…']);
    await done;
    expect(texts()).toEqual(['Stopped. 0 of 3 done.']);
  });

  it('is reported by the page that is opened next', async () => {
    holds = true;
    void actions().archive(many);
    await waitFor(() => expect(texts()).toEqual(['0 of 3 archived']));
    Notification.dismiss();
    const next = new RunManager({ api: manager.api, pages: null });
    await next.ready;
    await new RunActions(next, trans, { confirmTerminate: true, defaultExperiment: 'Default' }).adopt();
    await waitFor(() => expect(texts()).toEqual(['0 of 3 archived']));
    holds = false;
    await waitFor(() => expect(texts().join()).toContain('2 of 3 done.'), { timeout: 5000 });
    next.dispose();
  });
});
