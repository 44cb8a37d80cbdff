import type { MessageView } from '../../bridge/backend';
import type { Conversation } from '../../state/conversation.svelte';

/** Which messages are shown. */
export type Filter = 'all' | 'pinned' | 'top';

/** A row of the list. */
export type Row =
  | { kind: 'message'; key: string; message: MessageView }
  | { kind: 'joined'; key: string; name: string; count: number }
  | { kind: 'line'; key: string }
  | { kind: 'earlier'; key: string };

const messageRow = (message: MessageView): Row => ({
  kind: 'message',
  // The same before and after the server has it.
  key: message.replaces ?? message.id,
  message,
});

/** Everything, in order, with the "new messages" line and the way to earlier ones. */
export function allRows(chat: Conversation): Row[] {
  const rows: Row[] = [];
  if (chat.earlier) rows.push({ kind: 'earlier', key: 'earlier' });
  let lineAfter = chat.lineAfterMs;
  for (const message of chat.messages) {
    const isNew = lineAfter !== null && !message.mine && message.sentAtMs > lineAfter;
    if (isNew && message.joined === null) {
      rows.push({ kind: 'line', key: 'line' });
      lineAfter = null;
    }
    if (message.joined) rows.push({ kind: 'joined', key: message.id, ...message.joined });
    else rows.push(messageRow(message));
  }
  return rows;
}

/** One thread: its first message, and all that answers it. */
export function threadRows(chat: Conversation, root: string): Row[] {
  return chat.messages
    .filter((message) => message.id === root || (message.replyTo !== null && chat.rootOf(message) === root))
    .map(messageRow);
}

/** The pinned message. */
export function pinnedRows(chat: Conversation, pinnedId: string | undefined): Row[] {
  const message = pinnedId === undefined ? undefined : chat.get(pinnedId);
  return message ? [messageRow(message)] : [];
}

/** What has the most votes, first; of equals the newer one. */
export function topRows(chat: Conversation): Row[] {
  return chat.messages
    .map((message) => ({ message, votes: votesOf(message) }))
    .filter(({ votes }) => votes > 0)
    .sort((a, b) => b.votes - a.votes || b.message.sentAtMs - a.message.sentAtMs)
    .map(({ message }) => messageRow(message));
}

function votesOf(message: MessageView): number {
  return message.marks.find(({ mark }) => mark === 'upvote')?.count ?? 0;
}
