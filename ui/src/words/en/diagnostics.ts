import { counted, exactLength, number, oneDecimal, shortLength } from '../format';

const kilobytes = (bytes: number) => oneDecimal(bytes / 1024);

/** Diagnostics: for whoever looks for a fault. */
export const diagnostics = {
  warning: 'There is a warning',
  lead: 'For whoever looks for a fault. It holds no message, no token and nobody’s address.',
  noSession: 'In a session, its connection and its store are shown here.',
  exportLog: 'Export log',
  exporting: 'Exporting',
  exported: (path: string) => `Saved: ${path}`,
  notExported: 'The log could not be saved.',
  exportHint: 'Without tokens, messages, names and addresses, so that it can be handed on.',
  log: 'Log',
  copyAll: 'Copy all figures',
  noNumber: '–',

  connection: 'Connection',
  states: { joining: 'Joining', connected: 'Connected', lost: 'No connection' },
  roundTrip: (ms: number) => `${number(ms)} ms round trip`,
  roundTripName: 'Round trip',
  roundTripsLabel: (count: number, most: number) =>
    `The last ${counted(count, 'round trip', 'round trips')}: at most ${number(most)} ms.`,
  milliseconds: (ms: number) => `${number(ms)} ms`,
  server: 'Server',
  upFor: 'Up for',
  length: exactLength,
  reconnects: 'Reconnects',
  reconnected: (times: number, lostMs: number) =>
    times === 0 ? '0' : `${number(times)}, ${shortLength(lostMs)} lost`,
  clockOffset: 'Clock offset',
  offset: (ms: number) => `${ms > 0 ? '+' : ''}${number(ms)} ms`,

  store: 'Session store',
  almostFull: 'The session store is almost full.',
  isFull: 'The session store is full.',
  fullHint: 'Watch states move to peer metadata; counts stay right.',
  keys: 'Keys',
  keysOf: (keys: number, limit: number) => `${number(keys)} of ${number(limit)}`,
  size: 'Size',
  sizeOf: (bytes: number, limit: number) => `${kilobytes(bytes)} of ${number(limit / 1024)} KB`,
  marks: (keys: number, bytes: number) =>
    `The marks are where we warn: ${number(keys)} keys, ${number(Math.floor(bytes / 1024))} KB. Counted is what this app follows.`,
  largest: 'Largest value',
  largestIs: (key: string, bytes: number) => `${key}, ${number(bytes)} B`,
  ignored: 'Changes ignored',
  ignoredCount: (count: number) => `${number(count)} not from a host`,
  ignoredBy: (name: string, time: string) => `${time} ${name} tried to change the stage.`,

  journal: 'Watch journal',
  notConfirmed: 'Not yet confirmed',
  fromEarlier: 'From earlier sessions',
  sessions: (count: number) => counted(count, 'session', 'sessions'),
  written: 'Written to disk',
  yes: 'Yes',
  notWritten: (why: string) => `No: ${why}`,
};
