import type { BackendError } from '../bridge/backend';
import type { IconName } from '../design/icons';
import { words } from '../words/en';

/** One thing that a toast offers to do. */
export interface ToastAction {
  label: string;
  primary?: boolean;
  run(): void;
}

/** What to tell once. */
export interface ToastRequest {
  icon: IconName;
  text: string;
  tone?: 'plain' | 'good' | 'bad';
  /** At most two, and two only for a question. */
  actions?: ToastAction[];
  /** Stays until it is answered. */
  lasting?: boolean;
}

/** A toast on the screen. */
export interface Toast extends ToastRequest {
  id: number;
}

/** At most so many at once; the older leaves first. */
const LIMIT = 2;
const SHOWN_MS = 5_000;
const SHOWN_WITH_ACTION_MS = 10_000;

/** The toasts that are on the screen, oldest first. */
export class Toasts {
  list = $state.raw<readonly Toast[]>([]);

  #nextId = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** Shows a toast; the same words are not shown twice at once. */
  show(request: ToastRequest): number {
    const same = this.list.find((toast) => toast.text === request.text);
    if (same) this.dismiss(same.id);
    const id = this.#nextId++;
    this.list = [...this.list, { ...request, id }];
    for (const toast of this.#surplus()) this.dismiss(toast.id);
    this.resume(id);
    return id;
  }

  /** Shows why a command was refused. */
  showError(error: BackendError, server?: string): number {
    const { what, todo } = words.errors[error.code](server ? { server } : {});
    return this.show({ icon: 'circle-alert', tone: 'bad', text: `${what} ${todo}` });
  }

  /** Takes a toast away. */
  dismiss(id: number): void {
    this.hold(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Stops a toast's clock: it is being pointed at. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** Starts a toast's clock anew. */
  resume(id: number): void {
    const toast = this.list.find((candidate) => candidate.id === id);
    if (!toast || toast.lasting) return;
    this.hold(id);
    const shownMs = toast.actions?.length ? SHOWN_WITH_ACTION_MS : SHOWN_MS;
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), shownMs),
    );
  }

  /** The oldest ones above the limit; a question waits for its answer before others. */
  #surplus(): readonly Toast[] {
    const over = this.list.length - LIMIT;
    if (over <= 0) return [];
    return [...this.list]
      .sort((a, b) => Number(a.lasting ?? false) - Number(b.lasting ?? false) || a.id - b.id)
      .slice(0, over);
  }
}
