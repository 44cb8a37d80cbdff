import { asBackendError, type BackendError, type HostPlace, type HostRequest } from '../bridge/backend';
import { originOf } from './origin';

/** What is missing before a session can start. */
export type Missing = 'title' | 'origin';

/** The host card. Lives as long as the app, so that nothing typed is lost. */
export class Hosting {
  title = $state('');
  place = $state<HostPlace['kind']>('thisComputer');
  /** The server's address, as typed. */
  origin = $state('');
  /** Whether the server tells everyone who asks about the session. */
  listed = $state(false);
  busy = $state(false);
  missing = $state<Missing | null>(null);
  error = $state.raw<BackendError | null>(null);

  readonly #enter: (request: HostRequest) => Promise<void>;

  constructor(enter: (request: HostRequest) => Promise<void>) {
    this.#enter = enter;
  }

  /** What was refused no longer holds: something was changed. */
  changed(): void {
    this.missing = null;
    this.error = null;
  }

  /** Starts the session, or says what is missing. */
  async start(): Promise<void> {
    if (this.busy) return;
    this.changed();
    const title = this.title.trim();
    const origin = originOf(this.origin);
    if (title === '') this.missing = 'title';
    else if (this.place === 'server' && origin === null) this.missing = 'origin';
    if (this.missing) return;
    this.busy = true;
    try {
      const place: HostPlace =
        this.place === 'server' ? { kind: 'server', origin: origin ?? '' } : { kind: this.place };
      await this.#enter({ title, place, listed: place.kind === 'server' && this.listed });
      this.title = '';
    } catch (cause) {
      this.error = asBackendError(cause);
    } finally {
      this.busy = false;
    }
  }
}
