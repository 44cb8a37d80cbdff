// The backend of a page in a plain browser: the same commands over one WebSocket to
// the app's browser bridge.
//
//   page → app   {"id":1,"command":"look_up","args":{…}}
//   app → page   {"id":1,"ok":…} | {"id":1,"error":{code,message}}
//                {"channel":7,"event":…}
//
// A channel is a number that the page chooses and hands over as an argument. The page
// gets its one-time token from its own address (`?token=…`) and removes it there.

import { type Backend, BackendError } from './backend';
import type { CommandError, HomeView, ViewEvent } from './bindings';

type Reply =
  { id: number; ok: unknown } | { id: number; error: CommandError } | { channel: number; event: unknown };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One connection to the app's browser bridge. */
export class WebTransport {
  #socket: WebSocket;
  #opened: Promise<void>;
  #nextId = 1;
  #waiting = new Map<number, Waiting>();
  #channels = new Map<number, (event: never) => void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#opened = new Promise((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('close', () => reject(lost()));
    });
    // A close before the first command is told to that command.
    this.#opened.catch(() => undefined);
    socket.addEventListener('message', (message) => this.#receive(String(message.data)));
    socket.addEventListener('close', () => this.#fail());
  }

  /** Sends a command and waits for its answer. */
  async call<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
    await this.#opened;
    if (this.#socket.readyState !== WebSocket.OPEN) throw lost();
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#socket.send(JSON.stringify({ id, command, args }));
    return (await answer) as T;
  }

  /** A number under which the app sends events to `listener`. */
  channel<T>(listener: (event: T) => void): number {
    const id = this.#nextId++;
    this.#channels.set(id, listener as (event: never) => void);
    return id;
  }

  #receive(text: string): void {
    const reply = JSON.parse(text) as Reply;
    if ('channel' in reply) {
      this.#channels.get(reply.channel)?.(reply.event as never);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new BackendError(reply.error));
    else waiting?.resolve(reply.ok);
  }

  #fail(): void {
    for (const waiting of this.#waiting.values()) waiting.reject(lost());
    this.#waiting.clear();
  }
}

function lost(): BackendError {
  return new BackendError({ code: 'local', message: 'the connection to the app is gone' });
}

/** The address of the bridge for a page at `page`; the token is taken from it. */
export function bridgeAddress(page: URL): string {
  const address = new URL('/bridge', page);
  address.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
  const token = page.searchParams.get('token');
  if (token) address.searchParams.set('token', token);
  return address.href;
}

/** The backend that talks to the app over `transport`. */
export function webBackend(transport: WebTransport): Backend {
  const call = transport.call.bind(transport);
  return {
    appInfo: () => call('app_info'),
    home: () => call('home'),
    watchHome: (onChange) => call('home_events', { channel: transport.channel<HomeView>(onChange) }),
    setDisplayName: (name) => call('set_display_name', { name }),
    lookUp: (text, server) => call('look_up', { text, server }),
    join: (target, allowPlain) => call('join', { target, allowPlain }),
    host: (request) => call('host', { request }),
    watchSession: (onEvent) => call('session', { channel: transport.channel<ViewEvent>(onEvent) }),
    act: (intent) => call('act', { intent }),
    settings: () => call('settings'),
    setSettings: (settings) => call('set_settings', { settings }),
    reach: () => call('reach'),
    setOpenToNetwork: (open) => call('set_open_to_network', { open }),
    sessionBooks: (sessionId) => call('session_books', { sessionId }),
    saveReceipt: (sessionId) => call('save_receipt', { sessionId }),
    savePollResults: (pollId) => call('save_poll_results', { pollId }),
    insights: (sessionId) => call('insights', { sessionId }),
    saveInsights: (sessionId) => call('save_insights', { sessionId }),
    activitySources: () => call('activity_sources'),
    saveLog: () => call('save_log'),
    forgetRecent: (sessionId) => call('forget_recent', { sessionId }),
    forgetRefused: () => call('forget_refused'),
    dismissLink: () => call('dismiss_link'),
    windowVisible: (visible) => call('window_visible', { visible }),
    copyText: (text) => navigator.clipboard.writeText(text),
    openLink: async (url) => void window.open(url, '_blank', 'noopener,noreferrer'),
    mediaSocket: () => call('media_socket'),
    chooseSound: (microphone, loudspeaker) => call('choose_sound', { microphone, loudspeaker }),
    allowCamera: () => call('allow_camera'),
  };
}
