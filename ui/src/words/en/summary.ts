import type { EndReason } from '../../bridge/backend';
import { counted } from '../format';

/** The end of a stay. */
export const summary = {
  estimated: 'estimated',
  credits: (value: number) => (value === 1 ? 'credit' : 'credits'),
  minutes: (activeMinutes: number, elapsedMinutes: number) =>
    activeMinutes >= elapsedMinutes
      ? `All ${counted(elapsedMinutes, 'minute', 'minutes')} counted.`
      : `${activeMinutes} of your ${counted(elapsedMinutes, 'minute', 'minutes')} counted.`,
  underAMinute: 'Less than a minute, so nothing to count yet.',
  ribbonLabel: (activeMinutes: number, elapsedMinutes: number) =>
    `${activeMinutes} of ${counted(elapsedMinutes, 'minute', 'minutes')} counted`,
  counted: 'Counted',
  howItAddsUp: 'How it adds up',
  minutesWatched: 'Minutes watched',
  minutesHosted: 'Minutes hosted',
  eachMinute: (credits: number) => `${counted(credits, 'credit', 'credits')} each`,
  estimate: 'Estimate so far',
  rounding: 'Credits are whole: what is after the point is dropped, once, at the very end.',
  estimateNote: (server: string) =>
    `This is what this computer counted. ${server} adds what chatting and coming back are worth when the session ends.`,
  confirmedAll: (server: string) => `All your minutes have reached ${server}.`,
  confirmedSome: (confirmed: number, active: number, server: string) =>
    `${confirmed} of ${counted(active, 'minute', 'minutes')} have reached ${server}. The rest is safe on this computer and follows.`,
  joinAgain: 'Join again',
  joining: 'Joining',
  done: 'Done',
  host: (name: string) => `with ${name}`,
  ended: (reason: EndReason, host: string): string => {
    switch (reason.kind) {
      case 'left':
        return 'You left the session';
      case 'sessionEnded':
        return host ? `Session ended by ${host}` : 'The session has ended';
      case 'removed':
        return reason.by ? `${reason.by} removed you from the session` : 'You were removed from the session';
      case 'failed':
        return 'The session could not go on';
    }
  },
  removedFor: (reason: string) => `The reason given: ${reason}`,
  failedBecause: (message: string, code: number) => `The server said: ${message} (${code})`,
};
