import type { Audience, ChatView, MessageView } from '../bridge/backend';

/** As many messages as the core keeps. */
const LIMIT = 10_000;
/** A chain of replies is followed so far. */
const DEEPEST = 50;

/** What is being written, and to whom. Kept when the panel is closed. */
export interface Draft {
  text: string;
  audience: Audience;
  /** The message that is being answered. */
  replyTo: string | null;
}

export const EVERYONE: Audience = { to: 'everyone' };

/** The chat as the core shows it, what is unread of it, and what is being written. */
export class Conversation {
  messages = $state.raw<readonly MessageView[]>([]);
  /** Whether the server has earlier ones. */
  earlier = $state(false);
  /** Earlier ones were asked for and have not come yet. */
  fetching = $state(false);
  /** The "new messages" line stands before the first message that was sent after this; null: none. */
  lineAfterMs = $state<number | null>(null);
  /** The thread that is looked at, by its first message. */
  thread = $state<string | null>(null);
  draft = $state<Draft>({ text: '', audience: EVERYONE, replyTo: null });

  /** When the newest message that was read was sent; null before the first one came. */
  #readMs = $state<number | null>(null);
  #reading = false;
  #lineSeen = false;
  #byId = new Map<string, MessageView>();

  readonly unread = $derived.by(() => {
    const readMs = this.#readMs ?? Infinity;
    let count = 0;
    for (let at = this.messages.length - 1; at >= 0; at -= 1) {
      const message = this.messages[at];
      if (!message || (isSent(message) && message.sentAtMs <= readMs)) break;
      if (isFromOthers(message)) count += 1;
    }
    return count;
  });

  /** How many replies each thread has, by its first message. */
  readonly replies = $derived.by(() => {
    const counts = new Map<string, number>();
    for (const message of this.messages) {
      if (message.replyTo === null) continue;
      const root = this.rootOf(message);
      counts.set(root, (counts.get(root) ?? 0) + 1);
    }
    return counts;
  });

  /** Back to before the first event. */
  reset(): void {
    this.messages = [];
    this.earlier = false;
    this.fetching = false;
    this.lineAfterMs = null;
    this.thread = null;
    this.draft = { text: '', audience: EVERYONE, replyTo: null };
    this.#readMs = null;
    this.#lineSeen = false;
    this.#byId.clear();
  }

  /** The whole chat anew; what was not told yet follows. */
  replace(view: ChatView): void {
    this.#byId.clear();
    this.messages = [];
    this.merge(view);
  }

  /** Messages were added, or have changed. */
  merge({ messages, earlier }: ChatView): void {
    const next = [...this.messages];
    for (const message of messages) put(next, this.#byId, message);
    for (const gone of next.splice(0, Math.max(0, next.length - LIMIT))) this.#byId.delete(gone.id);
    this.messages = next;
    this.earlier = earlier;
    this.fetching = false;
    this.#readSome(messages);
  }

  /** The message, if it is here. */
  get(id: string): MessageView | undefined {
    // Read, so that whoever shows it is told when it changes.
    return this.messages.length > 0 ? this.#byId.get(id) : undefined;
  }

  /** The first message of the thread that this one belongs to. */
  rootOf(message: MessageView): string {
    let root = message;
    for (let depth = 0; depth < DEEPEST && root.replyTo !== null; depth += 1) {
      const parent = this.#byId.get(root.replyTo);
      if (!parent) return root.replyTo;
      root = parent;
    }
    return root.id;
  }

  /** The end of the chat can be seen, or cannot any more. */
  set reading(reading: boolean) {
    this.#reading = reading;
    if (!reading) return;
    this.#lineSeen = this.lineAfterMs !== null;
    this.#readMs = this.#newestMs() ?? this.#readMs;
  }

  /** The line has done its duty. */
  clearLine(): void {
    this.lineAfterMs = null;
    this.#lineSeen = false;
  }

  #newestMs(): number | null {
    return this.messages.findLast(isSent)?.sentAtMs ?? null;
  }

  #readSome(came: readonly MessageView[]): void {
    const newest = this.#newestMs();
    if (newest === null) return;
    // What is there when one comes is old: it was said to others.
    const isHistory = this.#readMs === null && came.length > 1;
    if (this.#reading || isHistory) {
      this.#readMs = newest;
      return;
    }
    this.#readMs ??= newest - 1;
    const readMs = this.#readMs;
    const isNews = came.some((message) => isFromOthers(message) && message.sentAtMs > readMs);
    if (isNews && (this.lineAfterMs === null || this.#lineSeen)) {
      this.lineAfterMs = readMs;
      this.#lineSeen = false;
    }
  }
}

function isSent(message: MessageView): boolean {
  return message.delivery === 'sent';
}

function isFromOthers(message: MessageView): boolean {
  return !message.mine && message.joined === null;
}

/** Where a message stands: what is not sent comes last. */
function place(message: MessageView): number {
  return isSent(message) ? message.sentAtMs : Infinity;
}

/** The index after the last message whose place is at most this. */
function after(messages: readonly MessageView[], at: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const message = messages[middle];
    if (message && place(message) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function indexOf(messages: readonly MessageView[], message: MessageView): number {
  for (let at = after(messages, place(message)) - 1; at >= 0; at -= 1) {
    if (messages[at] === message) return at;
  }
  return -1;
}

/** Puts a message in its place, instead of the older states of it. */
function put(messages: MessageView[], byId: Map<string, MessageView>, message: MessageView): void {
  const local = message.replaces === null ? undefined : byId.get(message.replaces);
  const known = byId.get(message.id);
  if (known && !local && place(known) === place(message)) {
    messages[indexOf(messages, known)] = message;
  } else {
    for (const old of [local, known]) {
      if (!old) continue;
      messages.splice(indexOf(messages, old), 1);
      byId.delete(old.id);
    }
    messages.splice(after(messages, place(message)), 0, message);
  }
  byId.set(message.id, message);
}
