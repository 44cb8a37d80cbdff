import { tick } from 'svelte';
import type { Audience, MarkView, MessageView } from '../../../src/bridge/backend';
import { HOST, person, PINNED, room, type Shown } from './room';
import { click, settled, type Scene, type Scenes } from './scene';
import { sessionView } from './summary';

const EVERYONE: Audience = { to: 'everyone' };
const marks = (...list: [MarkView['mark'], number, boolean?][]): MarkView[] =>
  list.map(([mark, count, mine = false]) => ({ mark, count, mine }));

function said(index: number, who: number, text: string, change: Partial<MessageView> = {}): MessageView {
  const { userId, name, initials, hue, role, isLocal } = person(who);
  return {
    id: `message-${index}`,
    replaces: null,
    userId,
    name,
    initials,
    hue,
    role,
    text,
    sentAtMs: sessionView.startedAtMs + (30 + index) * 60_000,
    mine: isLocal,
    audience: EVERYONE,
    replyTo: null,
    marks: [],
    mentionsMe: false,
    joined: null,
    delivery: 'sent',
    ...change,
  };
}

const LIVELY: MessageView[] = [
  said(0, 6, 'Why a set of intervals and not just a counter? A counter seems simpler.', {
    marks: marks(['upvote', 9, true], ['idea', 2]),
  }),
  said(
    1,
    1,
    'Because a union never counts twice. Send it ten times, in any order: same answer. We prove it in a minute with `proptest`.',
    {
      replyTo: 'message-0',
      marks: marks(['upvote', 14], ['helpful', 1], ['heart', 3, true], ['celebrate', 1]),
    },
  ),
  said(2, 1, '', { joined: { name: 'Leo Fontaine', count: 2 } }),
  said(3, 3, '@Jonas Lindqvist your off-by-one fix worked for me too, thank you!', { mentionsMe: true }),
  said(
    4,
    4,
    'Same here. Does the half-open end matter for merging? I read https://git.kulti.dev/sync/intervals#merging and am not sure.',
  ),
  said(5, 0, 'It does: [0, 5) and [5, 9) touch, and become one.', {
    replyTo: 'message-4',
    marks: marks(['helpful', 2]),
  }),
];

const PRIVATE: MessageView[] = [
  ...LIVELY.slice(3),
  said(6, 1, 'Could you show your merge on the shared screen at 15:00?', {
    audience: { to: 'person', userId: 'user-0', name: 'Jonas Lindqvist' },
  }),
  said(7, 0, 'Gladly.', {
    replyTo: 'message-6',
    audience: { to: 'person', userId: 'user-1', name: 'Mara Okafor' },
  }),
  said(8, 0, 'The microphone hums a little.', { audience: { to: 'roles', roles: ['host'] } }),
  said(9, 0, 'Is this one through?', { delivery: 'sending' }),
  said(10, 0, 'And this one?', { delivery: 'failed' }),
];

function many(count: number): MessageView[] {
  return Array.from({ length: count }, (_, index) =>
    said(
      index,
      index % 23,
      `Message ${index}. ${'What is said here is of different length. '.repeat(index % 4)}`,
      {
        sentAtMs: sessionView.startedAtMs + index * 250,
      },
    ),
  );
}

function chat(shown: Partial<Shown>, after?: () => void | Promise<void>): Scene {
  return room({
    count: 24,
    said: LIVELY,
    ...shown,
    session: {
      ...shown.session,
      me: { ...sessionView.me, ...shown.session?.me, userId: 'user-0', peerId: 'peer-0' },
    },
    after: async () => {
      // In narrow windows the panel is closed at first.
      if (!document.querySelector('.panel')) await click('.dock .ctl[aria-label*=panel]');
      await settled();
      await after?.();
      await settled();
    },
  });
}

const hover = (selector: string) => () => {
  document.querySelector<HTMLElement>(selector)?.focus();
};

async function type(text: string): Promise<void> {
  const field = document.querySelector<HTMLTextAreaElement>('.compose textarea');
  if (!field) throw new Error('the scene has no composer');
  field.focus();
  field.value = text;
  field.setSelectionRange(text.length, text.length);
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  await settled();
}

export const chatScenes: Scenes = {
  'chat-lively': chat({ stage: { pinned: PINNED } }),
  'chat-private': chat({ said: PRIVATE }),
  'chat-actions': chat({}, hover('#message-message-4')),
  'chat-host-actions': chat({ session: HOST }, hover('#message-message-4')),
  'chat-react': chat({}, async () => {
    hover('#message-message-4')();
    await tick();
    await click('#message-message-4 .msg-actions button');
  }),
  'chat-reply': chat({}, () => click('#message-message-4 [aria-label=Reply]')),
  'chat-thread': chat({}, () => click('#message-message-0 .react[aria-label*=thread]')),
  'chat-to': chat({}, () => click('.recipient')),
  'chat-to-person': chat({}, async () => {
    await click('.recipient');
    await click('.recipients-people button');
    await type('Could you show your merge at 15:00?');
  }),
  'chat-mention': chat({}, () => type('Thanks @ma')),
  'chat-too-long': chat({}, () => type('x'.repeat(4212))),
  'chat-pinned': chat({ stage: { pinned: PINNED } }, () => click('.filters button:nth-child(2)')),
  'chat-top': chat({}, () => click('.filters button:nth-child(3)')),
  'chat-top-empty': chat({ said: LIVELY.slice(3, 5) }, () => click('.filters button:nth-child(3)')),
  'chat-new': {
    script: { home: { inSession: true } },
    play: async (stage) => {
      const all = many(300);
      await chat({ said: all.slice(0, 290), earlier: true }).play?.(stage);
      const scroller = document.querySelector('.chat-scroll');
      if (!scroller) throw new Error('the scene has no list');
      scroller.scrollTop = scroller.scrollHeight - 1_200;
      await settled();
      stage.backend.play({ slice: 'messages', value: { messages: all.slice(290), earlier: true } });
      await settled();
    },
  },
  'chat-line': {
    script: { home: { inSession: true } },
    play: async (stage) => {
      await chat({ said: LIVELY.slice(0, 3) }).play?.(stage);
      await click('.tabs button:nth-child(2)');
      stage.backend.play({ slice: 'messages', value: { messages: LIVELY.slice(3), earlier: false } });
      await settled();
      await click('.tabs button:first-child');
      await settled();
    },
  },
  'chat-many': chat({ said: many(10_000), earlier: false }),
};
