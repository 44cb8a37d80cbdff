import { counted, number, shortLength, timeOfDay } from '../format';

/** A host's figures: sums over everybody, never a person. */
export const insights = {
  title: 'Insights',
  pageTitle: 'Insights · Kulti',
  live: 'Live',
  ended: (at: number) => `Ended at ${timeOfDay(at)}`,
  open: 'Open',
  openLong: 'Open the insights large',
  backToRoom: 'Back to the room',
  asking: 'Asking the server',
  noNumber: '–',
  groupsOnly: 'Sums of everybody. Nobody is ranked, and nobody’s own time is shown.',

  activeNow: 'Active now',
  mostActive: 'Most active at once',
  ofHere: (here: number) => `of ${number(here)}`,
  ofPeople: (people: number) => `of ${counted(people, 'person', 'people')}`,
  away: (away: number) => (away === 0 ? 'Nobody is away' : `${number(away)} away`),
  peakAt: (active: number, at: number) => `${number(active)} at ${timeOfDay(at)}`,
  mostSoFar: (active: number, at: number) => `Most at once: ${number(active)} at ${timeOfDay(at)}`,
  course: (from: number, to: number, most: number, last: number) =>
    `People who watched, from ${timeOfDay(from)} to ${timeOfDay(to)}: at most ${number(most)}, ${number(last)} at the end.`,
  noCourse: 'Nothing was recorded over time.',

  median: 'Watch time, median',
  averageLabel: 'Watch time, average',
  average: (ms: number) => `average ${shortLength(ms)}`,
  lengthOfSession: (ms: number, live: boolean) =>
    live ? `of ${shortLength(ms)} so far` : `of ${shortLength(ms)}`,
  tooFew: 'Shown from two people on: with one, it would be that person’s own time.',
  spread: (from: number, to: number, people: number) =>
    `Most watched ${shortLength(from)} to ${shortLength(to)}: ${counted(people, 'person', 'people')}.`,

  participation: 'Poll participation',
  percent: (share: number) => `${number(share)}%`,
  percentUnit: '%',
  answeredOf: (answered: number, asked: number, running: boolean) =>
    running
      ? `${number(answered)} of ${number(asked)} in the running poll`
      : `${number(answered)} of ${number(asked)} in the last poll`,
  answeredLabel: (title: string, answered: number, asked: number) =>
    `${title}: ${number(answered)} of ${number(asked)} answered`,
  noPolls: 'No poll so far.',
  noPollsAfter: 'There was no poll.',

  conversation: 'Conversation',
  aMinute: 'a minute',
  messagesFrom: (messages: number, writers: number) =>
    `${counted(messages, 'message', 'messages')} from ${counted(writers, 'person', 'people')}`,
  noMessages: 'Nobody has written yet.',
  messagesOverTime: (messages: number) => `${counted(messages, 'message', 'messages')}, over time.`,
  lively: '2 a minute reached: your credits ×2',
  messagesPerMinute: 'Messages a minute',

  comings: 'Came and went',
  came: (people: number) => `${number(people)} came`,
  went: (people: number) => `${number(people)} went`,
  comingsLabel: (came: number, went: number) =>
    `${counted(came, 'person', 'people')} came and ${number(went)} went, over time.`,

  waiting: 'Questions waiting',
  nobodyWaits: 'Nobody has a hand up.',
  lower: 'Answered',
  lowerOf: (name: string) => `Answered: lower the hand of ${name}`,

  emptyTitle: 'Nothing to show yet',
  empty: 'When the first person joins, it appears here.',
  copyLink: 'Copy invite link',

  failed: 'The figures could not be loaded.',
  notKept: 'This server keeps no insights of this session.',
  old: (at: number) => `The server does not answer. These figures are of ${timeOfDay(at)}.`,

  exportCsv: 'Export CSV',
  exporting: 'Exporting',
  exported: (path: string) => `Saved: ${path}`,
  notExported: 'Not exported. Try again when the server answers.',
};
