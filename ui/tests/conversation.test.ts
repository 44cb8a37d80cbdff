import { describe, expect, it } from 'vitest';
import type { MessageView } from '../src/bridge/backend';
import { allRows, threadRows, topRows } from '../src/room/chat/rows';
import { Conversation } from '../src/state/conversation.svelte';
import { message } from './messages';

const ids = (chat: Conversation) => chat.messages.map(({ id }) => id);

function conversation(...messages: MessageView[]): Conversation {
  const chat = new Conversation();
  chat.replace({ messages, earlier: false });
  return chat;
}

const at = (id: string, sentAtMs: number, change: Partial<MessageView> = {}) =>
  message(id, { sentAtMs, ...change });
const say = (chat: Conversation, ...messages: MessageView[]) => chat.merge({ messages, earlier: false });

describe('messages', () => {
  it('stand in the order of sending, however they come', () => {
    const chat = conversation(at('b', 20));
    say(chat, at('d', 40), at('a', 10), at('c', 30));
    expect(ids(chat)).toEqual(['a', 'b', 'c', 'd']);
    say(chat, at('e', 40));
    expect(ids(chat)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('replace an older state of themselves, in its place', () => {
    const chat = conversation(at('a', 1), at('b', 2), at('c', 3));
    say(chat, at('b', 2, { text: 'new' }));
    expect(chat.messages.map(({ text }) => text)).toEqual(['message a', 'new', 'message c']);
    expect(chat.get('b')?.text).toBe('new');
  });

  it('of mine stand last until the server has them, then in its order', () => {
    const chat = conversation(at('local-1', 5, { mine: true, delivery: 'sending' }));
    say(chat, at('x', 20));
    expect(ids(chat)).toEqual(['x', 'local-1']);
    say(chat, at('srv-9', 15, { mine: true, replaces: 'local-1' }));
    expect(ids(chat)).toEqual(['srv-9', 'x']);
    expect(chat.get('local-1')).toBeUndefined();
    say(chat, at('srv-9', 15, { mine: true, replaces: 'local-1', text: 'marked' }));
    expect(chat.messages.map(({ text }) => text)).toEqual(['marked', 'message x']);
  });

  it('that came back with the history before their answer did are there once', () => {
    const chat = conversation(at('local-1', 5, { mine: true, delivery: 'sending' }));
    say(chat, at('srv-9', 15, { mine: true }));
    say(chat, at('srv-9', 15, { mine: true, replaces: 'local-1' }));
    expect(ids(chat)).toEqual(['srv-9']);
  });

  it('are limited: the oldest go', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => at(String(index), index));
    const chat = conversation(...many);
    say(chat, at('new', 20_000));
    expect(chat.messages).toHaveLength(10_000);
    expect(ids(chat)[0]).toBe('1');
    expect(chat.get('0')).toBeUndefined();
    expect(ids(chat).at(-1)).toBe('new');
  });
});

describe('what is unread', () => {
  it('is what others said while the end was not looked at', () => {
    const chat = conversation(at('a', 1), at('b', 2));
    expect(chat.unread, 'what was said before one came').toBe(0);
    say(chat, at('c', 3));
    say(chat, at('mine', 4, { mine: true }));
    expect(chat.unread).toBe(1);
    expect(chat.lineAfterMs).toBe(2);
    chat.reading = true;
    expect(chat.unread).toBe(0);
    expect(chat.lineAfterMs, 'the line can still be seen').toBe(2);
    say(chat, at('d', 5));
    expect(chat.unread).toBe(0);
  });

  it('has one line, before the first of it', () => {
    const chat = conversation(at('a', 1), at('b', 2));
    say(chat, at('c', 3));
    say(chat, at('d', 4));
    const kinds = allRows(chat).map((row) => (row.kind === 'message' ? row.message.id : row.kind));
    expect(kinds).toEqual(['a', 'b', 'line', 'c', 'd']);
    chat.reading = true;
    chat.reading = false;
    say(chat, at('e', 5));
    expect(chat.lineAfterMs).toBe(4);
    chat.clearLine();
    expect(allRows(chat).some(({ kind }) => kind === 'line')).toBe(false);
  });

  it('does not count people who joined', () => {
    const chat = conversation(at('a', 1), at('b', 2));
    say(chat, at('joined-1', 3, { joined: { name: 'Mara', count: 1 } }));
    expect(chat.unread).toBe(0);
    expect(allRows(chat).at(-1)).toMatchObject({ kind: 'joined', name: 'Mara' });
  });

  it('is counted when the first message of a session comes', () => {
    const chat = new Conversation();
    say(chat, at('a', 1));
    expect(chat.unread).toBe(1);
  });
});

describe('threads and top', () => {
  it('know what belongs together, also over several answers', () => {
    const chat = conversation(
      at('q', 1),
      at('r1', 2, { replyTo: 'q' }),
      at('other', 3),
      at('r2', 4, { replyTo: 'r1' }),
      at('lost', 5, { replyTo: 'gone' }),
    );
    expect(chat.replies.get('q')).toBe(2);
    expect(chat.replies.get('gone')).toBe(1);
    expect(threadRows(chat, 'q').map(({ key }) => key)).toEqual(['q', 'r1', 'r2']);
  });

  it('do not loop', () => {
    const chat = conversation(at('a', 1, { replyTo: 'b' }), at('b', 2, { replyTo: 'a' }));
    expect(chat.replies.size).toBeGreaterThan(0);
  });

  it('show the most votes first', () => {
    const votes = (count: number) => ({ marks: [{ mark: 'upvote' as const, count, mine: false }] });
    const chat = conversation(at('a', 1, votes(2)), at('b', 2), at('c', 3, votes(5)), at('d', 4, votes(2)));
    expect(topRows(chat).map(({ key }) => key)).toEqual(['c', 'd', 'a']);
  });
});
