export {};

/** What a test file needs before it runs: a file that needs no page begins with `@vitest-environment node`. */
if ('document' in globalThis) {
  await import('./page');
}

export {};
