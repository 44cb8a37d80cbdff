import { asBackendError, type Backend, type BackendError, type Insights } from '../bridge/backend';

/** A host looks once in a while: so often it is fresh enough, and costs the server little. */
const PAUSE_MS = 10_000;

/**
 * The figures of one session, asked for again while it goes on and somebody looks.
 */
export class InsightsWatch {
  readonly sessionId: string;
  /** The newest that the server said. */
  insights = $state.raw<Insights | null>(null);
  /** Why the last question was not answered; null when it was. */
  error = $state.raw<BackendError | null>(null);
  /** The file is being written. */
  saving = $state(false);

  readonly #backend: Backend;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(backend: Backend, sessionId: string) {
    this.#backend = backend;
    this.sessionId = sessionId;
  }

  /** Asks now, and again until the session is over or nobody looks any more. */
  async ask(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      this.insights = await this.#backend.insights(this.sessionId);
      this.error = null;
    } catch (cause) {
      this.error = asBackendError(cause);
    }
    const over = this.error === null && this.insights?.live === false;
    // Refused once is refused again, until the person does something.
    const hopeless = this.error !== null && !['serverUnreachable', 'local'].includes(this.error.code);
    if (this.#closed || over || hopeless) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#again(), PAUSE_MS);
  }

  /** Saves the figures as CSV; gives the file's path. */
  async save(): Promise<string> {
    this.saving = true;
    try {
      return await this.#backend.saveInsights(this.sessionId);
    } finally {
      this.saving = false;
    }
  }

  /** Nobody looks any more: nothing is asked again. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #again(): void {
    if (!document.hidden) void this.ask();
    else this.#timer = setTimeout(() => this.#again(), PAUSE_MS);
  }
}
