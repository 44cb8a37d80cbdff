import type { Notice, PauseReason } from '../../bridge/backend';
import { counted } from '../format';
import { chat } from './chat';
import { people } from './people';

/** Why time does not count, as it stands after "Paused:". */
const reasons: Record<PauseReason, string> = {
  asleep: 'computer asleep',
  locked: 'screen locked',
  hidden: 'window hidden',
  nobodyThere: 'nobody there',
  connectionLost: 'connection lost',
};

/** Pauses: in the counter and on the shelf. */
export const pause = {
  reason: (reason: PauseReason) => reasons[reason],
};

/** Names of roles; a room may have others. */
export function roleName(role: string): string {
  const known: Record<string, string> = { host: 'Host', presenter: 'Presenter', viewer: 'Viewer' };
  return known[role] ?? role;
}

type NoticeWords = { [K in Notice['kind']]: (notice: Extract<Notice, { kind: K }>) => string };

/** Toasts inside a session. */
export const notices: NoticeWords = {
  peopleJoined: ({ name, count }) =>
    count === 1 ? `${name} joined` : `${name} and ${counted(count - 1, 'other', 'others')} joined`,
  handRaised: ({ name }) => `${name} raised a hand`,
  roleChanged: ({ role }) => `You are now: ${roleName(role).toLowerCase()}`,
  roleInvite: ({ name, role }) =>
    role === 'presenter' ? `${name} invites you to present` : `${name} offers you the role ${roleName(role)}`,
  invitationAccepted: ({ name, role }) => people.invitation.accepted(name, role),
  invitationDeclined: ({ name }) => people.invitation.declined(name),
  invitationUnanswered: ({ name }) => people.invitation.unanswered(name),
  lockChanged: ({ name, locked }) => (locked ? people.lock.lockedBy(name) : people.lock.unlockedBy(name)),
  creditEarned: ({ credits }) => `${counted(credits, 'credit', 'credits')} so far`,
  pollStarted: ({ author, title, quiz }) =>
    quiz ? `${author} started a quiz: ${title}` : `${author} asks: ${title}`,
  refused: ({ action, code, message }) =>
    action === 'sendMessage' && code === 429 ? chat.tooFast : `Not done: ${message}`,
  stageWriteIgnored: ({ name }) => `${name} may not change the stage. Nothing changed.`,
};
