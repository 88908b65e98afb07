// @vitest-environment node
import { describe, expect, it } from 'vitest';

import type { RecurringRun } from '../../src/api/types';
import { createSchedule, fillSchedule, readDraft, readSchedule, type IScheduleDraft } from '../../src/values/schedule';

const DRAFT: IScheduleDraft = { ...createSchedule(), zone: 'Europe/Paris' };

function send(part: Partial<IScheduleDraft>): unknown {
  const read = readSchedule({ ...DRAFT, ...part });
  return 'schedule' in read ? read.schedule : read.problem;
}

describe('a schedule', () => {
  it.each<[Partial<IScheduleDraft>, object]>([
    [{ repeat: 'every', every: '6', unit: 'hours' }, { interval_second: 21_600 }],
    [{ repeat: 'weekly', days: [4, 1], at: '09:30' }, { cron: '30 9 * * 1,4', time_zone: 'Europe/Paris' }],
    [{ repeat: 'weekly', days: [0, 1, 2, 3, 4, 5, 6] }, { cron: '0 9 * * *', time_zone: 'Europe/Paris' }],
    [{ repeat: 'cron', cron: ' 0 9 1 * * ' }, { cron: '0 9 1 * *', time_zone: 'Europe/Paris' }]
  ])('is sent as an interval or a cron text: %j', (part, expected) => {
    expect(send(part)).toEqual({
      ...expected,
      start_time: null,
      end_time: null,
      catch_up: false,
      max_concurrency: 1
    });
  });

  it('has bounds in its zone, before and after clocks change', () => {
    expect(send({ start: '2026-03-13T00:00', end: '2026-06-30T23:59', most: '3', catchUp: true })).toMatchObject({
      start_time: '2026-03-12T23:00:00.000Z',
      end_time: '2026-06-30T21:59:00.000Z',
      catch_up: true,
      max_concurrency: 3
    });
  });

  it.each<[Partial<IScheduleDraft>, string]>([
    [{ repeat: 'every', every: '0' }, 'every'],
    [{ repeat: 'every', every: '1.5' }, 'every'],
    [{ repeat: 'weekly', days: [] }, 'days'],
    [{ repeat: 'weekly', at: '' }, 'at'],
    [{ repeat: 'cron', cron: ' ' }, 'cron'],
    [{ most: '11' }, 'most'],
    [{ start: '2026-03-13T00:00', end: '2026-03-13T00:00' }, 'order']
  ])('says what is wrong with %j', (part, problem) => {
    expect(send(part)).toBe(problem);
  });

  it.each([
    ['TZ=Europe/Paris 0 30 9 * * 1-5', { repeat: 'weekly', days: [1, 2, 3, 4, 5], at: '09:30' }],
    ['0 0 9 * * *', { repeat: 'weekly', days: [0, 1, 2, 3, 4, 5, 6], at: '09:00' }],
    ['0 */15 * * * *', { repeat: 'cron', cron: '*/15 * * * *' }],
    ['30 0 9 * * *', { repeat: 'cron', cron: '30 0 9 * * *' }],
    ['0 9 * * 1', { repeat: 'cron', cron: '0 9 * * 1' }]
  ])('is filled in again from %s', (cron, expected) => {
    const cron_schedule = { cron, start_time: '2026-03-12T23:00:00Z', end_time: null };
    const row = { trigger: { cron_schedule, periodic_schedule: null }, time_zone: 'Europe/Paris', max_concurrency: 2 };
    expect(fillSchedule(row as RecurringRun)).toMatchObject({
      ...expected,
      zone: 'Europe/Paris',
      start: '2026-03-13T00:00',
      end: '',
      most: '2'
    });
  });

  it.each([
    [21_600, { repeat: 'every', every: '6', unit: 'hours' }],
    [90, { repeat: 'cron', cron: '@every 90s' }]
  ])('is filled in again from an interval of %d seconds', (interval_second, expected) => {
    const periodic_schedule = { interval_second, start_time: null, end_time: null };
    const row = { trigger: { cron_schedule: null, periodic_schedule }, time_zone: 'UTC', max_concurrency: 1 };
    expect(fillSchedule(row as RecurringRun)).toMatchObject(expected);
  });

  it('is read from what another version kept', () => {
    expect(readDraft({ ...DRAFT, zone: 'Mars/North', days: [1, 'x'], unit: 'years' })).toMatchObject({
      days: [1],
      unit: 'hours',
      zone: createSchedule().zone
    });
    expect(readDraft(null)).toBeNull();
  });
});
