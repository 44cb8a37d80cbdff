import type { MessageView } from '../src/bridge/backend';

/** A message of somebody else. */
export function message(id: string, change: Partial<MessageView> = {}): MessageView {
  return {
    id,
    replaces: null,
    userId: 'u1',
    name: 'Jonas',
    initials: 'J',
    hue: 10,
    role: 'viewer',
    text: `message ${id}`,
    sentAtMs: 1_000,
    mine: false,
    audience: { to: 'everyone' },
    replyTo: null,
    marks: [],
    mentionsMe: false,
    joined: null,
    delivery: 'sent',
    ...change,
  };
}
