// The catalogue: every string that a person reads or hears. Nothing is put together
// from halves of sentences; what varies is a parameter. Sections by screen in en/.

import { common, errors } from './en/everywhere';
import { activity } from './en/activity';
import { books } from './en/books';
import { diagnostics } from './en/diagnostics';
import { home } from './en/home';
import { insights } from './en/insights';
import { journal } from './en/journal';
import { keyboard } from './en/keyboard';
import { live } from './en/live';
import { prompt } from './en/prompt';
import { notices, pause, roleName } from './en/room';
import { settings } from './en/settings';
import { summary } from './en/summary';
import { time } from './en/time';

export type { ErrorContext, ErrorWords } from './en/everywhere';

/** All words. */
export const words = {
  activity,
  books,
  common,
  diagnostics,
  errors,
  home,
  insights,
  journal,
  keyboard,
  live,
  notices,
  pause,
  prompt,
  roleName,
  settings,
  summary,
  time,
};
