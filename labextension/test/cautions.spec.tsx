import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { expect, it, vi } from 'vitest';

import { Cautions } from '../src/components/panel/Cautions';
import type { ICautionsProps } from '../src/components/panel/Cautions';
import { listAccess, listFacts, WhoAmI } from '../src/components/WhoAmI';
import { format, status, trans } from './samples';

const MISMATCH = { code: 'namespace-mismatch', message: 'The pod says a, the address says b. Using a.', forget: '' };
const STALE = { code: 'context-json-stale', message: 'The SDK remembers b.', forget: 'b' };
const HEADER = { code: 'userid-header', message: 'The SDK adds kubeflow-userid.', forget: 'kubeflow-userid' };

function renderCautions(props: Partial<ICautionsProps> = {}): ICautionsProps {
  const all = { cautions: [MISMATCH, STALE, HEADER], trans, onForget: vi.fn(), onHide: vi.fn(), ...props };
  render(<Cautions {...all} />);
  return all;
}

it('says each warning, with what mends it where something does', () => {
  const { onForget } = renderCautions();
  expect(screen.getAllByRole('listitem')).toHaveLength(3);
  fireEvent.click(screen.getByRole('button', { name: 'Forget b' }));
  fireEvent.click(screen.getByRole('button', { name: 'Remove from context.json' }));
  expect(vi.mocked(onForget).mock.calls).toEqual([['namespace'], ['header']]);
});

it('hides one on request, and takes no space if there are none', () => {
  const { onHide } = renderCautions({ cautions: [MISMATCH] });
  fireEvent.click(screen.getByRole('button', { name: 'Hide' }));
  expect(vi.mocked(onHide).mock.calls).toEqual([[MISMATCH]]);
  expect(render(<Cautions cautions={[]} trans={trans} onForget={vi.fn()} onHide={vi.fn()} />).container.innerHTML).toBe(
    ''
  );
});

it('has the focus on the next warning when one is hidden', () => {
  renderCautions();
  const hides = screen.getAllByRole('button', { name: 'Hide' });
  hides.slice(0, 1).forEach(first => fireEvent.click(first));
  expect(document.activeElement).toBe(hides[1]);
});

const NOW = Date.parse('2026-03-12T14:00:00Z');

it('says who I am, and of what is not known that it is not', () => {
  const known = status({
    credential: '/var/run/secrets/kubeflow/pipelines/token',
    token_expires_at: '2026-03-12T15:42:00Z',
    warnings: [STALE]
  });
  const facts = new Map(listFacts(known, format, NOW));
  expect(facts.get('Namespace')).toBe("team-a, from this notebook's pod");
  expect(facts.get('Rights')).toBe('may run');
  expect(facts.get('Credential')).toBe('/var/run/secrets/kubeflow/pipelines/token, valid 1 h 42 min, renewed by itself');
  expect(facts.get('Note')).toBe('The SDK remembers b.');
  const less = new Map(listFacts(status({ can_run: null, identity: '', kfp_version: '' }), format, NOW));
  expect(less.get('Rights')).toMatch(/^not known; /);
  expect(less.get('Account')).toMatch(/^not known; /);
  expect(less.get('Kubeflow Pipelines')).toBe('not known, multi-user');
  expect(less.get('Credential')).toBe('none is sent');
});

const ACCESS = {
  namespace: 'team-a',
  grants: [
    { who: 'ana@example.com', role: 'owner', origin: 'profile' },
    { who: 'sa team-b/default-editor', role: 'edit', origin: 'RoleBinding allow-team-b' }
  ],
  unread: ''
};
const UNREAD = 'Who else may see team-a cannot be read with your rights (list rolebindings).';

it('says who else has access, with where that comes from', () => {
  render(<WhoAmI facts={[]} access={ACCESS} trans={trans} />);
  const rows = screen.getAllByRole('row').map(row => row.textContent);
  expect(rows).toEqual(['WhoRoleFrom', 'ana@example.comownerprofile', 'sa team-b/default-editoreditRoleBinding allow-team-b']);
  expect(screen.getByRole('region', { name: 'Who has access to team-a' })).toBeTruthy();
  expect(listAccess(ACCESS)).toEqual(['ana@example.com · owner · profile', 'sa team-b/default-editor · edit · RoleBinding allow-team-b']);
});

it('says which right is missing where that cannot be read', () => {
  render(<WhoAmI facts={[]} access={{ ...ACCESS, grants: [], unread: UNREAD }} trans={trans} />);
  expect(screen.getByText(UNREAD)).toBeTruthy();
  expect(screen.queryByRole('table')).toBeNull();
});

it('says nothing of access where it is not known', () => {
  expect(render(<WhoAmI facts={[]} access={null} trans={trans} />).container.querySelector('section')).toBeNull();
});
