/** What tests are made of: runs, a server that is a function, an event stream. */
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import { KfpApi, VERSION } from '../src/api/client';
import type { Run, Status } from '../src/api/types';
import { Format } from '../src/format';

export const trans = nullTranslator.load('jupyter_kfp_mt');
export const format = new Format(trans, { locale: 'en-GB', timeZone: () => 'UTC' });

/** A run with what a list shows, and `fields`. */
export function run(fields: Partial<Run> & Pick<Run, 'run_id'>): Run {
  return {
    experiment_id: 'e1',
    display_name: fields.run_id,
    storage_state: 'AVAILABLE',
    description: '',
    pipeline_version_reference: null,
    pipeline_spec: null,
    runtime_config: null,
    service_account: '',
    created_at: '2026-03-12T14:00:00Z',
    scheduled_at: null,
    finished_at: null,
    state: fields.phase ?? 'RUNNING',
    error: null,
    run_details: null,
    recurring_run_id: '',
    state_history: [],
    namespace: 'team-a',
    experiment_name: 'churn',
    phase: 'RUNNING',
    progress: null,
    failed_task: '',
    mine: false,
    metrics: {},
    origin: null,
    ...fields
  };
}

/** A good answer of `status`, and `fields`. */
export function status(fields: Partial<Status> = {}): Status {
  return {
    connected: true,
    namespace: 'team-a',
    namespaces: ['team-a', 'team-b'],
    identity: 'default-editor',
    can_run: true,
    endpoint: 'http://kfp',
    kfp_version: '2.15.0',
    multi_user: true,
    embedded: false,
    can_start_embedded: false,
    source: "from this notebook's pod",
    credential: '',
    token_expires_at: null,
    running: 0,
    failed_today: 0,
    error: null,
    warnings: [],
    notebook: 'analysis',
    outlives_pod: true,
    version: VERSION,
    ...fields
  };
}

/** What a fake server answers to “METHOD path”. */
export type Answer = (request: Request) => Response | Promise<Response>;

/** A JSON answer. */
export function json(body: unknown, code = 200): Response {
  return new Response(JSON.stringify(body), { status: code });
}

/** An event stream that the test writes to. */
export class FakeStream {
  /** Whether the reader has gone. */
  cancelled = false;
  readonly response = new Response(
    new ReadableStream<Uint8Array>({
      start: controller => {
        this._controller = controller;
      },
      cancel: () => {
        this.cancelled = true;
      }
    })
  );

  send(event: string, data: unknown, id = '1'): void {
    this._write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Only say that the server is there. */
  keepAlive(): void {
    this._write(': \n\n');
  }

  close(): void {
    this._controller?.close();
  }

  private _write(text: string): void {
    this._controller?.enqueue(new TextEncoder().encode(text));
  }

  private _controller: ReadableStreamDefaultController<Uint8Array> | undefined;
}

/** The client, talking to `routes` by “METHOD path” below our root; what was asked is in `asked`. */
export function fakeApi(routes: Record<string, Answer>, asked: Request[] = []): KfpApi {
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://jupyter/',
    token: 'secret',
    fetch: request => {
      if (!(request instanceof Request)) {
        throw new TypeError('A Request is expected.');
      }
      asked.push(request);
      const path = new URL(request.url).pathname.replace('/jupyter-kfp-mt/', '');
      const answer = routes[`${request.method} ${path}`];
      return Promise.resolve(answer ? answer(request) : new Response('Not Found', { status: 404 }));
    }
  });
  return new KfpApi(settings, trans);
}

/** Wait until `check` no longer throws. */
export { waitFor } from '@testing-library/react';
