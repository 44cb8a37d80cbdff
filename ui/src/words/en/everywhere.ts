import type { ErrorCode } from '../../bridge/backend';

/** What stands on more than one screen. */
export const common = {
  product: 'Kulti',
  back: 'Back',
  cancel: 'Cancel',
  close: 'Close',
  dismiss: 'Dismiss',
  done: 'Done',
  show: 'Show',
  copy: 'Copy',
  copied: 'Copied',
  tryAgain: 'Try again',
  notNow: 'Not now',
  accept: 'Accept',
  live: 'LIVE',
  settings: 'Settings',
  credits: (value: string) => `${value} credits`,
  clipboardFailed: 'Not copied: the clipboard does not answer. Select the text and copy it.',
  notStarted: 'Kulti could not start',
  notStartedBody:
    'The window is here, but what works behind it does not answer. Your watch time is safe on this computer.',
};

/** Where an error happened decides how it is put. */
export interface ErrorContext {
  /** What was typed. */
  text?: string;
  /** The server's name. */
  server?: string;
}

/** What happened, and what to do. */
export interface ErrorWords {
  what: string;
  todo: string;
}

const thisServer = (context: ErrorContext) => context.server || 'This computer’s server';

/** Every reason for which a command can be refused. */
export const errors: Record<ErrorCode, (context: ErrorContext) => ErrorWords> = {
  notACode: () => ({
    what: 'This is neither a code nor a link.',
    todo: 'Codes look like VIBE-2K4F, links begin with kulti://join/.',
  }),
  noSuchSession: ({ text }) => ({
    what: text ? `No live session has the code ${text}.` : 'This session is not live.',
    todo: 'Check it with your host, or paste the whole link. Codes look like VIBE-2K4F.',
  }),
  sessionOver: () => ({
    what: 'This session is over.',
    todo: 'Ask your host for the code of the next one.',
  }),
  sessionLocked: () => ({
    what: 'This session is locked.',
    todo: 'Its host lets nobody new in. Ask them to unlock it, then try again.',
  }),
  removed: () => ({
    what: 'You were removed from this session.',
    todo: 'What you watched until then stays yours.',
  }),
  serverUnreachable: (context) => ({
    what: `${thisServer(context)} is not answering.`,
    todo: 'Check your connection and the address. What you typed stays here.',
  }),
  wrongCertificate: (context) => ({
    what: `${thisServer(context)} shows another certificate than the one in the link.`,
    todo: 'Nothing was sent. Ask your host for a new link; if it stays so, somebody may be in between.',
  }),
  plainNotAllowed: (context) => ({
    what: `${thisServer(context)} is reached without encryption.`,
    todo: 'Allow it for this server, or ask your host for an https address.',
  }),
  badName: () => ({
    what: 'This name does not fit.',
    todo: 'A name has 1 to 80 characters.',
  }),
  badTitle: () => ({
    what: 'This title does not fit.',
    todo: 'A title has 1 to 120 characters.',
  }),
  refused: (context) => ({
    what: `${thisServer(context)} refused.`,
    todo: 'Try again in a moment. If it stays so, ask your host.',
  }),
  notInSession: () => ({
    what: 'You are not in a session.',
    todo: 'Join it again from the home screen.',
  }),
  alreadyInSession: () => ({
    what: 'You are in another session.',
    todo: 'Leave it first.',
  }),
  keyringLocked: (context) => ({
    what: `Your sign-in at ${context.server || 'this computer’s server'} is in the keyring, which is locked.`,
    todo: 'Unlock the keyring, then try again. Nothing was sent.',
  }),
  local: () => ({
    what: 'Something on this computer failed.',
    todo: 'Try again. The log says more.',
  }),
};
