import type { IPages } from './shared';

/** Milliseconds for which a claim holds: longer than a hidden page, whose timers are slow, needs to ask. */
const HELD = 300_000;

/** Claim what one page of the browser is to do; resolves to whether this page was the first to ask. */
export function claim(name: string, pages: IPages | null): Promise<boolean> {
  if (pages === null) {
    return Promise.resolve(true);
  }
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null): Promise<void> => {
      resolve(lock !== null);
      return new Promise(release => (lock ? setTimeout(release, HELD) : release()));
    };
    pages.locks.request(name, { ifAvailable: true }, hold).catch(reject);
  });
}
