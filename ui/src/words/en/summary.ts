import type { EndReason } from '../../bridge/backend';
import { counted, number, shortLength } from '../format';

/** The end of a stay. */
export const summary = {
  title: 'Session summary · Kulti',
  session: (title: string, host: string) => (host ? `${title} · ${host}` : title),
  credits: (value: number) => (value === 1 ? 'credit' : 'credits'),
  minutes: (active: number, elapsed: number) =>
    active >= elapsed
      ? `${counted(elapsed, 'minute', 'minutes')} counted.`
      : `${number(active)} of your ${counted(elapsed, 'minute', 'minutes')} counted.`,
  brief: (activeMs: number) => `${shortLength(activeMs)} counted.`,
  nothingCounted: 'Nothing counted',
  nothingYet: 'Less than a minute of it counted, and that is no credit yet.',
  underAMinute: 'You were here for less than a minute, so there is nothing to count.',
  ribbonLabel: (active: number, elapsed: number) =>
    `${number(active)} of ${counted(elapsed, 'minute', 'minutes')} counted`,
  estimateNote: (server: string) =>
    `What chatting and coming back add is not in it yet: ${server} settles that.`,
  confirmedAll: (server: string) => `All of it has reached ${server}`,
  waiting: (server: string) => `Waiting for ${server}.`,
  confirmedSome: (confirmed: number, active: number) =>
    `${number(confirmed)} of ${counted(active, 'minute', 'minutes')} have arrived. The rest is safe on this computer and follows.`,
  joinAgain: 'Join again',
  joining: 'Joining',
  ended: (reason: EndReason, host: string): string => {
    switch (reason.kind) {
      case 'left':
        return 'You left the session';
      case 'sessionEnded':
        return host ? `Session ended by ${host}` : 'The session has ended';
      case 'removed':
        return reason.by ? `${reason.by} removed you from the session` : 'You were removed from the session';
      case 'failed':
        if (reason.code === 423) return 'The session is locked: nobody new can join';
        return 'The session could not go on';
    }
  },
  removedFor: (reason: string) => `The reason given: ${reason}`,
  failedBecause: (message: string, code: number) => `The server said: ${message} (${code})`,
};
