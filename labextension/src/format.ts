import type { TranslationBundle } from '@jupyterlab/translation';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UTC = { timeZone: 'UTC' };

/** The zone of all times, a preference. */
export type TimeZone = 'local' | 'UTC';

/** Shown for a missing value. */
export const NOTHING = '–';

/** Formats times, durations and numbers for people, in the language of the page. */
export class Format {
  constructor(
    readonly trans: TranslationBundle,
    private readonly _options: {
      readonly locale?: string;
      /** Read for each text, since a person may change it. */
      readonly timeZone?: () => TimeZone;
    } = {}
  ) {
    this._number = new Intl.NumberFormat(_options.locale);
    this._local = new Clock(_options.locale, {});
    this._utc = new Clock(_options.locale, UTC);
  }

  /** A moment in a list: “just now”, “4 min ago”, “14:02”, “12 Mar, 14:02”, “12 Mar 2025”. */
  moment(value: string | null | undefined, now: number): string {
    const time = instant(value);
    if (time === null) {
      return NOTHING;
    }
    const clock = this._clock;
    const age = now - time;
    if (Math.abs(age) < MINUTE) {
      return this.trans.__('just now');
    }
    if (age > 0 && age < HOUR) {
      return this.trans.__('%1 min ago', Math.floor(age / MINUTE));
    }
    if (this._sameDay(time, now)) {
      return clock.time.format(time);
    }
    if (this._part(time, 'year') === this._part(now, 'year')) {
      return `${clock.day.format(time)}, ${clock.time.format(time)}`;
    }
    return clock.year.format(time);
  }

  /** A moment to come: “today 18:00”, “13 Mar, 09:00”, “12 Mar 2027, 09:00”. */
  coming(value: string | null | undefined, now: number): string {
    const time = instant(value);
    if (time === null) {
      return NOTHING;
    }
    const clock = this._clock;
    if (this._sameDay(time, now)) {
      return this.trans.__('today %1', clock.time.format(time));
    }
    const isThisYear = this._part(time, 'year') === this._part(now, 'year');
    return `${(isThisYear ? clock.day : clock.year).format(time)}, ${clock.time.format(time)}`;
  }

  /** “Fri 13 Mar 09:00” in a zone. */
  day(time: number, timeZone: string): string {
    const { locale } = this._options;
    const day = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', timeZone });
    return `${day.format(time).replace(',', '')} ${this.time(time, timeZone)}`;
  }

  /** “09:00” in a zone. */
  time(time: number, timeZone: string): string {
    const { locale } = this._options;
    const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone } as const;
    return new Intl.DateTimeFormat(locale, clock).format(time);
  }

  /** A moment in a table or form: “2026-03-12 14:02:07 CET”. */
  exact(value: string | null | undefined): string {
    const time = instant(value);
    return time === null ? NOTHING : formatExactly(time, this._clock.zone);
  }

  /** The time of day with seconds: “14:02:07”. */
  clock(value: string | null | undefined): string {
    const time = instant(value);
    return time === null ? NOTHING : formatExactly(time, this._clock.zone).slice(11, 19);
  }

  /** The tooltip of a moment: full local time with its zone, and UTC. */
  tooltip(value: string | null | undefined): string {
    const time = instant(value);
    return time === null ? '' : `${formatExactly(time, this._clock.zone)} · ${formatExactly(time, UTC)}`;
  }

  /** A duration in seconds: “8 s”, “3 min 12 s”, “2 h 05 min”, “3 d 4 h”. */
  duration(seconds: number | null): string {
    if (seconds === null || !Number.isFinite(seconds)) {
      return NOTHING;
    }
    const whole = Math.max(0, Math.round(seconds));
    const two = (value: number): string => String(value).padStart(2, '0');
    if (whole < 60) {
      return this.trans.__('%1 s', whole);
    }
    if (whole < 3600) {
      return this.trans.__('%1 min %2 s', Math.floor(whole / 60), two(whole % 60));
    }
    if (whole < 86_400) {
      return this.trans.__('%1 h %2 min', Math.floor(whole / 3600), two(Math.floor(whole / 60) % 60));
    }
    return this.trans.__('%1 d %2 h', Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24);
  }

  /** The duration from `start` to `end`, or to `now` while there is no end. */
  took(start: string | null | undefined, end: string | null | undefined, now: number): string {
    const from = instant(start);
    return from === null ? NOTHING : this.duration(((instant(end) ?? now) - from) / 1000);
  }

  /** A number with the separators of the language. */
  count(value: number): string {
    return this._number.format(value);
  }

  /** A number in a narrow place: from 1,000 on “1.2 k”. */
  shortCount(value: number): string {
    if (value < 1000) {
      return this.count(value);
    }
    const thousands = new Intl.NumberFormat(this._options.locale, { maximumFractionDigits: value < 100_000 ? 1 : 0 });
    return this.trans.__('%1 k', thousands.format(value / 1000));
  }

  /** A metric with up to four significant digits. */
  metric(value: number): string {
    return Number.isNaN(value) ? 'NaN' : String(Number(value.toPrecision(4)));
  }

  /** A size in bytes, in binary units with one decimal: “1.4 MiB”. */
  size(bytes: number): string {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let value = bytes;
    let unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit += 1;
    }
    return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit] ?? ''}`;
  }

  /** The first eight characters of an id. */
  shortId(id: string): string {
    return id.slice(0, 8);
  }

  private _sameDay(one: number, other: number): boolean {
    return formatExactly(one, this._clock.zone).slice(0, 10) === formatExactly(other, this._clock.zone).slice(0, 10);
  }

  private _part(time: number, type: Intl.DateTimeFormatPartTypes): string {
    return this._clock.year.formatToParts(time).find(part => part.type === type)?.value ?? '';
  }

  private get _clock(): Clock {
    return this._options.timeZone?.() === 'UTC' ? this._utc : this._local;
  }

  private readonly _number: Intl.NumberFormat;
  private readonly _local: Clock;
  private readonly _utc: Clock;
}

/** The formats of moments in one zone; they are costly to make. */
class Clock {
  constructor(
    locale: string | undefined,
    readonly zone: { timeZone?: string }
  ) {
    this.time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...zone });
    this.day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', ...zone });
    this.year = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric', ...zone });
  }

  readonly time: Intl.DateTimeFormat;
  readonly day: Intl.DateTimeFormat;
  readonly year: Intl.DateTimeFormat;
}

/** Milliseconds since 1970 of a time on the wire; null for what KFP writes for “not set” (1970, the year 1). */
export function instant(value: string | null | undefined): number | null {
  const time = value ? Date.parse(value) : Number.NaN;
  return time >= DAY ? time : null;
}

/** A text cut in the middle, so that its beginning and its end can be read. */
export function cutMiddle(text: string, length: number): string {
  if (text.length <= length) {
    return text;
  }
  const tail = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - tail)}…${text.slice(text.length - tail)}`;
}

function formatExactly(time: number, zone: { timeZone?: string }): string {
  // Swedish writes dates as ISO 8601 does.
  const parts = new Intl.DateTimeFormat('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'medium',
    ...zone
  }).format(time);
  const name = new Intl.DateTimeFormat('en', { timeZoneName: 'short', ...zone })
    .formatToParts(time)
    .find(part => part.type === 'timeZoneName')?.value;
  return `${parts} ${name ?? ''}`.trim();
}
