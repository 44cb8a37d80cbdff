import type { BookReason } from '../../bridge/backend';
import { counted, isThisComputer, number, serverName, shortLength } from '../format';

const reasons: Record<BookReason, string> = {
  asleep: 'Computer asleep',
  locked: 'Screen locked',
  hidden: 'Window hidden',
  nobodyThere: 'Nobody there',
  connectionLost: 'Connection lost',
  notReported: 'Not reported',
  notVouchedFor: 'Not seen by the server',
  cap: 'Over 4 hours',
  other: 'Not counted',
};

const meanings: Record<BookReason, string> = {
  asleep: 'The computer was asleep.',
  locked: 'The screen was locked.',
  hidden: 'The window was minimised, covered or on another workspace.',
  nobodyThere: 'There was no sign of a person for too long.',
  connectionLost: 'The connection was lost for longer than 30 seconds.',
  notReported: 'No report of it has reached the server: you were not there, or it is still on its way.',
  notVouchedFor: 'It was reported, but the server did not see you connected then.',
  cap: 'At most 4 hours of one session count.',
  other: 'The server gives a reason that this version of Kulti does not know.',
};

/** The time of a stay, stretch by stretch. */
export const time = {
  counted: 'Counted',
  counting: 'Counting',
  now: 'now',
  /** Why a stretch did not count, as the beginning of a line. */
  Reason: (reason: BookReason) => reasons[reason],
  meaning: (reason: BookReason) => meanings[reason],
  range: (from: string, to: string) => `${from}–${to}`,
  spokenRange: (from: string, to: string) => `${from} to ${to}`,
  minute: (minutes: number) => `${number(minutes)} min`,
  several: (count: number, countedMs: number, lengthMs: number) =>
    `${counted(count, 'short stretch', 'short stretches')}, ${shortLength(countedMs)} of ${shortLength(lengthMs)} counted`,
  stretchLabel: 'Stretches of this session. Arrow keys move from one to the next.',
  sums: 'How long each was',
  listLabel: 'Every stretch of this session',
  showList: (count: number) => `Minute by minute, ${counted(count, 'stretch', 'stretches')}`,
  showAll: (count: number) => `Show all ${number(count)}`,
  showLast: 'Show the newest',
  savedUpTo: (server: string, at: string) => `Saved at ${server} up to ${at}`,
  savedAll: (server: string) => `All of it is saved at ${server}`,
  savedNothing: (server: string) => `Nothing of it is saved at ${server} yet`,
  onTheWay: (ms: number) => `${shortLength(ms)} on the way`,
  /** A server as it stands in a sentence. */
  server: (origin: string) =>
    origin === '' || isThisComputer(origin) ? 'this computer’s server' : serverName(origin),
  /** The same as the beginning of a sentence. */
  Server: (origin: string) => serverName(origin) || 'This computer’s server',
};
