import { describe, expect, it } from 'vitest';
import { bridgeAddress, webBackend, WebTransport } from '../src/bridge/web';

/** The other end of the socket, in the hands of the test. */
class FakeSocket extends EventTarget {
  readyState: number = WebSocket.CONNECTING;
  readonly sent: { id: number; command: string; args: Record<string, unknown> }[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  open(): void {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event('open'));
  }
  close(): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new Event('close'));
  }
  receive(reply: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(reply) }));
  }
}

function connected() {
  const socket = new FakeSocket();
  const backend = webBackend(new WebTransport(socket as unknown as WebSocket));
  return { socket, backend };
}

/** Lets everything that waits for a resolved promise go on. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

describe('the browser bridge', () => {
  it('waits for the socket, and matches answers to commands', async () => {
    const { socket, backend } = connected();
    const looked = backend.lookUp('VIBE-2K4F', null);
    const named = backend.setDisplayName('Jonas');
    expect(socket.sent).toEqual([]);
    socket.open();
    await turn();
    expect(socket.sent.map(({ command, args }) => [command, args])).toEqual([
      ['look_up', { text: 'VIBE-2K4F', server: null }],
      ['set_display_name', { name: 'Jonas' }],
    ]);
    const [first, second] = socket.sent;
    socket.receive({ id: second?.id, ok: { displayName: 'Jonas' } });
    socket.receive({ id: first?.id, ok: { title: 'Parser' } });
    expect(await looked).toEqual({ title: 'Parser' });
    expect(await named).toEqual({ displayName: 'Jonas' });
  });

  it('refuses with the app’s code', async () => {
    const { socket, backend } = connected();
    socket.open();
    const joined = backend.join({ roomCode: 'VIBE-2K4F', server: null, pin: null }, false);
    await turn();
    socket.receive({ id: socket.sent[0]?.id, error: { code: 'sessionOver', message: 'over' } });
    await expect(joined).rejects.toMatchObject({ code: 'sessionOver', message: 'over' });
  });

  it('hands events to the channel that they were sent on', async () => {
    const { socket, backend } = connected();
    socket.open();
    const events: unknown[] = [];
    const following = backend.watchSession((event) => events.push(event));
    await turn();
    const { id, args } = socket.sent[0] ?? { id: 0, args: { channel: 0 } };
    socket.receive({ id, ok: null });
    await following;
    const counts = { slice: 'counts', value: { total: 1, active: 1, hands: 0 } };
    socket.receive({ channel: args['channel'], event: counts });
    socket.receive({ channel: 999, event: 'for nobody' });
    expect(events).toEqual([counts]);
  });

  it('fails what waits when the connection goes, and all that follows', async () => {
    const { socket, backend } = connected();
    socket.open();
    const home = backend.home();
    await turn();
    socket.close();
    await expect(home).rejects.toMatchObject({ code: 'local' });
    await expect(backend.home()).rejects.toMatchObject({ code: 'local' });
  });

  it('finds the bridge beside the page, with the page’s token', () => {
    expect(bridgeAddress(new URL('http://127.0.0.1:4000/?token=abc&x=1'))).toBe(
      'ws://127.0.0.1:4000/bridge?token=abc',
    );
    expect(bridgeAddress(new URL('https://kulti.dev/'))).toBe('wss://kulti.dev/bridge');
  });
});
