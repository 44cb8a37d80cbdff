import { counted, number, shortLength } from '../format';

/** Watch time that waits on this computer. */
export const journal = {
  one: (ms: number, title: string, server: string) =>
    title === ''
      ? `${shortLength(ms)} wait for ${server}.`
      : `${shortLength(ms)} from “${title}” wait for ${server}.`,
  several: (ms: number, sessions: number) =>
    `${shortLength(ms)} from ${counted(sessions, 'session', 'sessions')} wait for their servers.`,
  body: 'They are kept on this computer and sent as soon as it answers.',
  bodySeveral: 'They are kept on this computer and sent as soon as they answer.',
  details: 'Details',
  waiting: 'Waiting to be sent',
  row: (title: string) => title || 'A session without a title',
  more: (count: number) => `and ${number(count)} more`,
  refusedOne: (ms: number, title: string, server: string) =>
    title === ''
      ? `${shortLength(ms)} were not taken by ${server}.`
      : `${shortLength(ms)} from “${title}” were not taken by ${server}.`,
  refusedSeveral: (ms: number, sessions: number) =>
    `${shortLength(ms)} from ${counted(sessions, 'session', 'sessions')} were not taken by their servers.`,
  refusedBody: 'They stay on this computer. Ask whoever runs the server.',
  refusedTitle: 'Not taken by the server',
  forgetMeaning: 'Deleting it here changes nothing at the server, and cannot be undone.',
  forget: 'Delete from this computer',
  setAside: 'The record of your watch time was damaged.',
  setAsideBody: 'A new one was begun. What a server had not confirmed yet may be missing.',
  setAsideMeaning:
    'Kulti writes your watch time to a file before it tells a server. That file could not be read at the start, so it was put aside and not changed. What a server had confirmed is safe at that server. Keep the file if time is missing: it may be possible to read it.',
  file: 'Damaged file',
  copyFile: 'Copy the path of the damaged file',
  notWritten: 'Your watch time cannot be written to disk.',
  notWrittenBody: 'It still counts and is sent, but a crash would lose what is on its way.',
  notWrittenTodo: 'Make room on the disk. Kulti goes on writing by itself as soon as it can.',
  why: 'Why',
};
