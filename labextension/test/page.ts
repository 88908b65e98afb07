import { transferableAbortController } from 'node:util';

/** What Lumino and JupyterLab want of a browser and jsdom lacks. */
import { configure } from '@testing-library/react';

// A machine may have more to do than these tests.
configure({ asyncUtilTimeout: 10_000 });

class Observer {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
  takeRecords(): [] {
    return [];
  }
}

const missing = {
  DragEvent: class DragEvent extends MouseEvent {},
  IntersectionObserver: Observer,
  ResizeObserver: Observer,
  requestIdleCallback: (callback: () => void) => setTimeout(callback, 0),
  cancelIdleCallback: (handle: number) => clearTimeout(handle),
  matchMedia: (media: string) => ({
    media,
    matches: false,
    onchange: null,
    addListener() {},
    removeListener() {},
    addEventListener() {},
    removeEventListener() {},
    dispatchEvent: () => false
  })
};
for (const [name, value] of Object.entries(missing)) {
  // vitest copies the names of jsdom, also those without a value
  if (Reflect.get(globalThis, name) === undefined) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

// jsdom has an AbortController of its own, whose signals Node's fetch refuses (Node 24).
const native = transferableAbortController();
globalThis.AbortController = native.constructor as typeof AbortController;
globalThis.AbortSignal = native.signal.constructor as typeof AbortSignal;

// React writes the event of the moment back, and vitest would keep it for the files that follow.
const { window: page } = Reflect.get(globalThis, 'jsdom') as { window: Window };
Object.defineProperty(globalThis, 'event', { get: () => page.event, set: () => undefined, configurable: true });
