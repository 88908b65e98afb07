// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createErrorBody, KfpApiError, type ILogQuery } from '../../src/api/client';
import type { LogChunk } from '../../src/api/types';
import { TaskLog } from '../../src/model/tasklog';

/** A log on a server, read as the REST interface reads it. */
class FakeLog {
  text = '';
  complete = false;
  largest = 1_000_000;
  asked: ILogQuery[] = [];
  failure: KfpApiError | null = null;

  read = (query: ILogQuery): Promise<LogChunk> => {
    this.asked.push(query);
    if (this.failure) {
      return Promise.reject(this.failure);
    }
    const bytes = new TextEncoder().encode(this.text);
    const lines = this.text.split('\n');
    const tail = query.tail === undefined ? '' : lines.slice(0, Math.max(0, lines.length - 1 - query.tail)).join('\n');
    const offset = query.offset ?? (tail ? tail.length + 1 : 0);
    const part = bytes.slice(offset, offset + this.largest);
    return Promise.resolve({
      run_id: 'r',
      task_id: 't',
      task: 't',
      attempt: 1,
      source: 'embedded',
      text: new TextDecoder().decode(part),
      offset,
      next_offset: offset + part.length,
      truncated: false,
      complete: this.complete && offset + part.length === bytes.length
    });
  };
}

const texts = (log: TaskLog): string[] => log.lines.map(line => line.text);
const later = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1100);

describe('TaskLog', () => {
  let server: FakeLog;
  let log: TaskLog;
  let running: boolean;
  beforeEach(() => {
    vi.useFakeTimers();
    server = new FakeLog();
    running = true;
    log = new TaskLog(server.read, 2, () => running);
  });
  afterEach(() => {
    log.dispose();
    vi.useRealTimers();
  });

  it('reads from the next byte on, so that no line is lost or doubled', async () => {
    log.setActive(true);
    await later();
    for (let step = 0; step < 20; step++) {
      server.text += `step ${step} – done\n`;
      await later();
    }
    expect(texts(log)).toEqual(server.text.trimEnd().split('\n'));
  });

  it('stops asking when the attempt has ended', async () => {
    server.text = 'one\n';
    server.complete = true;
    log.setActive(true);
    await later();
    const asked = server.asked.length;
    await later();
    await later();
    expect([log.complete, server.asked.length]).toEqual([true, asked]);
  });

  it('reads nothing while it is inactive, and resumes afterwards', async () => {
    log.setActive(true);
    await later();
    log.setActive(false);
    const asked = server.asked.length;
    await later();
    expect(server.asked.length).toBe(asked);
    server.text = 'late\n';
    log.setActive(true);
    await later();
    expect(texts(log)).toEqual(['late']);
  });

  it('begins with the last lines and loads what is before on demand', async () => {
    server.text = 'one – 1\ntwo\nthree\nfour\n';
    server.complete = true;
    server.largest = 7;
    log.setActive(true);
    await later();
    expect(log.fromStart).toBe(false);
    await log.loadEarlier();
    expect([log.fromStart, texts(log)[0]]).toEqual([true, 'one – 1']);
  });

  it('gives the whole log for a download', async () => {
    server.text = 'one\ntwo\nthree\nfour\n';
    server.complete = true;
    log.setActive(true);
    await later();
    await expect(log.whole()).resolves.toBe(server.text);
  });

  it('waits for a log that is not there yet', async () => {
    server.failure = new KfpApiError(createErrorBody({ code: 'logs-gone', message: 'The log is gone.' }), 404);
    log.setActive(true);
    await later();
    server.failure = null;
    server.text = 'started\n';
    await vi.advanceTimersByTimeAsync(30_000);
    expect([texts(log), log.error]).toEqual([['started'], null]);
  });

  it('keeps what was read when the server loses it, and does not ask again', async () => {
    server.text = 'seen\n';
    log.setActive(true);
    await later();
    server.failure = new KfpApiError(createErrorBody({ code: 'logs-gone', message: 'The log is gone.' }), 404);
    running = false;
    await later();
    const asked = server.asked.length;
    await later();
    expect([texts(log), log.error?.code, server.asked.length]).toEqual([['seen'], 'logs-gone', asked]);
  });
});
