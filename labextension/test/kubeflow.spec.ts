import { Signal } from '@lumino/signaling';
import { expect, it } from 'vitest';

import { KubeflowLink } from '../src/plugins/kubeflow';
import type { IRunManager } from '../src/tokens';
import { trans, waitFor } from './samples';

function link(notebook: string, template = '', found = true): { readonly page: KubeflowLink; readonly tried: string[] } {
  const tried: string[] = [];
  const manager = { connection: { status: { notebook } } } as unknown as IRunManager;
  Object.assign(manager, { changed: new Signal(manager) });
  const probe = (url: string): Promise<boolean> => {
    tried.push(url);
    return Promise.resolve(found);
  };
  return { page: new KubeflowLink({ manager, trans, template: () => template, probe }), tried };
}

it('finds the page of Kubeflow from a notebook of Kubeflow, and tries it first', async () => {
  const { page, tried } = link('analysis');
  expect(page.why).toContain('kfpUiUrl');
  await waitFor(() => expect(page.why).toBeUndefined());
  expect(tried).toEqual([`${window.location.origin}/_/pipeline/`]);
  expect(page.address('r 1', 'team-a')).toBe(
    `${window.location.origin}/_/pipeline/?ns=team-a#/runs/details/r%201`
  );
});

it('has none elsewhere, or where nothing answers', async () => {
  const { page, tried } = link('analysis', '', false);
  await waitFor(() => expect(tried).toHaveLength(1));
  expect([page.why, link('').page.why]).not.toContain(undefined);
});

it('takes the address of the settings as it is', () => {
  const { page } = link('', 'https://kfp.example/#/runs/details/{run_id}');
  expect(page.why).toBeUndefined();
  expect(page.address('r1', 'x')).toBe('https://kfp.example/#/runs/details/r1');
});
