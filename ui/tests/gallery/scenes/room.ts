import { tick } from 'svelte';
import type {
  ConnectionView,
  MessageView,
  PauseReason,
  Presence,
  SessionView,
  StageView,
  TileView,
  ViewEvent,
  WatchView,
} from '../../../src/bridge/backend';
import { hueOf, initialsOf } from '../../../src/design/identity';
import { NO_MEDIA } from '../../scripted-media';
import { peopleList } from './people-list';
import type { Scene, Scenes } from './scene';
import { restless, ribbon, sessionView, watchView } from './summary';

const NAMES = [
  'Jonas Lindqvist',
  'Mara Okafor',
  'Teo Marchetti',
  'Nguyễn Thị Minh Khai',
  'Maximiliano Featherstonehaugh-Villanueva',
  'Aisha Rahman',
  'Søren Bak',
  'Priya Raghunathan',
  'Leo Fontaine',
  'Hana Kobayashi',
  '李小龍',
  'Zoë Kraus',
  'Oke Adeyemi',
  'Κωνσταντίνος Παπαδόπουλος',
  'Ana',
  'Muhammad Abdul-Rahman ibn Khalid al-Farouqi',
  'X Æ',
  'Ингрид Соколова',
  'Tomasz Wiśniewski',
  'Fatima Zahra',
  'Bo',
  'Guadalupe Hernández',
  'Akira Sato',
  'Ruth',
];

export function person(index: number): TileView {
  const name = NAMES[index % NAMES.length] ?? 'Guest';
  const presence: Presence = index % 7 === 6 ? 'away' : 'active';
  return {
    peerId: `peer-${index}`,
    userId: `user-${index}`,
    name,
    initials: initialsOf(name),
    hue: hueOf(`user-${index}`),
    role: index === 1 ? 'host' : index === 2 ? 'presenter' : 'viewer',
    isLocal: index === 0,
    presence,
    hand: index === 7 ? 1 : index === 3 ? 2 : null,
    media: NO_MEDIA,
  };
}

const people = (count: number) => Array.from({ length: count }, (_, index) => person(index));

const LINES: [number, string][] = [
  [6, 'Why a set of intervals and not just a counter? A counter seems simpler.'],
  [1, 'Because a union never counts twice. Send it ten times, in any order: same answer.'],
  [3, 'Your off-by-one fix worked for me too, thank you!'],
  [4, 'Same here. Does the half-open end matter for merging?'],
  [0, 'It does: [0, 5) and [5, 9) touch, and become one.'],
];

function messages(): MessageView[] {
  return LINES.map(([who, text], index) => {
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
      sentAtMs: sessionView.startedAtMs + (36 + index * 2) * 60_000,
      mine: isLocal,
      audience: { to: 'everyone' },
      replyTo: null,
      marks: [],
      mentionsMe: false,
      joined: null,
      delivery: index === 4 ? 'failed' : 'sent',
    };
  });
}

const STAY: WatchView = {
  ...watchView(ribbon([19.4], [3, 'hidden'], [16.2], [2, 'connectionLost'], [6.9])),
  counting: true,
  nextCreditPermille: 700,
  nextCreditInMs: 18_000,
};
const NOTHING: StageView = { spotlight: null, localPin: null, pinned: null, announcement: null };
export const PINNED = {
  messageId: 'message-1',
  author: 'Mara Okafor',
  text: 'Because a union never counts twice. Send it ten times, in any order: same answer.',
};
export const ANNOUNCED = {
  id: 'announcement-1',
  author: 'Mara Okafor',
  text: 'Five-minute break at 15:00. Clone the repo now so that we can start with the tests.',
  announcedAtMs: sessionView.startedAtMs,
  expiresAtMs: null,
};
const CONNECTED: ConnectionView = { state: 'connected', roundTripMs: 24, restored: null };

export interface Shown {
  count: number;
  /** In place of the usual ones. */
  said?: MessageView[];
  earlier?: boolean;
  stage?: Partial<StageView>;
  connection?: ConnectionView;
  watch?: Partial<WatchView>;
  session?: Partial<SessionView>;
  page?: number;
  chat?: boolean;
  /** Whether people stand in the strip, as below a shared screen. */
  strip?: boolean;
  people?: (one: TileView, index: number) => TileView;
  /** What is played besides. */
  events?: ViewEvent[];
  after?: () => void | Promise<void>;
}

export function room({
  count,
  said,
  earlier = false,
  stage,
  connection,
  watch,
  session,
  page = 0,
  chat = true,
  strip: isStrip = false,
  people: change,
  events: more = [],
  after,
}: Shown): Scene {
  const everybody = change ? people(count).map(change) : people(count);
  const strip = isStrip || Boolean(stage?.spotlight ?? stage?.localPin);
  const pageSize = strip ? 4 : 9;
  const events: ViewEvent[] = [
    { slice: 'connection', value: connection ?? CONNECTED },
    { slice: 'session', value: { ...sessionView, ...session } },
    {
      slice: 'counts',
      value: {
        total: count,
        active: everybody.filter((one) => one.presence === 'active').length,
        hands: everybody.filter((one) => one.hand !== null).length,
      },
    },
    {
      slice: 'grid',
      value: {
        page,
        pages: Math.max(1, Math.ceil(count / pageSize)),
        total: count,
        pageSize,
        tiles: everybody.slice(page * pageSize, (page + 1) * pageSize),
      },
    },
    { slice: 'stage', value: { ...NOTHING, ...stage } },
    { slice: 'people', value: { total: count, people: everybody } },
    { slice: 'chat', value: { messages: said ?? (chat ? messages() : []), earlier } },
    { slice: 'peopleList', value: peopleList(everybody) },
    { slice: 'watch', value: { ...STAY, ...watch } },
    ...more,
  ];
  return {
    script: { home: { inSession: true } },
    play: async ({ backend }) => {
      backend.play(...events);
      await tick();
      await after?.();
    },
  };
}

export const press = (selector: string) => () => {
  document.querySelector<HTMLElement>(selector)?.click();
};

export const HOST: Partial<SessionView> = {
  me: { ...sessionView.me, role: 'host' },
  can: {
    manageStage: true,
    changeRole: true,
    removeOthers: true,
    lowerHands: true,
    endSession: true,
    markHelpful: true,
    pollWrite: true,
  },
};

const PRESENCES: Presence[] = ['active', 'away', 'unknown'];
/** A stay that has just stopped counting. */
function paused(reason: PauseReason): Partial<WatchView> {
  return {
    ...watchView(ribbon([19.4], [3, 'hidden'], [16.2], [2, 'connectionLost'], [4.4], [2.5, reason])),
    pausedBy: reason,
    nextCreditPermille: 700,
  };
}

/** A host's room, for scenes of other views. */
export const hostRoom = (): Scene => room({ count: 24, session: HOST });

/** A learner's. */
export const learnerRoom = (): Scene => room({ count: 24, stage: { announcement: ANNOUNCED } });

export const roomScenes: Scenes = {
  'room-joining': { script: { home: { inSession: true } } },
  'room-1': room({ count: 1, chat: false }),
  'room-2': room({ count: 2 }),
  'room-5': room({ count: 5 }),
  'room-9': room({ count: 9, stage: { pinned: PINNED } }),
  'room-24': room({ count: 24, stage: { pinned: PINNED, announcement: ANNOUNCED } }),
  'room-24-last': room({ count: 24, page: 2 }),
  'room-spotlight': room({ count: 24, stage: { spotlight: person(2) }, session: HOST }),
  'room-pinned-for-me': room({ count: 12, stage: { localPin: person(4) } }),
  'room-paused': room({ count: 24, watch: paused('nobodyThere') }),
  'room-paused-hidden': room({ count: 24, watch: paused('hidden') }),
  'room-paused-locked': room({ count: 5, watch: paused('locked'), stage: { announcement: ANNOUNCED } }),
  'room-paused-asleep': room({ count: 2, watch: paused('asleep') }),
  'room-still-watching': room({
    count: 24,
    stage: { announcement: ANNOUNCED },
    watch: { prompt: { stopsInMs: 38_000 } },
  }),
  'room-still-watching-long': room({
    count: 12,
    stage: { spotlight: person(2) },
    watch: { prompt: { stopsInMs: 872_000 } },
    session: HOST,
  }),
  'room-still-watching-dialog': {
    script: { home: { inSession: true } },
    play: async (stage) => {
      await room({ count: 24, session: HOST, after: press('.dock .btn-danger') }).play?.(stage);
      await tick();
      stage.backend.play({ slice: 'watch', value: { ...STAY, prompt: { stopsInMs: 12_000 } } });
      await tick();
    },
  },
  'room-reconnecting': room({
    count: 24,
    connection: { state: 'lost', sinceMs: 8_000, countsForMs: 22_000, retryInMs: 1_000, attempt: 3 },
    stage: { announcement: ANNOUNCED },
  }),
  'room-offline': room({
    count: 24,
    connection: { state: 'lost', sinceMs: 80_000, countsForMs: 0, retryInMs: 8_000, attempt: 9 },
    watch: { counting: false, pausedBy: 'connectionLost' },
  }),
  'room-restored': room({
    count: 24,
    connection: { state: 'connected', roundTripMs: 31, restored: { lostMs: 12_000, bridged: true } },
  }),
  'room-host': room({ count: 24, session: HOST, stage: { pinned: PINNED } }),
  'room-host-menu': room({
    count: 24,
    session: HOST,
    after: press('[data-testid=grid] .tile:nth-child(8) .tile-more'),
  }),
  'room-host-announce': room({ count: 24, session: HOST, after: press('.ctl[aria-label^=Announce]') }),
  'room-host-end': room({ count: 24, session: HOST, after: press('.dock .btn-danger') }),
  'room-credits': room({ count: 24, after: press('[data-testid=credits]') }),
  'room-credits-many': room({
    count: 9,
    watch: { ...watchView(restless(500)), counting: true, confirmedMs: 40 * 60_000 },
    after: press('[data-testid=credits]'),
  }),
  'room-credits-pointed': room({
    count: 9,
    watch: paused('locked'),
    after: async () => {
      press('[data-testid=credits]')();
      await tick();
      document
        .querySelector('.timeline [data-piece="1"]')
        ?.dispatchEvent(new PointerEvent('pointermove', { bubbles: true }));
    },
  }),
  'room-presence': room({
    count: 9,
    people: (one, index) => ({ ...one, presence: PRESENCES[index % 3] ?? 'active' }),
  }),
  'room-people': room({ count: 24, session: HOST, after: press('.viewers') }),
  'room-toasts': {
    script: { home: { inSession: true } },
    play: async (stage) => {
      await room({ count: 24, session: HOST }).play?.(stage);
      stage.backend.play(
        { slice: 'notice', value: { kind: 'handRaised', name: 'Priya Raghunathan' } },
        { slice: 'notice', value: { kind: 'peopleJoined', name: 'Leo Fontaine', count: 3 } },
      );
    },
  },
  'room-no-panel': room({
    count: 24,
    stage: { pinned: PINNED, announcement: ANNOUNCED },
    after: press('.dock .ctl[aria-label*=panel]'),
  }),
};
