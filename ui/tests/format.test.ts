import { describe, expect, it } from 'vitest';
import { words } from '../src/words/en';
import {
  countdown,
  counted,
  day,
  exactLength,
  number,
  ordinal,
  secondsLeft,
  serverName,
  shortLength,
  wholeMinutes,
} from '../src/words/format';

describe('numbers', () => {
  it('have a separator above 999', () => expect(number(1248)).toBe('1,248'));
  it.each([
    [0, '0 minutes'],
    [1, '1 minute'],
    [2, '2 minutes'],
    [1200, '1,200 minutes'],
  ])('%d takes its form of the word', (value, text) => {
    expect(counted(value, 'minute', 'minutes')).toBe(text);
  });
  it.each([
    [1, '1st'],
    [2, '2nd'],
    [3, '3rd'],
    [4, '4th'],
    [11, '11th'],
    [12, '12th'],
    [13, '13th'],
    [21, '21st'],
    [112, '112th'],
  ])('%d is the %s', (place, text) => expect(ordinal(place)).toBe(text));
});

describe('lengths', () => {
  it('never claim a minute that is not full', () => {
    expect(wholeMinutes(59_999)).toBe(0);
    expect(wholeMinutes(60_000)).toBe(1);
    expect(wholeMinutes(-1)).toBe(0);
  });
  it.each([
    [0, '0 s'],
    [18_900, '18 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [2_520_000, '42 min'],
  ])('%d ms is short for %s', (ms, text) => expect(shortLength(ms)).toBe(text));
  it.each([
    [0, '0:00'],
    [17_001, '0:18'],
    [18_000, '0:18'],
    [64_000, '1:04'],
  ])('%d ms count down as %s', (ms, text) => expect(countdown(ms)).toBe(text));
  it.each([
    [0, '0:00'],
    [492_999, '8:12'],
    [3_276_000, '54:36'],
    [9_180_000, '2:33:00'],
  ])('%d ms are exactly %s', (ms, text) => expect(exactLength(ms)).toBe(text));
  it('counts a started second as left', () =>
    expect([0, 1, 1000, 1001].map(secondsLeft)).toEqual([0, 1, 1, 2]));
});

describe('days', () => {
  const now = new Date(2026, 10, 23, 12, 0).getTime();
  it.each([
    [new Date(2026, 10, 23, 0, 5), 'Today, 00:05'],
    [new Date(2026, 10, 22, 23, 55), 'Yesterday, 23:55'],
    [new Date(2026, 10, 20, 17, 30), 'Friday, 17:30'],
    [new Date(2026, 10, 12, 9, 0), '12 November'],
    [new Date(2025, 10, 12, 9, 0), '12 November 2025'],
  ])('%s is %s', (at, text) => expect(day(at.getTime(), now)).toBe(text));
});

describe('servers', () => {
  it.each([
    ['https://kulti.dev', 'kulti.dev'],
    ['https://192.168.1.20:8788/', '192.168.1.20:8788'],
    ['http://10.0.0.5:8787', 'http://10.0.0.5:8787'],
    ['', ''],
  ])('%j is called %j', (origin, name) => expect(serverName(origin)).toBe(name));

  it.each([
    ['http://127.0.0.1:44561', 'this computer’s server'],
    ['http://[::1]:8787/', 'this computer’s server'],
    ['', 'this computer’s server'],
    ['https://kulti.dev', 'kulti.dev'],
    ['http://127.0.0.1.evil.example', 'http://127.0.0.1.evil.example'],
  ])('time at %j is saved at %j', (origin, name) => expect(words.time.server(origin)).toBe(name));
});
