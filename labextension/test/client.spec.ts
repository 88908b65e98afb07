// @vitest-environment node
import { describe, expect, it } from 'vitest';

import { KfpApiError } from '../src/api/client';
import { fakeApi, json, status } from './samples';

/** The error that `promise` rejects with. */
async function errorOf(promise: Promise<unknown>): Promise<KfpApiError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason
  );
  if (!(error instanceof KfpApiError)) {
    throw new Error(`Expected a KfpApiError, got ${String(error)}`);
  }
  return error;
}

it('asks below our root, with what was given and nothing empty', async () => {
  const asked: Request[] = [];
  const page = { runs: [], total_size: 0, next_page_token: '' };
  const api = fakeApi({ 'GET namespaces/team-a/runs': () => json(page) }, asked);
  await api.listRuns('team-a', { search: 'a b&c', state: '', page_size: 50 });
  const url = new URL(asked[0]?.url ?? '');
  expect(url.pathname).toBe('/jupyter-kfp-mt/namespaces/team-a/runs');
  expect(Object.fromEntries(url.searchParams)).toMatchObject({ search: 'a b&c', page_size: '50' });
  expect(url.searchParams.has('state')).toBe(false);
});

it('sends Jupyter’s token as a header, never in the address', async () => {
  const asked: Request[] = [];
  await fakeApi({ 'GET status': () => json(status()) }, asked).status();
  expect(asked[0]?.headers.get('Authorization')).toBe('token secret');
  expect(asked[0]?.url).not.toContain('secret');
});

it('gives each request an id, to be found by in the logs', async () => {
  const asked: Request[] = [];
  const api = fakeApi({ 'GET status': () => json(status()) }, asked);
  await Promise.all([api.status(), api.status()]);
  const ids = asked.map(request => request.headers.get('X-Request-ID') ?? '');
  expect([new Set(ids).size, ids[0]?.length]).toEqual([2, 36]);
});

it('has a word for the namespace of a KFP without namespaces', async () => {
  const asked: Request[] = [];
  await errorOf(fakeApi({}, asked).listRuns(''));
  expect(new URL(asked[0]?.url ?? '').pathname).toBe('/jupyter-kfp-mt/namespaces/-/runs');
});

it.each(['', '.', '..'])('refuses the id “%s”, which would lead elsewhere', async id => {
  const asked: Request[] = [];
  const error = await errorOf(fakeApi({}, asked).viewRun('team-a', id).then());
  expect([error.code, asked.length]).toEqual(['not-found', 0]);
});

it('keeps an id with slashes in its place', async () => {
  const asked: Request[] = [];
  await errorOf(fakeApi({}, asked).viewRun('team-a', '../../status'));
  expect(new URL(asked[0]?.url ?? '').pathname).toBe('/jupyter-kfp-mt/namespaces/team-a/runs/..%2F..%2Fstatus');
});

describe('an error', () => {
  it('of our server keeps its words', async () => {
    const body = { code: 'not-found', message: 'No such run.', why: 'w', next: 'n', command: 'c', request_id: '7' };
    const api = fakeApi({ 'GET namespaces/a/runs/x': () => json(body, 404) });
    const error = await errorOf(api.viewRun('a', 'x'));
    expect([error.status, error.body]).toEqual([404, { ...body, details: '' }]);
  });

  it('404 without our words means that the server half is missing', async () => {
    expect((await errorOf(fakeApi({}).status())).code).toBe('server-half-missing');
  });

  it('of another version asks for a reload', async () => {
    const api = fakeApi({ 'GET status': () => json(status({ version: '9.9' })) });
    expect((await errorOf(api.status())).code).toBe('version-mismatch');
  });

  it('page in place of data is not taken for data', async () => {
    const api = fakeApi({ 'GET status': () => new Response('<html>log in</html>') });
    expect((await errorOf(api.status())).code).toBe('jupyter-error');
  });

  it('of the network says that Jupyter does not answer', async () => {
    const api = fakeApi({ 'GET status': () => Promise.reject(new TypeError('failed')) });
    expect((await errorOf(api.status())).code).toBe('jupyter-unreachable');
  });
});
