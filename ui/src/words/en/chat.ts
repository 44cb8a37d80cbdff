import type { Audience, MarkKind } from '../../bridge/backend';
import { counted, number } from '../format';

const rolesInWords: Record<string, string> = { host: 'hosts', presenter: 'presenters', viewer: 'watchers' };
const inWords = (roles: readonly string[]) => roles.map((role) => rolesInWords[role] ?? role).join(', ');

/** What is put on messages. */
const marks: Record<MarkKind, string> = {
  upvote: 'Upvote',
  helpful: 'Helpful',
  agree: 'Agree',
  heart: 'Love it',
  laugh: 'Funny',
  celebrate: 'Celebrate',
  idea: 'Good idea',
};

/** The chat. */
export const chat = {
  label: 'Messages',
  filters: 'Filter messages',
  all: 'All',
  pinnedFilter: (count: number) => (count > 0 ? `Pinned ${number(count)}` : 'Pinned'),
  top: 'Top',
  send: 'Send',
  emptyTitle: 'Say hello.',
  empty: 'One message makes this session worth ×1.5.',
  emptyPinnedTitle: 'Nothing is pinned.',
  emptyPinned: 'A host can pin a message for everyone.',
  emptyTopTitle: 'No votes yet.',
  emptyTop: 'Upvote what should be talked about. It shows here, most votes first.',
  tooLong: (length: number) => `Not sent: ${number(length)} characters, 2,000 fit`,
  tooFast: 'You write faster than the room can read. Wait a moment, then try again.',
  hasLeft: (name: string) => `Not sent: ${name} has left. Choose somebody else.`,
  notSent: 'Not sent',
  sending: 'Sending',
  pin: 'Pin for everyone',
  unpin: 'Unpin',
  pinned: 'Pinned',
  pinnedBy: (author: string) => `Pinned message of ${author}. Show in chat`,
  pinnedUnseen: 'A message from before you joined',
  newMessages: (count: number) =>
    count > 0 ? counted(count, 'new message', 'new messages') : 'Newest messages',
  newLine: 'New messages',
  earlier: 'Show earlier messages',
  fetching: 'Fetching earlier messages',
  joined: (name: string, count: number) => {
    if (count === 1) return `${name} joined`;
    return `${counted(count, 'person', 'people')} joined`;
  },

  to: (audience: Audience) => {
    switch (audience.to) {
      case 'everyone':
        return 'Everyone';
      case 'roles':
        return `Only ${inWords(audience.roles)}`;
      case 'person':
        return `Only ${audience.name}`;
    }
  },
  toLabel: 'To',
  choose: 'Choose who gets it',
  chooseLabel: (to: string) => `To: ${to}. Choose who gets it`,
  everyone: 'Everyone',
  role: (role: string) => {
    const known: Record<string, string> = { host: 'Hosts', presenter: 'Presenters', viewer: 'Watchers' };
    return known[role] ?? role;
  },
  onePerson: 'One person',
  find: 'Find a person',
  nobody: (text: string) => `Nobody here is called “${text}”.`,
  placeholder: (audience: Audience) => {
    switch (audience.to) {
      case 'everyone':
        return 'Message everyone';
      case 'roles':
        return `Message ${inWords(audience.roles)}`;
      case 'person':
        return `Message ${audience.name}`;
    }
  },
  privateHint: (name: string) => `Only ${name} and you see this.`,
  rolesHint: (roles: readonly string[]) => `Only ${inWords(roles)} and you see this.`,
  onlyYou: 'Only to you',
  onlyTo: (audience: Audience) => (audience.to === 'person' ? `Only to ${audience.name}` : ''),
  toRoles: (audience: Audience) => (audience.to === 'roles' ? `Only ${inWords(audience.roles)}` : ''),

  reply: 'Reply',
  replyingTo: (name: string) => `Replying to ${name}`,
  cancelReply: 'Do not reply',
  quote: (name: string, text: string) => `${name}: ${text}`,
  quoteUnseen: 'An earlier message',
  showQuoted: 'Show the message that this answers',
  replies: (count: number) => `${counted(count, 'reply', 'replies')}. Show the thread`,
  thread: 'Thread',
  threadCount: (count: number) => counted(count, 'reply', 'replies'),
  closeThread: 'Back to all messages',

  actions: (name: string) => `Actions for the message of ${name}`,
  react: 'React',
  reactions: 'Reactions',
  mark: (mark: MarkKind) => marks[mark],
  marked: (mark: MarkKind, count: number) => `${marks[mark]}, ${number(count)}`,
  markHelpful: 'This helped',
  helpfulHint: 'Whoever helps someone earns ×2.',
  unmarkHelpful: 'Take “helped” back',
  openLink: (host: string) => `Open ${host} in the browser`,
  linkNotOpened: 'The link could not be opened.',

  mentions: 'People to mention',
  said: (name: string, text: string) => `${name}: ${text}`,
  messageLabel: (name: string, to: string, time: string, text: string) =>
    [name, to, time, text].filter(Boolean).join(', '),
};
