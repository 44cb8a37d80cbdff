// The people panel and what a host does in it: the door, invitations, announcements.

import type { RoomView, StageLogView, ViewEvent } from '../../../src/bridge/backend';
import { peopleList } from './people-list';
import { ANNOUNCED, HOST, person, press, room } from './room';
import { click, settled, type Scenes } from './scene';
import { sessionView } from './summary';

const DOOR: RoomView = { locked: false, lockedBy: null, canLock: true, invitation: null, invited: [] };
const LOG: StageLogView = {
  announcements: [
    { ...past('announcement-1', ANNOUNCED.text, 47), current: true, acknowledged: 17 },
    { ...past('announcement-0', 'Welcome! Mute unless you speak.', 2), current: false, acknowledged: 21 },
  ],
  acknowledged: { announcementId: 'announcement-1', count: 17, of: 23 },
  ignored: [],
};

function past(id: string, text: string, minute: number) {
  return { id, text, author: 'Mara Okafor', announcedAtMs: sessionView.startedAtMs + minute * 60_000 };
}

const door = (change: Partial<RoomView> = {}): ViewEvent => ({
  slice: 'room',
  value: { ...DOOR, ...change },
});
const log = (change: Partial<StageLogView> = {}): ViewEvent => ({
  slice: 'stageLog',
  value: { ...LOG, ...change },
});

const people = press('.viewers');

export const peopleScenes: Scenes = {
  'people-host': room({ count: 24, session: HOST, events: [door(), log()], after: people }),
  'people-locked': room({
    count: 24,
    session: HOST,
    events: [
      door({
        locked: true,
        lockedBy: 'Mara Okafor',
        invited: [{ peerId: 'peer-7', name: 'Priya Raghunathan', role: 'presenter' }],
      }),
      log(),
    ],
    after: people,
  }),
  'people-learner': room({ count: 24, events: [log({ acknowledged: null })], after: people }),
  'people-history': room({
    count: 24,
    session: HOST,
    events: [door(), log()],
    after: async () => {
      await click('.viewers');
      await click('[data-testid=announcements] summary');
    },
  }),
  'people-nobody': {
    script: { home: { inSession: true } },
    play: async (stage) => {
      await room({ count: 24, session: HOST, after: people }).play?.(stage);
      await settled();
      const field = document.querySelector<HTMLInputElement>('.find input');
      if (!field) throw new Error('the scene has no search field');
      field.value = 'Bartholomew';
      field.dispatchEvent(new Event('input', { bubbles: true }));
      stage.backend.play({
        slice: 'peopleList',
        value: {
          ...peopleList(
            Array.from({ length: 24 }, (_, n) => person(n)),
            { query: 'Bartholomew' },
          ),
        },
      });
      await settled();
    },
  },
  'people-2000': {
    script: { home: { inSession: true } },
    play: async (stage) => {
      const everybody = Array.from({ length: 2_000 }, (_, n) => ({ ...person(n), hand: null }));
      await room({ count: 24, session: HOST, events: [door()], after: people }).play?.(stage);
      await settled();
      stage.backend.play({ slice: 'peopleList', value: peopleList(everybody, { first: 900 }) });
      await settled();
      document.querySelector('.panel-scroll')?.scrollTo(0, 930 * 46);
      await settled();
    },
  },
  'people-remove': room({
    count: 24,
    session: HOST,
    events: [door()],
    after: async () => {
      await click('[data-testid=grid] .tile:nth-child(8) .tile-more');
      await click('[role=menuitem].is-danger');
    },
  }),
  'people-invited': room({
    count: 24,
    events: [door({ canLock: false, invitation: { name: 'Mara Okafor', role: 'presenter' } })],
  }),
  'announce-read': room({
    count: 24,
    session: HOST,
    stage: { announcement: { ...ANNOUNCED, expiresAtMs: sessionView.startedAtMs + 62 * 60_000 } },
    events: [door(), log()],
    after: press('.ctl[aria-label^=Announce]'),
  }),
  'people-undo': room({
    count: 24,
    session: HOST,
    stage: { spotlight: person(2) },
    events: [door()],
    after: async () => {
      await settled();
      await click('[data-testid=stage] .tile-top button');
    },
  }),
};
