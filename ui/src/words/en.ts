// The catalogue: every string that a person reads or hears. Nothing is put together
// from halves of sentences; what varies is a parameter. Sections by screen in en/.

import { common, errors } from './en/everywhere';
import { activity } from './en/activity';
import { books } from './en/books';
import { chat } from './en/chat';
import { diagnostics } from './en/diagnostics';
import { home } from './en/home';
import { insights } from './en/insights';
import { journal } from './en/journal';
import { keyboard } from './en/keyboard';
import { live } from './en/live';
import { media } from './en/media';
import { polls } from './en/polls';
import { prompt } from './en/prompt';
import { announcements, people } from './en/people';
import { notices, pause, roleName } from './en/room';
import { settings } from './en/settings';
import { summary } from './en/summary';
import { time } from './en/time';

export type { ErrorContext, ErrorWords } from './en/everywhere';

/** All words. */
export const words = {
  activity,
  announcements,
  books,
  chat,
  common,
  diagnostics,
  errors,
  home,
  insights,
  journal,
  keyboard,
  live,
  media,
  notices,
  pause,
  polls,
  people,
  prompt,
  roleName,
  settings,
  summary,
  time,
};
