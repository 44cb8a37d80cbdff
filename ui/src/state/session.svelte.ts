import type {
  Backend,
  ConnectionView,
  CountsView,
  DiagnosticsView,
  EndedView,
  GridView,
  MediaView,
  Intent,
  PeopleListView,
  PeopleView,
  PollsView,
  RoomView,
  SessionView,
  StageLogView,
  StageView,
  ViewEvent,
  VoicesView,
  WatchView,
} from '../bridge/backend';
import { asBackendError } from '../bridge/backend';
import { Conversation } from './conversation.svelte';
import { noticeToast } from './notices';
import { PollWriting } from './poll-writing.svelte';
import type { Toasts } from './toasts.svelte';
import { undoToast } from './undo';

/**
 * The session as the core shows it: one field a slice, replaced as a whole. Null means
 * that the core has not said anything yet, and is shown as a dash, never as a zero.
 */
export class Session {
  connection = $state.raw<ConnectionView | null>(null);
  session = $state.raw<SessionView | null>(null);
  counts = $state.raw<CountsView | null>(null);
  grid = $state.raw<GridView | null>(null);
  stage = $state.raw<StageView>(EMPTY_STAGE);
  people = $state.raw<PeopleView>(EMPTY_PEOPLE);
  polls = $state.raw<PollsView>(EMPTY_POLLS);
  /** The poll that is being written. */
  readonly pollWriting = new PollWriting();
  /** Counts how often something asked to see the polls. */
  pollsAsked = $state(0);
  readonly chat = new Conversation();
  /** The part of the list of people that was asked for; null while nobody looks. */
  list = $state.raw<PeopleListView | null>(null);
  room = $state.raw<RoomView>(EMPTY_ROOM);
  stageLog = $state.raw<StageLogView>(EMPTY_LOG);
  watch = $state.raw<WatchView | null>(null);
  /** What I send and what is shared; null while nothing is known of media. */
  media = $state.raw<MediaView | null>(null);
  voices = $state.raw<VoicesView>(SILENCE);
  diagnostics = $state.raw<DiagnosticsView | null>(null);
  ended = $state.raw<EndedView | null>(null);
  /** When the end came, ms since the epoch: to say at what time things were, never to measure. */
  endedAtMs = 0;

  /** Called when something about media has changed. */
  onmedia: (media: MediaView) => void = () => undefined;
  /** Called when the stay is over. */
  onended: () => void = () => undefined;

  readonly #backend: Backend;
  readonly #toasts: Toasts;
  /** The page that was asked for and has not come yet: quick presses go on from there. */
  #askedPage: number | null = null;

  constructor(backend: Backend, toasts: Toasts) {
    this.#backend = backend;
    this.#toasts = toasts;
  }

  /** Forgets the stay before, and follows the one that has begun. */
  async follow(): Promise<void> {
    this.reset();
    await this.#backend.watchSession((event) => this.apply(event));
  }

  /** Back to before the first event. */
  reset(): void {
    this.connection = null;
    this.session = null;
    this.counts = null;
    this.grid = null;
    this.#askedPage = null;
    this.stage = EMPTY_STAGE;
    this.people = EMPTY_PEOPLE;
    this.chat.reset();
    this.polls = EMPTY_POLLS;
    this.pollWriting.reset();
    this.list = null;
    this.room = EMPTY_ROOM;
    this.stageLog = EMPTY_LOG;
    this.watch = null;
    this.media = null;
    this.voices = SILENCE;
    this.diagnostics = null;
    this.ended = null;
  }

  /** Takes over one change of the view. */
  apply(event: ViewEvent): void {
    switch (event.slice) {
      case 'connection':
        this.connection = event.value;
        break;
      case 'session':
        this.session = event.value;
        break;
      case 'counts':
        this.counts = event.value;
        break;
      case 'grid':
        this.grid = event.value;
        if (this.#askedPage !== null) {
          const gone = this.#askedPage >= event.value.pages;
          if (gone || event.value.page === this.#askedPage) this.#askedPage = null;
        }
        break;
      case 'stage':
        this.stage = event.value;
        break;
      case 'people':
        this.people = event.value;
        break;
      case 'peopleList':
        this.list = event.value;
        break;
      case 'room':
        this.room = event.value;
        break;
      case 'stageLog':
        this.stageLog = event.value;
        break;
      case 'chat':
        this.chat.replace(event.value);
        break;
      case 'messages':
        this.chat.merge(event.value);
        break;
      case 'polls':
        this.polls = event.value;
        break;
      case 'watch':
        this.watch = event.value;
        break;
      case 'media':
        this.media = event.value;
        this.onmedia(event.value);
        break;
      case 'voices':
        this.voices = event.value;
        break;
      case 'diagnostics':
        this.diagnostics = event.value;
        break;
      case 'notice': {
        const toast = noticeToast(event.value, () => (this.pollsAsked += 1));
        if (toast) this.#toasts.show(toast);
        break;
      }
      case 'ended':
        this.endedAtMs = Date.now();
        this.ended = event.value;
        this.onended();
        break;
    }
  }

  /** Turns pages of the grid. Tells whether there was one to turn to. */
  turnPage(by: number): boolean {
    if (!this.grid) return false;
    const from = this.#askedPage ?? this.grid.page;
    const page = Math.min(Math.max(from + by, 0), this.grid.pages - 1);
    if (page === from) return false;
    this.#askedPage = page;
    void this.act({ act: 'showPage', page }).then((taken) => {
      if (!taken) this.#askedPage = null;
    });
    return true;
  }

  /** Polls that wait for my answer. */
  get pollsWaiting(): number {
    return this.polls.polls.filter(
      (poll) =>
        poll.stage === 'running' &&
        poll.mayVote &&
        poll.loaded &&
        !poll.questions.every((question) => question.answered),
    ).length;
  }

  /** Polls that take votes. */
  get pollsRunning(): number {
    return this.polls.polls.filter((poll) => poll.stage === 'running').length;
  }

  /** Saves a poll's results; gives the file's path, or null after a toast. */
  async savePollResults(pollId: string): Promise<string | null> {
    try {
      return await this.#backend.savePollResults(pollId);
    } catch (error) {
      this.#toasts.showError(asBackendError(error));
      return null;
    }
  }

  /** Opens a link of a message in the browser; tells whether one was there. */
  async openLink(url: string): Promise<void> {
    try {
      await this.#backend.openLink(url);
    } catch (error) {
      this.#toasts.showError(asBackendError(error));
    }
  }

  /** Looks at a part of the list of people; a `count` of 0 stops looking. No act of the person. */
  lookAtPeople(query: string, first: number, count: number): void {
    if (count === 0) this.list = null;
    this.#backend.act({ act: 'showPeople', query, first, count }).catch(() => undefined);
  }

  /** Does something in the session; a refusal becomes a toast. Tells whether it was taken. */
  async act(intent: Intent): Promise<boolean> {
    const undo = undoToast(intent, this.stage, (back) => void this.act(back));
    try {
      await this.#backend.act(intent);
      if (undo) this.#toasts.show(undo);
      return true;
    } catch (error) {
      this.#toasts.showError(asBackendError(error));
      return false;
    }
  }
}

const EMPTY_ROOM: RoomView = {
  locked: false,
  lockedBy: null,
  canLock: false,
  invitation: null,
  invited: [],
};
const EMPTY_LOG: StageLogView = { announcements: [], acknowledged: null, ignored: [] };
const SILENCE: VoicesView = { speakers: [], mine: null };
const EMPTY_STAGE: StageView = { spotlight: null, localPin: null, pinned: null, announcement: null };
const EMPTY_POLLS: PollsView = {
  known: false,
  polls: [],
  saving: { state: 'nothing' },
  savingNumber: 0,
  inspected: null,
};
const EMPTY_PEOPLE: PeopleView = { total: 0, people: [] };
