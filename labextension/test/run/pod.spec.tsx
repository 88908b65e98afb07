import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createErrorBody } from '../../src/api/client';
import type { PodView } from '../../src/api/types';
import { PodPane } from '../../src/components/run/PodPane';
import { Format } from '../../src/format';
import { TaskPod } from '../../src/model/taskpod';

const NOW = Date.parse('2026-03-12T09:20:00Z');
const PULL = { type: 'Warning', reason: 'Failed', message: 'Failed to pull image', count: 3, at: '2026-03-12T09:16:00Z' };
const REFUSED = createErrorBody({
  code: 'kubernetes-denied',
  message: 'No right to read events in team-a.',
  why: 'system:serviceaccount:team-a:viewer may not list events.',
  command: 'kubectl create rolebinding …'
});

function podOf(more: Partial<PodView> = {}): PodView {
  return {
    run_id: 'r',
    task_id: 't',
    attempt: 1,
    pod: 'load-1',
    namespace: 'team-a',
    events: [PULL],
    manifest: 'kind: Pod\n',
    gone: false,
    refused: [],
    ...more
  };
}

describe('the pod of a task', () => {
  const copied = vi.fn();
  const show = (view: PodView | null, error: ReturnType<typeof createErrorBody> | null = null): HTMLElement => {
    const format = new Format(nullTranslator.load('x'));
    return render(<PodPane pod={{ view, error }} format={format} now={NOW} onCopy={copied} />).container;
  };

  it('shows its events with their age and count', () => {
    show(podOf());
    expect(screen.getByRole('listitem').textContent).toBe('4 min agoFailed ×3 Failed to pull image');
  });

  it('shows the pod as YAML when asked, and copies it', () => {
    show(podOf());
    expect(screen.queryByText('kind: Pod')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Pod load-1 as YAML' }));
    expect(screen.getByText('kind: Pod').isConnected).toBe(true);
    fireEvent.click(screen.getByRole('button', { name: 'Copy YAML' }));
    expect(copied).toHaveBeenLastCalledWith('kind: Pod\n');
  });

  it('says in one line which right is missing, with the command for an owner', () => {
    show(podOf({ events: [], refused: [REFUSED] }));
    expect(screen.getByRole('note').textContent).toBe(`${REFUSED.message} ${REFUSED.why}`);
    expect(screen.queryByText(/No events/)).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Copy the command for an owner' }));
    expect(copied).toHaveBeenLastCalledWith(REFUSED.command);
  });

  it.each([
    [podOf({ gone: true, manifest: '' }), 'Pod load-1 is gone.'],
    [podOf({ events: [] }), 'No events. The cluster keeps them for about an hour.'],
    [podOf({ pod: '' }), 'There is no pod yet.']
  ])('says what there is not', (view, words) => {
    show(view);
    expect(screen.getByText(words).isConnected).toBe(true);
  });

  it('shows what went wrong', () => {
    show(null, createErrorBody({ code: 'kubernetes-unavailable', message: 'Kubernetes cannot be asked.' }));
    expect(screen.getByText('Kubernetes cannot be asked.').isConnected).toBe(true);
  });
});

describe('TaskPod', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is read again while its task runs, and no longer when the task has ended or the view is hidden', async () => {
    let asked = 0;
    let active = true;
    const pod = new TaskPod(() => Promise.resolve(podOf({ attempt: ++asked })), () => active);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toBe(0);
    pod.setActive(true);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(asked).toBeGreaterThan(1);
    active = false;
    await vi.advanceTimersByTimeAsync(6000);
    const last = asked;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([asked, pod.view?.attempt]).toEqual([last, last]);
    pod.dispose();
  });

  it('keeps what it has when an answer fails, and says why', async () => {
    const answers = [Promise.resolve(podOf()), Promise.reject(new Error('no'))];
    answers[1]?.catch(() => undefined);
    const pod = new TaskPod(() => answers.shift() ?? Promise.resolve(podOf()), () => true);
    pod.setActive(true);
    await vi.advanceTimersByTimeAsync(7000);
    expect([pod.view?.pod, pod.error !== null]).toEqual(['load-1', true]);
    pod.dispose();
  });
});
