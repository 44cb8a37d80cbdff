import type { CreditRule, ErrorCode } from '../../bridge/backend';
import { hundredths, number, shortLength } from '../format';
import { errors, type ErrorWords } from './everywhere';

/** A rule on the way to the credits. */
export interface RuleWords {
  /** What it does, like "×1.5"; none where it adds: then what it added stands there. */
  factor: string | null;
  /** Earned. */
  earned: string;
  /** Why, or how much. */
  because: string;
  /** How to earn it; null where that makes no sense. */
  missed: { what: string; how: string } | null;
}

const rules: Record<CreditRule, RuleWords> = {
  minutesWatched: {
    factor: '×1',
    earned: 'Minutes watched',
    because: '1 credit a minute',
    missed: null,
  },
  minutesHosted: {
    factor: '×5',
    earned: 'Minutes hosted',
    because: '5 credits a minute',
    missed: null,
  },
  chatted: {
    factor: '×1.5',
    earned: 'You wrote in the chat',
    because: 'One message is enough',
    missed: { what: 'Write in the chat', how: 'Not this time. One message is enough.' },
  },
  helpedSomeone: {
    factor: '×2',
    earned: 'You helped someone',
    because: 'Your answer was marked as helpful',
    missed: {
      what: 'Help someone',
      how: 'Not this time. Your host, or who asked, can mark an answer as helpful.',
    },
  },
  repeatViewer: {
    factor: '×1.2',
    earned: 'You keep coming back',
    because: 'From your fourth session on',
    missed: { what: 'Keep coming back', how: 'Not yet. It holds from your fourth session on.' },
  },
  firstSession: {
    factor: '×1.5',
    earned: 'Your first session',
    because: 'Welcome to Kulti',
    missed: null,
  },
  viewers: {
    factor: null,
    earned: 'People watching',
    because: '2 a minute for each, on average',
    missed: { what: 'People watching', how: 'Nobody this time. Each adds 2 a minute.' },
  },
  livelyChat: {
    factor: '×2',
    earned: 'A lively chat',
    because: 'Two messages a minute or more',
    missed: { what: 'A lively chat', how: 'Not this time. It takes two messages a minute.' },
  },
  completed: {
    factor: '×2',
    earned: 'Brought to its end',
    because: '30 minutes or more, and you ended it',
    missed: { what: 'Bring it to its end', how: 'Not this time. Host for 30 minutes, then end it yourself.' },
  },
  peopleHelped: {
    factor: null,
    earned: 'People you helped',
    because: '50 for each who marked a reply of yours',
    missed: { what: 'Help people', how: 'Nobody this time. Whoever asked can mark your reply as helpful.' },
  },
  cap: {
    factor: 'max',
    earned: 'The most for one session',
    because: '10,000 credits',
    missed: null,
  },
  other: {
    factor: null,
    earned: 'Another rule',
    because: 'This version of Kulti does not know its name',
    missed: null,
  },
};

const milestones: Record<string, string> = {
  first_session: 'Your first session',
  sessions_10: '10 sessions attended',
  sessions_50: '50 sessions attended',
  sessions_100: '100 sessions attended',
  hours_watched_10: '10 hours watched',
  hours_watched_50: '50 hours watched',
  hours_watched_100: '100 hours watched',
  first_stream: 'The first session you hosted',
  streams_10: '10 sessions hosted',
  streams_50: '50 sessions hosted',
  hours_streamed_10: '10 hours hosted',
  hours_streamed_50: '50 hours hosted',
};

const minutes = (ms: number) => shortLength(ms);

/** A server's books on one session. */
export const books = {
  pageTitle: 'Session details · Kulti',
  asking: (server: string) => `Asking ${server} for its books`,
  estimateHere: 'Estimated on this computer',
  estimateThere: 'Estimate, not paid yet',
  paid: 'Paid',
  howSoFar: 'How it adds up so far',
  how: 'How it adds up',
  base: (length: string, rate: string) => `${length} · ${rate}`,
  rule: (rule: CreditRule): RuleWords => rules[rule],
  added: (hundredthsOfCredits: number) => `+${hundredths(hundredthsOfCredits)}`,
  sum: (hundredthsOfCredits: number) => hundredths(hundredthsOfCredits),
  missed: 'Not earned this time',
  rounding: 'Credits are whole: what is after the point is dropped, once, at the very end.',
  total: 'Credits',
  thisSession: 'This session',
  milestones: 'Milestones',
  balance: (server: string) => `Balance at ${server}`,
  balanceNow: 'Balance now',
  notInBalance: 'Not in the balance yet: credits are paid when the session is over.',
  plus: (credits: number) => `+${number(credits)}`,
  milestone: (kind: string) => milestones[kind] ?? 'A milestone',
  milestoneNote: 'A milestone, paid once',
  heading: (from: string, to: string) => `${from} to ${to}`,
  by: (server: string) => `By the books of ${server}`,
  refresh: 'Ask again',
  unreachable: (server: string) => `${server} is not answering.`,
  unreachableBody:
    'This is what this computer counted. It is kept here, and sent as soon as the server answers.',
  unreachableSent: 'This is what this computer counted. The books follow as soon as the server answers.',
  failedBody: 'This is what this computer counted.',
  waiting: (ms: number) => `${minutes(ms)} wait on this computer and are sent by themselves.`,
  less: (here: number, there: number, server: string) =>
    `This computer counted ${minutes(here)}, ${server} has ${minutes(there)}.`,
  notVouched: (ms: number) => `For ${minutes(ms)} the server did not see you connected.`,
  overCap: (ms: number) => `${minutes(ms)} are over the 4 hours that count of one session.`,
  serverDecides: 'What the server has is what is paid.',
  more: (ms: number, server: string) =>
    `${server} has ${minutes(ms)} more than this computer counted just now: from another device, or from when you were here before.`,
  audience: 'Your audience',
  people: (count: number) => (count === 1 ? 'person' : 'people'),
  nobody: 'Nobody but you was here.',
  average: 'on average',
  median: 'median',
  together: 'watched in all',
  saveReceipt: 'Save receipt',
  saving: 'Saving',
  receiptLater: 'The receipt can be saved when the session is over.',
  receiptSaved: 'Receipt saved, signed by the server',
  copyPath: 'Copy the path of the receipt',
  pathCopied: 'Path copied',
  /** Why there is no receipt. */
  receiptError: (code: ErrorCode, server: string): ErrorWords => {
    const own: Partial<Record<ErrorCode, ErrorWords>> = {
      serverUnreachable: {
        what: `${server} is not answering.`,
        todo: 'Nothing was saved. Try again later: the receipt stays available.',
      },
      refused: {
        what: `${server} gives no receipt for this session.`,
        todo: 'It is there once the session is over and its credits are paid.',
      },
      local: {
        what: 'The file could not be written.',
        todo: 'Check that there is room on the disk, then try again.',
      },
    };
    return own[code] ?? errors[code]({ server });
  },
};
