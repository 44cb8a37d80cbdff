import { counted, countdown, secondsLeft, wholeMinutes } from '../format';

/** "Still watching?" */
export const prompt = {
  title: 'Still watching?',
  answer: 'I’m here',
  /** For ears, once: the seconds are for the eye. */
  spoken: 'Nothing has been heard of you for a while. Press any key, and your time keeps counting.',
  left: (ms: number) => (ms >= 60_000 ? countdown(ms) : String(secondsLeft(ms))),
  stops: (ms: number) =>
    ms >= 90_000
      ? `Without a sign of you, counting pauses in ${countdown(ms)}.`
      : `Without a sign of you, counting pauses in ${secondsLeft(ms)} s.`,
  kept: (activeMs: number) =>
    wholeMinutes(activeMs) < 1
      ? 'You stay in the room.'
      : `You stay in the room, and your ${counted(wholeMinutes(activeMs), 'minute', 'minutes')} are kept.`,
  anyKey: 'Any key or click answers.',
};
