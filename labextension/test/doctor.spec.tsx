import { act, render, screen } from '@testing-library/react';
import * as React from 'react';
import { describe, expect, it, vi } from 'vitest';

import type { Check, DoctorReport } from '../src/api/types';
import { Doctor } from '../src/components/Doctor';
import { fakeApi, format } from './samples';

const POD: Check = { name: 'Pod', level: 'ok', evidence: 'team-a/analysis-0', error: null };
const CAUSE = {
  code: 'no-token-no-option',
  message: 'No token for Kubeflow Pipelines.',
  why: 'Profile team-a has no option yet.',
  next: '',
  command: '',
  details: '',
  request_id: ''
};
const TOKEN: Check = { name: 'Token', level: 'error', evidence: CAUSE.why, error: CAUSE };
const REPORT: DoctorReport = { checks: [POD, TOKEN], cause: CAUSE, who: 'you', text: '# doctor\n' };

function stream(...events: (readonly [string, unknown])[]): Response {
  const text = events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('');
  return new Response(text, { headers: { 'Content-Type': 'text/event-stream' } });
}

describe('the doctor over REST', () => {
  it('reports each check as it arrives, and returns the report', async () => {
    const seen: Check[] = [];
    const answer = (): Response => stream(['check', POD], ['check', TOKEN], ['report', REPORT]);
    const report = await fakeApi({ 'GET doctor/events': answer }).doctor('team-a', check => seen.push(check));
    expect([seen, report]).toEqual([[POD, TOKEN], REPORT]);
  });

  it('is an error when it ends without a report', async () => {
    const api = fakeApi({ 'GET doctor/events': () => stream(['check', POD]) });
    await expect(api.doctor('team-a', vi.fn())).rejects.toMatchObject({ code: 'jupyter-error' });
  });
});

describe('the doctor tab', () => {
  it('shows each check at once, and the first cause on top at the end', async () => {
    let tell: (check: Check) => void = () => undefined;
    let end: (report: DoctorReport) => void = () => undefined;
    const ask = (onCheck: (check: Check) => void): Promise<DoctorReport> => {
      tell = onCheck;
      return new Promise(resolve => (end = resolve));
    };
    const copied = vi.fn();
    render(<Doctor ask={ask} format={format} onCopy={copied} />);
    act(() => tell(POD));
    expect(screen.getByText('team-a/analysis-0').isConnected).toBe(true);
    expect([screen.getByRole('status').textContent, screen.queryByText(CAUSE.message)]).toEqual(['checking…', null]);
    await act(() => Promise.resolve(end(REPORT)));
    expect(screen.getByText(CAUSE.message).isConnected).toBe(true);
    expect(screen.getByText('1 problem', { exact: false }).isConnected).toBe(true);
    expect(screen.getByText('Who can do this: you.').isConnected).toBe(true);
    screen.getAllByRole('button', { name: 'Copy report' })[0]?.click();
    expect(copied).toHaveBeenCalledWith('# doctor\n');
  });
});
