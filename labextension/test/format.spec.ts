import { describe, expect, it } from 'vitest';

import { cutMiddle, Format, instant } from '../src/format';
import { chooseLocale } from '../src/plugins/preferences';
import { format, trans } from './samples';

const NOW = Date.parse('2026-03-12T14:02:30Z');

describe('a moment in a list', () => {
  it.each([
    ['2026-03-12T14:02:00Z', 'just now'],
    ['2026-03-12T14:02:40Z', 'just now'],
    ['2026-03-12T13:58:00Z', '4 min ago'],
    ['2026-03-12T09:14:02Z', '09:14'],
    ['2026-03-11T17:40:00Z', '11 Mar, 17:40'],
    ['2025-03-12T17:40:00Z', '12 Mar 2025'],
    ['1970-01-01T00:00:00Z', '–'],
    ['0001-01-01T00:00:00Z', '–'],
    ['not a time', '–'],
    [null, '–']
  ])('%s is %s', (value, expected) => {
    expect(format.moment(value, NOW)).toBe(expected);
  });
});

describe('a duration', () => {
  it.each([
    [0.2, '0 s'],
    [8.4, '8 s'],
    [59.6, '1 min 00 s'],
    [192, '3 min 12 s'],
    [7500, '2 h 05 min'],
    [273_600, '3 d 4 h'],
    [-5, '0 s'],
    [null, '–'],
    [Number.NaN, '–']
  ])('of %s seconds is %s', (seconds, expected) => {
    expect(format.duration(seconds)).toBe(expected);
  });

  it('counts up while there is no end', () => {
    expect(format.took('2026-03-12T14:02:00Z', null, NOW)).toBe('30 s');
  });

  it('treats an end in 1970 as none', () => {
    expect(format.took('2026-03-12T14:02:00Z', '1970-01-01T00:00:00Z', NOW)).toBe('30 s');
  });
});

describe('numbers', () => {
  it('are short in narrow places', () => {
    expect([999, 1204, 123_456].map(value => format.shortCount(value))).toEqual(['999', '1.2 k', '123 k']);
  });

  it('have at most four significant digits as metrics', () => {
    expect([0.931_234, 1e-7, Number.NaN, 12].map(value => format.metric(value))).toEqual([
      '0.9312',
      '1e-7',
      'NaN',
      '12'
    ]);
  });

  it('have binary units as sizes', () => {
    expect([12, 1024, 1_468_006].map(value => format.size(value))).toEqual(['12 B', '1.0 KiB', '1.4 MiB']);
  });
});

it('shows an exact time with its zone', () => {
  expect(format.exact('2026-03-12T14:02:07Z')).toBe('2026-03-12 14:02:07 UTC');
});

it("uses the browser's zone by default", () => {
  const local = new Format(trans, { locale: 'en-GB' });
  const offset = new Date(NOW).getTimezoneOffset();
  expect(local.exact('2026-03-12T14:02:07Z').includes(offset === 0 ? '14:02:07' : ':07')).toBe(true);
});

it('reads microseconds and offsets', () => {
  expect(instant('2026-03-12T15:02:07.123456+01:00')).toBe(Date.parse('2026-03-12T14:02:07.123Z'));
});

it('cuts names in the middle', () => {
  expect(cutMiddle('train-churn-2026-03-12', 11)).toBe('train…03-12');
});

it.each([
  ['en', 'en-GB', 'en-GB'],
  ['', 'de-AT', 'de-AT'],
  ['fr-FR', 'en-GB', 'fr-FR'],
  ['de', 'en-GB', 'de']
])('a page in “%s” read in “%s” has the formats of %s', (page, browser, locale) => {
  expect(chooseLocale(page, browser)).toBe(locale);
});
