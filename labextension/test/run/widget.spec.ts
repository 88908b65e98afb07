import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createErrorBody, KfpApiError, type KfpApi } from '../../src/api/client';
import type { LogChunk, PodView, RunView } from '../../src/api/types';
import { RUN_TABS } from '../../src/components/run/tabs';
import { Registry } from '../../src/registry';
import { RunViewWidget } from '../../src/views/runview';
import type { IRunChange, IRunManager } from '../../src/tokens';
import { run, task, view } from './samples';

const ID = 'run-1-0000';

/** A manager of one namespace, with a server that answers with `answer`. */
class FakeManager {
  answer: RunView = view('RUNNING', [task('load', 'RUNNING', { attempt: 1 })]);
  failure: KfpApiError | null = null;
  views = 0;
  logs = 0;
  pods = 0;
  watching = 0;
  connection = { namespace: 'team-a', state: 'connected', status: { can_run: true } };
  list = { updatedAt: 0 };
  changed = new Signal<FakeManager, void>(this);
  runChanged = new Signal<FakeManager, IRunChange>(this);
  runsRemoved = new Signal<FakeManager, readonly string[]>(this);
  api = {
    viewRun: () => {
      this.views++;
      return this.failure ? Promise.reject(this.failure) : Promise.resolve(this.answer);
    },
    pod: (): Promise<Partial<PodView>> => {
      this.pods++;
      return Promise.resolve({ pod: '', events: [], refused: [] });
    },
    log: (): Promise<Partial<LogChunk>> => {
      this.logs++;
      return Promise.resolve({ text: '', offset: 0, next_offset: 0, attempt: 1, complete: false, source: 'pod' });
    }
  } as unknown as KfpApi;

  watch(): IDisposable {
    this.watching++;
    return new DisposableDelegate(() => this.watching--);
  }
}

describe('RunViewWidget', () => {
  let manager: FakeManager;
  let widget: RunViewWidget;
  beforeEach(() => {
    vi.useFakeTimers();
    manager = new FakeManager();
    widget = new RunViewWidget({
      api: manager.api,
      manager: manager as unknown as IRunManager,
      translator: nullTranslator,
      commands: new CommandRegistry(),
      tabs: new Registry(RUN_TABS),
      run_id: ID,
      namespace: 'team-a'
    });
    Widget.attach(widget, document.body);
  });
  afterEach(() => {
    widget.dispose();
    vi.useRealTimers();
  });

  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(10);

  it('has the name and the state of the run in its tab', async () => {
    await settle();
    expect([widget.title.label, widget.title.icon]).toEqual([
      'prepare-data',
      expect.objectContaining({ name: 'jupyter-kfp-mt:running' })
    ]);
    manager.answer = view('FAILED', []);
    manager.runChanged.emit({ run: run('FAILED'), previous: 'RUNNING' });
    await settle();
    expect(widget.title.icon).toMatchObject({ name: 'jupyter-kfp-mt:failed' });
  });

  it('reads again only when this run changes', async () => {
    await settle();
    manager.runChanged.emit({ run: run('RUNNING', { run_id: 'another' }), previous: null });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(manager.views).toBe(1);
    manager.runChanged.emit({ run: run('RUNNING'), previous: 'RUNNING' });
    await settle();
    expect(manager.views).toBe(2);
  });

  it('polls when the manager follows another namespace', async () => {
    await settle();
    manager.connection.namespace = 'team-b';
    manager.changed.emit();
    await vi.advanceTimersByTimeAsync(12_000);
    expect(manager.views).toBeGreaterThan(1);
  });

  it('reads nothing and watches nothing while it is hidden', async () => {
    await settle();
    widget.hide();
    const { logs, views } = manager;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([manager.logs, manager.views, manager.watching]).toEqual([logs, views, 0]);
    widget.show();
    await vi.advanceTimersByTimeAsync(3000);
    expect([manager.logs > logs, manager.watching]).toEqual([true, 1]);
  });

  it('reads the pod of a task only while its events are shown', async () => {
    await settle();
    expect(manager.pods).toBe(0);
    const tabs = [...widget.node.querySelectorAll<HTMLElement>('[role="tab"]')];
    tabs.find(tab => tab.textContent === 'Events')?.click();
    await settle();
    expect(manager.pods).toBe(1);
    widget.hide();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(manager.pods).toBe(1);
  });

  it('reads the pod of what runs before the first task, and then that of the task', async () => {
    const asked: string[] = [];
    manager.api.pod = (_, __, taskId) => {
      asked.push(taskId);
      return Promise.resolve({ pod: 'p', events: [], refused: [] } as unknown as PodView);
    };
    manager.answer = view('RUNNING', []);
    manager.runChanged.emit({ run: run('RUNNING'), previous: 'PENDING' });
    await settle();
    manager.answer = view('RUNNING', [task('load', 'PENDING')]);
    manager.runChanged.emit({ run: run('RUNNING'), previous: 'RUNNING' });
    await settle();
    widget.node.querySelector<HTMLElement>('[data-task="load"]')?.click();
    await settle();
    expect(asked).toEqual(['-', 'load']);
  });

  it('keeps what it has when an answer fails', async () => {
    await settle();
    manager.failure = new KfpApiError(createErrorBody({ code: 'kfp-timeout', message: 'No answer.' }), 424);
    manager.runChanged.emit({ run: run('RUNNING'), previous: 'RUNNING' });
    await settle();
    expect(widget.node.textContent).toContain('prepare-data');
    expect(widget.node.textContent).toContain('No answer.');
  });

  it('says so when the run is deleted, and asks no more', async () => {
    await settle();
    manager.failure = new KfpApiError(createErrorBody({ code: 'not-found', message: 'No such run.' }), 404);
    manager.runsRemoved.emit(['another']);
    manager.runsRemoved.emit([ID]);
    await settle();
    expect([manager.views, widget.node.textContent?.includes('This run was deleted.')]).toEqual([2, true]);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(manager.views).toBe(2);
  });

  it('leaves nothing running behind', async () => {
    await settle();
    widget.dispose();
    const { logs, views } = manager;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([manager.logs, manager.views, manager.watching, vi.getTimerCount()]).toEqual([logs, views, 0, 0]);
  });
});
