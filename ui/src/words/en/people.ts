import { counted, number } from '../format';
import { roleName } from './room';

/** The people panel, the door, invitations, and what a host can take back. */
export const people = {
  find: (total: number) => `Find one of ${counted(total, 'person', 'people')}`,
  findLabel: 'Find a person',
  found: (count: number) => (count === 0 ? 'Nobody found' : `${counted(count, 'person', 'people')} found`),
  list: 'People',
  hands: 'Hands raised',
  hostsAndPresenters: 'Host and presenters',
  watching: 'Watching',
  watchingCount: (total: number, active: number | null) =>
    active === null ? number(total) : `${number(total)}, ${number(active)} active`,
  nobody: (text: string) => `Nobody here is called “${text}”.`,
  unnamed: (count: number) =>
    `${counted(count, 'other is', 'others are')} here, whose names this server does not send in so large a session.`,
  you: (name: string) => `${name} (you)`,
  offline: 'What we last knew',
  loading: 'Loading',
  lowerHandOf: (name: string) => `Lower the hand of ${name}`,
  lowerAll: 'Lower all',
  lowerAllLabel: 'Lower all hands',
  invited: 'Invited to present',
  facts: (role: string, presence: string) => `${role} · ${presence}`,

  lock: {
    title: 'Lock the session',
    on: 'Nobody new can join. Who was here can come back.',
    off: 'Whoever has the code can join.',
    chip: 'Locked',
    chipLabel: (by: string | null) =>
      by ? `Locked by ${by}: nobody new can join. Unlock` : 'Locked: nobody new can join. Unlock',
    locked: 'Locked. Nobody new can join.',
    lockedBy: (name: string | null) => (name ? `${name} locked the session` : 'The session was locked'),
    unlockedBy: (name: string | null) => (name ? `${name} unlocked the session` : 'The session was unlocked'),
  },

  invitation: {
    title: (name: string, role: string) =>
      role === 'presenter'
        ? `${name} invites you to present`
        : `${name} offers you the role ${roleName(role)}`,
    presenter:
      'As a presenter you stand at the front of the room, and can pin messages, spotlight people and announce. Your watch time goes on counting.',
    other: 'Your watch time goes on counting.',
    accept: 'Accept',
    decline: 'Not now',
    accepted: (name: string, role: string) =>
      role === 'presenter' ? `${name} presents now` : `${name} is now: ${roleName(role).toLowerCase()}`,
    declined: (name: string) => `${name} prefers not to, for now`,
    unanswered: (name: string) => `${name} has not answered the invitation`,
    again: 'Invite again',
  },

  removal: {
    reason: 'Reason (they read it)',
    placeholder: 'For example: wrong session',
    tooLong: (length: number) => `${number(length)} characters, 300 fit`,
    body: 'They leave at once and cannot come back to this session. What they have watched so far stays theirs.',
  },

  undo: {
    label: 'Undo',
    unpinned: 'Unpinned for everyone',
    pinReplaced: 'Pinned in place of another message',
    spotlightEnded: 'Spotlight ended',
    spotlightMoved: 'Spotlight moved',
  },
};

/** Announcements: the form, who has read them, what was said before. */
export const announcements = {
  shownFor: 'Shown',
  lengths: { none: 'Until I remove it', one: '1 min', five: '5 min', fifteen: '15 min' },
  read: (count: number, of: number) => `${number(count)} / ${number(of)}`,
  readLabel: (count: number, of: number) =>
    `${number(count)} of ${counted(of, 'person has', 'people have')} said “Got it”`,
  until: (time: string) => `until ${time}`,
  history: 'Announcements',
  none: 'Nothing has been announced.',
  current: 'Shown now',
  readBy: (count: number) => `${number(count)} read`,
};
