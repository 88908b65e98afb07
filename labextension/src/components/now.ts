import * as React from 'react';

/** One timer for all texts that change every second; it runs only while one of them is shown. */
export class Ticker {
  /** The time of the last tick, in milliseconds since 1970. */
  get now(): number {
    return this._now;
  }

  /** Call `listener` each second until the returned function is called. */
  subscribe = (listener: () => void): (() => void) => {
    this._listeners.add(listener);
    if (this._timer === undefined) {
      this._tick();
      this._timer = setInterval(() => this._tick(), 1000);
    }
    return () => {
      this._listeners.delete(listener);
      if (this._listeners.size === 0) {
        clearInterval(this._timer);
        this._timer = undefined;
      }
    };
  };

  private _tick(): void {
    this._now = Date.now();
    this._listeners.forEach(listener => listener());
  }

  private readonly _listeners = new Set<() => void>();
  private _now = Date.now();
  private _timer: ReturnType<typeof setInterval> | undefined;
}

/**
 * When what is shown was last known to be right, in milliseconds since 1970.
 *
 * Read at each tick, since a sign of life from the server changes nothing else in the page.
 */
export interface IFreshness {
  readonly updatedAt: number;
}

/** The time now, renewed each second. */
export function useNow(ticker: Ticker): number {
  return React.useSyncExternalStore(ticker.subscribe, () => ticker.now);
}
