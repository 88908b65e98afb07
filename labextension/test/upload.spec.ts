// @vitest-environment node
import { describe, expect, it, vi } from 'vitest';

import { createErrorBody, KfpApiError, type KfpApi } from '../src/api/client';
import type { Inspection, Source } from '../src/api/types';
import { LARGEST, toBase64, UploadModel } from '../src/model/upload';
import { INSPECTION } from './form/fakes';

const REFUSED = new KfpApiError(
  createErrorBody({ code: 'not-a-pipeline', message: 'This file is not a compiled pipeline.', why: 'Line 3: no.' }),
  400
);

describe('UploadModel', () => {
  const asked: Source[] = [];
  let inspect = (): Promise<Inspection> => Promise.resolve(INSPECTION);

  async function upload(start = {}): Promise<UploadModel> {
    asked.length = 0;
    inspect = () => Promise.resolve(INSPECTION);
    const api = {
      inspect: (_: string, source: Source) => {
        asked.push(source);
        return inspect();
      }
    } as unknown as KfpApi;
    const tooLarge = (name: string): ReturnType<typeof createErrorBody> =>
      createErrorBody({ code: 'too-large', message: `${name} is too large.` });
    const model = new UploadModel({ api, namespace: 'team-a', start, tooLarge, patience: 0 });
    await model.ready;
    return model;
  }

  const file = (text: string, size = text.length): { name: string; size: number; arrayBuffer: () => Promise<ArrayBuffer> } => ({
    name: 'p.zip',
    size,
    arrayBuffer: () => Promise.resolve(new TextEncoder().encode(text).buffer as ArrayBuffer)
  });

  it('sends the bytes of a file from disk, with the names that were given', async () => {
    const model = await upload();
    expect(model.request).toBeNull();
    await model.takeFile(file('PK'));
    model.fill({ name: ' mine ', version: 'v1', shared: true });
    expect(model.request).toEqual({
      source: { kind: 'data', path: 'p.zip', data: 'UEs=' },
      name: 'mine',
      version: 'v1',
      shared: true
    });
  });

  it('does not read a file that is too large', async () => {
    const model = await upload();
    await model.takeFile(file('x', LARGEST + 1));
    expect([asked, model.request, model.state.error?.message]).toEqual([[], null, 'p.zip is too large.']);
  });

  it('reads an address when it is one, and a path of the file browser', async () => {
    const model = await upload();
    model.setAddress('http://host/p.yaml');
    model.setAddress('https://host/p.yaml');
    await vi.waitFor(() => expect(model.request).not.toBeNull());
    model.setPath('p.py', true);
    await vi.waitFor(() => expect(model.request?.source.path).toBe('p.py'));
    expect(asked).toEqual([
      { kind: 'address', path: 'https://host/p.yaml' },
      { kind: 'file', path: 'p.py', function: '' }
    ]);
  });

  it('says why a file cannot be uploaded, until another is chosen', async () => {
    const model = await upload({ place: 'files', path: 'p.yaml' });
    inspect = () => Promise.reject(REFUSED);
    model.setPath('values.yaml', true);
    await vi.waitFor(() => expect(model.state.error?.why).toBe('Line 3: no.'));
    expect(model.request).toBeNull();
    inspect = () => Promise.resolve(INSPECTION);
    model.setPath('p.yaml', true);
    await vi.waitFor(() => expect(model.request).not.toBeNull());
    expect(model.state.error).toBeNull();
  });

  it('drops an answer that comes after another choice', async () => {
    const model = await upload();
    let answer: (inspection: Inspection) => void = () => undefined;
    inspect = () => new Promise(resolve => (answer = resolve));
    model.setPath('old.yaml', true);
    model.choose('disk');
    answer(INSPECTION);
    await Promise.resolve();
    expect(model.state.inspection).toBeNull();
  });

  it('writes any number of bytes in base64', () => {
    const bytes = new Uint8Array(100_000).fill(255);
    expect(toBase64(bytes.buffer)).toBe(Buffer.from(bytes).toString('base64'));
  });
});
