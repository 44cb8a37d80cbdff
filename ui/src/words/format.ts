// Numbers, lengths and times as they are written everywhere. The catalogue is English
// and times are 24 h; the separators of numbers are those of the person's locale.

/** The reader's language; where the system names none (`LANG=C` makes it "C"), English. */
export function usableLocale(language: string | undefined): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? 'en';
  } catch {
    return 'en';
  }
}

const locale = usableLocale(typeof navigator === 'undefined' ? undefined : navigator.language);
const wholeNumber = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const onePlace = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const twoPlaces = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockWithSeconds = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long' });
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' });
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });

/** `1,248` */
export function number(value: number): string {
  return wholeNumber.format(value);
}

/** `2.4` */
export function oneDecimal(value: number): string {
  return onePlace.format(value);
}

/** `97.2` for 9720 hundredths. */
export function hundredths(value: number): string {
  return twoPlaces.format(value / 100);
}

/** `1 minute`, `42 minutes`: the number and the form of the word that fits it. */
export function counted(value: number, one: string, many: string): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** Whole minutes of a length; time that has not filled a minute is not claimed. */
export function wholeMinutes(ms: number): number {
  return Math.floor(Math.max(0, ms) / 60_000);
}

/** `42 min`, below a minute `18 s`. */
export function shortLength(ms: number): string {
  return ms < 60_000 ? `${Math.floor(Math.max(0, ms) / 1000)} s` : `${number(wholeMinutes(ms))} min`;
}

/** `0:18`, `1:04`: counts down, so a started second is a whole one. */
export function countdown(ms: number): string {
  const seconds = Math.ceil(Math.max(0, ms) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `54:36`, `1:02:07`: a length to the second. */
export function exactLength(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const minutesAndSeconds = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3600);
  const [first, ...rest] = hours > 0 ? [hours, ...minutesAndSeconds] : minutesAndSeconds;
  return [first, ...rest.map((part) => String(part).padStart(2, '0'))].join(':');
}

/** Seconds left, a started one included. */
export function secondsLeft(ms: number): number {
  return Math.ceil(Math.max(0, ms) / 1000);
}

/** `14:02` */
export function timeOfDay(atMs: number): string {
  return clock.format(atMs);
}

/** `14:02:36` */
export function clockTime(atMs: number): string {
  return clockWithSeconds.format(atMs);
}

/** `Today, 19:00`, `Yesterday, 19:00`, `Friday, 17:30`, `12 November`, `12 November 2025`. */
export function day(atMs: number, nowMs: number): string {
  const days = Math.round((midnight(nowMs) - midnight(atMs)) / 86_400_000);
  if (days === 0) return `Today, ${timeOfDay(atMs)}`;
  if (days === 1) return `Yesterday, ${timeOfDay(atMs)}`;
  if (days > 1 && days < 7) return `${weekday.format(atMs)}, ${timeOfDay(atMs)}`;
  const thisYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  return (thisYear ? dayMonth : dayMonthYear).format(atMs);
}

function midnight(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0);
}

/** `1st`, `2nd`, `11th`, `23rd`: a place in the queue of raised hands. */
export function ordinal(place: number): string {
  const tens = place % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${number(place)}${ending}`;
}

/** Whether an origin is on this computer, whatever its port. */
export function isThisComputer(origin: string): boolean {
  return /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/.test(origin);
}

/** An origin as a person names it: `kulti.dev`, `localhost:8787`, `http://10.0.0.5:8787`. */
export function serverName(origin: string): string {
  return origin.replace(/^https:\/\//, '').replace(/\/$/, '');
}
