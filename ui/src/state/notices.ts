import type { Notice } from '../bridge/backend';
import { words } from '../words/en';
import type { ToastRequest } from './toasts.svelte';

/** The toast for a notice; null for what the screen tells in another way. */
export function noticeToast(notice: Notice, showPolls: () => void = () => undefined): ToastRequest | null {
  switch (notice.kind) {
    case 'peopleJoined':
      return { icon: 'users', text: words.notices.peopleJoined(notice) };
    case 'handRaised':
      return { icon: 'hand', text: words.notices.handRaised(notice) };
    case 'roleChanged':
      return { icon: 'presentation', text: words.notices.roleChanged(notice) };
    case 'roleInvite':
      // A dialog asks (room/Invitation.svelte).
      return null;
    case 'invitationAccepted':
      return { icon: 'presentation', tone: 'good', text: words.notices.invitationAccepted(notice) };
    case 'invitationDeclined':
      return { icon: 'presentation', text: words.notices.invitationDeclined(notice) };
    case 'invitationUnanswered':
      return { icon: 'presentation', text: words.notices.invitationUnanswered(notice) };
    case 'lockChanged':
      return { icon: notice.locked ? 'lock' : 'lock-open', text: words.notices.lockChanged(notice) };
    case 'pollStarted':
      return {
        icon: 'vote',
        text: words.notices.pollStarted(notice),
        actions: [{ label: words.polls.answerNow, run: showPolls }],
      };
    case 'creditEarned':
      // The ring and the counter celebrate it (README of the visual language, section 7).
      return null;
    case 'refused':
      return { icon: 'circle-alert', tone: 'bad', text: words.notices.refused(notice) };
    case 'stageWriteIgnored':
      return { icon: 'shield-alert', text: words.notices.stageWriteIgnored(notice) };
  }
}
