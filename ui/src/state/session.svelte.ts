import type {
  Backend,
  ChatView,
  ConnectionView,
  CountsView,
  DiagnosticsView,
  EndedView,
  GridView,
  Intent,
  MessageView,
  PeopleView,
  SessionView,
  StageView,
  ViewEvent,
  WatchView,
} from '../bridge/backend';
import { asBackendError } from '../bridge/backend';
import { noticeToast } from './notices';
import type { Toasts } from './toasts.svelte';

/** As many messages as the core keeps. */
const MESSAGE_LIMIT = 500;

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
  messages = $state.raw<readonly MessageView[]>([]);
  watch = $state.raw<WatchView | null>(null);
  diagnostics = $state.raw<DiagnosticsView | null>(null);
  ended = $state.raw<EndedView | null>(null);
  /** When the end came, ms since the epoch: to say at what time things were, never to measure. */
  endedAtMs = 0;

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
    this.messages = [];
    this.watch = null;
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
      case 'chat':
        this.messages = event.value.messages;
        break;
      case 'message':
        this.messages = withMessage(this.messages, event.value);
        break;
      case 'watch':
        this.watch = event.value;
        break;
      case 'diagnostics':
        this.diagnostics = event.value;
        break;
      case 'notice': {
        const toast = noticeToast(event.value, (intent) => void this.act(intent));
        if (toast) this.#toasts.show(toast);
        break;
      }
      case 'ended':
        this.endedAtMs = Date.now();
        this.ended = event.value;
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

  /** Does something in the session; a refusal becomes a toast. Tells whether it was taken. */
  async act(intent: Intent): Promise<boolean> {
    try {
      await this.#backend.act(intent);
      return true;
    } catch (error) {
      this.#toasts.showError(asBackendError(error));
      return false;
    }
  }
}

const EMPTY_STAGE: StageView = { spotlight: null, localPin: null, pinned: null, announcement: null };
const EMPTY_PEOPLE: PeopleView = { total: 0, people: [] };

/** `messages` with `message` added, or put in the place of the one that it is a newer state of. */
export function withMessage(
  messages: ChatView['messages'] | readonly MessageView[],
  message: MessageView,
): MessageView[] {
  const next = [...messages];
  const known = next.findIndex((other) => other.id === message.id || other.id === message.replaces);
  if (known === -1) next.push(message);
  else next[known] = message;
  return next.length > MESSAGE_LIMIT ? next.slice(next.length - MESSAGE_LIMIT) : next;
}
