import { asBackendError, type Backend, type BackendError, type SessionBooks } from '../bridge/backend';

/** How asking for the receipt went. */
export type Receipt =
  { at: 'none' } | { at: 'saving' } | { at: 'saved'; path: string } | { at: 'failed'; error: BackendError };

/** The first pause between two questions, and the longest; each is twice the one before. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * A server's books on my time in one session. They are asked for again, ever more
 * seldom, until the credits are settled: the session may go on without me, and time
 * that waits on this computer may still arrive.
 */
export class Books {
  readonly sessionId: string;
  /** The newest that the server said. */
  books = $state.raw<SessionBooks | null>(null);
  /** Why the last question was not answered; null when it was. */
  error = $state.raw<BackendError | null>(null);
  /** A question is under way. */
  asking = $state(false);
  receipt = $state.raw<Receipt>({ at: 'none' });

  readonly #backend: Backend;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #closed = false;

  constructor(backend: Backend, sessionId: string) {
    this.#backend = backend;
    this.sessionId = sessionId;
  }

  /** Somebody looks, perhaps again: asks now, and again until they are settled. */
  async open(): Promise<void> {
    this.#closed = false;
    await this.refresh();
  }

  /** Asks now, and again until they are settled. */
  async ask(): Promise<void> {
    if (this.asking || this.#closed) return;
    clearTimeout(this.#timer);
    this.asking = true;
    try {
      this.books = await this.#backend.sessionBooks(this.sessionId);
      this.error = null;
    } catch (cause) {
      this.error = asBackendError(cause);
    } finally {
      this.asking = false;
    }
    this.#askAgain();
  }

  /** The person asks: at once, and often again after that. */
  async refresh(): Promise<void> {
    this.#pauseMs = FIRST_PAUSE_MS;
    await this.ask();
  }

  /** Saves the server's receipt. */
  async saveReceipt(): Promise<void> {
    if (this.receipt.at === 'saving') return;
    this.receipt = { at: 'saving' };
    try {
      this.receipt = { at: 'saved', path: await this.#backend.saveReceipt(this.sessionId) };
    } catch (cause) {
      this.receipt = { at: 'failed', error: asBackendError(cause) };
    }
  }

  /** Nobody looks any more: nothing is asked again. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #askAgain(): void {
    const settled = this.error === null && this.books?.settled;
    // Asking again changes nothing about these, until the person has done something.
    const hopeless = this.error !== null && !['serverUnreachable', 'local'].includes(this.error.code);
    if (this.#closed || settled || hopeless) return;
    this.#timer = setTimeout(() => void this.ask(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
