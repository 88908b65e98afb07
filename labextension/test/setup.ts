import { afterAll, afterEach } from 'vitest';

/** What a test file needs before it runs: a file that needs no page begins with `@vitest-environment node`. */
if ('document' in globalThis) {
  await import('./page');
  const { cleanup } = await import('@testing-library/react');
  afterEach(cleanup);
  // React finishes in turns of the event loop what a test has left, and needs the page for that.
  afterAll(async () => {
    for (let turn = 0; turn < 10; turn++) {
      await new Promise(resolve => setImmediate(resolve));
    }
  });
}
