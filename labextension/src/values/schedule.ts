/** The schedule of a form: what a person fills in, and what is sent. */
import type { RecurringRun, Schedule } from '../api/types';

/** How a recurring run repeats. */
export type Repeat = 'every' | 'weekly' | 'cron';

/** The units of an interval, in seconds. */
export const UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;

export type Unit = keyof typeof UNITS;

/** The input of a schedule; times are those of `zone`. */
export interface IScheduleDraft {
  readonly repeat: Repeat;
  readonly every: string;
  readonly unit: Unit;
  /** Days of the week, from Sunday, which is 0. */
  readonly days: readonly number[];
  /** “09:00”. */
  readonly at: string;
  readonly cron: string;
  readonly zone: string;
  /** “2026-03-13T00:00”; empty for now. */
  readonly start: string;
  /** Empty for no end. */
  readonly end: string;
  readonly catchUp: boolean;
  readonly most: string;
}

/** What is wrong with a schedule that was not sent yet. */
export type ScheduleProblem = 'every' | 'days' | 'at' | 'cron' | 'most' | 'order';

/** The time zone of the page. */
export function getZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** Return the schedule that a form begins with. */
export function createSchedule(): IScheduleDraft {
  return {
    repeat: 'weekly',
    every: '1',
    unit: 'hours',
    days: [1, 2, 3, 4, 5],
    at: '09:00',
    cron: '0 9 * * 1-5',
    zone: getZone(),
    start: '',
    end: '',
    catchUp: false,
    most: '1'
  };
}

/** Return what the server is sent, or what is wrong. */
export function readSchedule(draft: IScheduleDraft): { readonly schedule: Schedule } | { readonly problem: ScheduleProblem } {
  const every = Number(draft.every);
  const most = Number(draft.most);
  const [hour, minute] = draft.at.split(':').map(Number);
  const start = draft.start ? toInstant(draft.start, draft.zone) : null;
  const end = draft.end ? toInstant(draft.end, draft.zone) : null;
  if (draft.repeat === 'every' && !(Number.isInteger(every) && every >= 1 && every <= 100_000)) {
    return { problem: 'every' };
  }
  if (draft.repeat === 'weekly' && draft.days.length === 0) {
    return { problem: 'days' };
  }
  if (draft.repeat === 'weekly' && !/^\d\d:\d\d$/.test(draft.at)) {
    return { problem: 'at' };
  }
  if (draft.repeat === 'cron' && draft.cron.trim() === '') {
    return { problem: 'cron' };
  }
  if (!(Number.isInteger(most) && most >= 1 && most <= 10)) {
    return { problem: 'most' };
  }
  if (start && end && end <= start) {
    return { problem: 'order' };
  }
  const days = draft.days.length === 7 ? '*' : [...draft.days].sort().join(',');
  const times: Schedule =
    draft.repeat === 'every'
      ? { interval_second: every * UNITS[draft.unit] }
      : { cron: draft.repeat === 'cron' ? draft.cron.trim() : `${minute} ${hour} * * ${days}`, time_zone: draft.zone };
  return {
    schedule: { ...times, start_time: start, end_time: end, catch_up: draft.catchUp, max_concurrency: most }
  };
}

/** Return the schedule of a recurring run as a person would fill it in. */
export function fillSchedule(row: RecurringRun): IScheduleDraft {
  const empty = createSchedule();
  const cron = row.trigger?.cron_schedule;
  const periodic = row.trigger?.periodic_schedule;
  const zone = cron ? row.time_zone || 'UTC' : empty.zone;
  const bounds = cron ?? periodic;
  return {
    ...empty,
    ...(periodic ? fillInterval(periodic.interval_second) : {}),
    ...(cron ? fillCron(cron.cron) : {}),
    zone,
    start: toLocal(bounds?.start_time, zone),
    end: toLocal(bounds?.end_time, zone),
    catchUp: !row.no_catchup,
    most: String(row.max_concurrency)
  };
}

function fillInterval(seconds: number): Partial<IScheduleDraft> {
  const units: readonly Unit[] = ['days', 'hours', 'minutes'];
  const unit = units.find(each => seconds % UNITS[each] === 0);
  return unit
    ? { repeat: 'every', every: String(seconds / UNITS[unit]), unit }
    : { repeat: 'cron', cron: `@every ${seconds}s` };
}

/** Show a cron text as days of the week if it is one, else with five fields where that says the same. */
function fillCron(text: string): Partial<IScheduleDraft> {
  const words = text.replace(/^(CRON_)?TZ=\S*\s+/, '').trim();
  const fields = words.split(/\s+/);
  const [second, minute, hour, day, month, weekday] = fields;
  if (fields.length !== 6 || second !== '0') {
    return { repeat: 'cron', cron: words };
  }
  const days = weekday === '*' ? [0, 1, 2, 3, 4, 5, 6] : listDays(weekday ?? '');
  const isTime = /^\d+$/.test(minute ?? '') && /^\d+$/.test(hour ?? '');
  const isWeekly = isTime && day === '*' && month === '*' && days.length > 0;
  const two = (number: string | undefined): string => String(Number(number)).padStart(2, '0');
  const five = fields.slice(1).join(' ');
  return isWeekly
    ? { repeat: 'weekly', days, at: `${two(hour)}:${two(minute)}`, cron: five }
    : { repeat: 'cron', cron: five };
}

/** Return the days in “1-5” or “1,4”; none if it is something else. */
function listDays(field: string): readonly number[] {
  if (!/^[0-6](-[0-6])?(,[0-6](-[0-6])?)*$/.test(field)) {
    return [];
  }
  return field.split(',').flatMap(part => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** Return a time of a zone as a moment on the wire; the earlier one if it comes twice. */
function toInstant(local: string, zone: string): string {
  const wall = Date.parse(`${local}Z`);
  // The offset of a near moment is right except around a change of clocks, where the second look is.
  const guess = wall - getOffset(wall, zone);
  return new Date(wall - getOffset(guess, zone)).toISOString();
}

/** Return a moment as “2026-03-13T00:00” in a zone; "" for none. */
function toLocal(value: string | null | undefined, zone: string): string {
  const time = value ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? '' : new Date(time + getOffset(time, zone)).toISOString().slice(0, 16);
}

/** Return by how many milliseconds a zone is ahead of UTC at a moment. */
export function getOffset(time: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric'
  }).formatToParts(time);
  const get = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find(part => part.type === type)?.value ?? 0);
  const wall = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
  return wall - Math.floor(time / 1000) * 1000;
}

/** Read a draft that was kept, which another version may have written; null if there is none. */
export function readDraft(value: unknown): IScheduleDraft | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const given = value as Partial<Record<keyof IScheduleDraft, unknown>>;
  const empty = createSchedule();
  const text = (name: 'every' | 'at' | 'cron' | 'zone' | 'start' | 'end' | 'most'): string => {
    const found = given[name];
    return typeof found === 'string' ? found : empty[name];
  };
  const days = Array.isArray(given.days) ? given.days.filter((day): day is number => typeof day === 'number') : empty.days;
  const { repeat, unit } = given;
  return {
    repeat: repeat === 'every' || repeat === 'cron' ? repeat : 'weekly',
    every: text('every'),
    unit: unit === 'minutes' || unit === 'days' ? unit : 'hours',
    days,
    at: text('at'),
    cron: text('cron'),
    zone: isZone(text('zone')) ? text('zone') : empty.zone,
    start: text('start'),
    end: text('end'),
    catchUp: given.catchUp === true,
    most: text('most')
  };
}

function isZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) {
      return false;
    }
    throw error;
  }
}

/** List the time zones that the page knows, UTC first. */
export function listZones(current: string): readonly string[] {
  const known = Intl.supportedValuesOf?.('timeZone') ?? [];
  return [...new Set(['UTC', current, getZone(), ...known])];
}
