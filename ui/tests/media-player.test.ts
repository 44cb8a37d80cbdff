import { describe, expect, it } from 'vitest';
import { Player, type Canvas, type Decoder, type Frame } from '../src/media/player';
import type { PageMessage, Picture } from '../src/media/wire';

class TestFrame implements Frame {
  isClosed = false;
  constructor(
    readonly timestamp: number,
    readonly displayWidth = 640,
    readonly displayHeight = 360,
  ) {}
  close(): void {
    expect(this.isClosed, 'a frame is closed once').toBe(false);
    this.isClosed = true;
  }
}

/** A decoder that answers when the test says so. */
class TestDecoder implements Decoder {
  waiting: Picture[] = [];
  isClosed = false;
  constructor(
    readonly onframe: (frame: TestFrame) => void,
    readonly onerror: () => void,
  ) {}
  get queued() {
    return this.waiting.length;
  }
  decode(picture: Picture) {
    this.waiting.push(picture);
  }
  close() {
    this.isClosed = true;
  }
}

function stage() {
  const decoders: TestDecoder[] = [];
  const frames: TestFrame[] = [];
  const told: PageMessage[] = [];
  const first: number[] = [];
  const ticks: { callback: () => void; delayMs: number | null }[] = [];
  const clock = { now: 0 };
  const player = new Player<TestFrame>({
    makeDecoder(onframe, onerror) {
      const decoder = new TestDecoder(onframe, onerror);
      decoders.push(decoder);
      return decoder;
    },
    soon: (callback, delayMs) => void ticks.push({ callback, delayMs }),
    now: () => clock.now,
    tell: (message) => void told.push(message),
    onfirst: (surface) => void first.push(surface),
    onsize: () => undefined,
  });
  const painted: number[] = [];
  const canvas: Canvas<TestFrame> = {
    paint: (frame) => {
      expect(frame.isClosed, 'what is painted is open').toBe(false);
      painted.push(frame.timestamp);
    },
  };
  return {
    player,
    decoders,
    frames,
    told,
    first,
    painted,
    canvas,
    clock,
    /** A track with a tile. */
    show(slot = 0, trackId = 'camera') {
      player.take({ type: 'track', slot, trackId, codec: 'vp8' });
      player.attach(1, trackId, canvas, 'cover');
      player.resize(1, { width: 320, height: 180 });
    },
    picture(sequence: number, isKey = false, atUs = 0, slot = 0) {
      player.picture({ slot, sequence, isKey, atUs, data: new Uint8Array([1]) });
    },
    /** The newest decoder gives all that it has. */
    decode() {
      const decoder = decoders.at(-1);
      for (const { sequence } of decoder?.waiting.splice(0) ?? []) {
        const frame = new TestFrame(sequence);
        frames.push(frame);
        decoder?.onframe(frame);
      }
    },
    tick() {
      for (const { callback } of ticks.splice(0)) callback();
    },
    ticks,
  };
}

describe('the player', () => {
  it('paints the newest picture at its tick, never at the decoder', () => {
    const on = stage();
    on.show();
    on.picture(1, true);
    on.picture(2);
    on.picture(3);
    on.decode();
    expect(on.painted).toEqual([]);
    on.tick();
    expect(on.painted).toEqual([3]);
    expect(on.first).toEqual([1]);
    expect(on.frames.map((frame) => frame.isClosed)).toEqual([true, true, false]);
    expect(on.ticks).toEqual([]);
  });

  it('decodes nothing after a gap until a keyframe, and asks for it', () => {
    const on = stage();
    on.show();
    on.picture(1, true);
    on.decode();
    on.picture(3);
    on.picture(4);
    expect(on.decoders[0]?.waiting).toEqual([]);
    expect(on.told).toEqual([{ type: 'lost', slot: 0 }]);
    on.picture(5, true);
    expect(on.decoders[0]?.waiting.map(({ sequence }) => sequence)).toEqual([5]);
  });

  it('begins anew after a decoder failed', () => {
    const on = stage();
    on.show();
    on.picture(1, true);
    on.decoders[0]?.onerror();
    expect(on.decoders[0]?.isClosed).toBe(true);
    expect(on.told).toEqual([{ type: 'lost', slot: 0 }]);
    // What the old one still gives is closed and not shown.
    const late = new TestFrame(1);
    on.decoders[0]?.onframe(late);
    expect(late.isClosed).toBe(true);
    on.picture(2);
    expect(on.decoders).toHaveLength(1);
    on.picture(3, true);
    on.decode();
    on.tick();
    expect(on.painted).toEqual([3]);
  });

  it('gives up what has piled up in a decoder', () => {
    const on = stage();
    on.show();
    on.picture(1, true);
    for (let sequence = 2; sequence < 20; sequence += 1) on.picture(sequence);
    expect(on.decoders[0]?.isClosed).toBe(true);
    expect(on.told).toEqual([{ type: 'lost', slot: 0 }]);
  });

  it('lets early pictures wait for their sound', () => {
    const on = stage();
    on.show();
    on.player.take({ type: 'clock', atUs: 1_000_000 });
    on.picture(1, true, 1_000_000);
    on.picture(2, false, 1_200_000);
    on.decode();
    on.tick();
    expect(on.painted).toEqual([1]);
    on.tick();
    expect(on.painted).toEqual([1]);
    on.clock.now = 150;
    on.tick();
    expect(on.painted).toEqual([1, 2]);
  });

  it('tells what was painted, a few times a second', () => {
    const on = stage();
    on.show();
    for (let sequence = 0; sequence < 30; sequence += 1) {
      on.clock.now = sequence * 33;
      on.picture(sequence, sequence === 0);
      on.decode();
      on.tick();
    }
    expect(on.painted).toHaveLength(30);
    const credits = on.told.filter(({ type }) => type === 'painted');
    expect(credits.length).toBeLessThanOrEqual(5);
    expect(credits[0]).toEqual({ type: 'painted', slot: 0, sequence: 0, waiting: 0 });
  });

  it('shows a tile that comes later what was painted last', () => {
    const on = stage();
    on.show();
    on.picture(1, true);
    on.decode();
    on.tick();
    on.player.attach(2, 'camera', on.canvas, 'cover');
    on.player.resize(2, { width: 900, height: 500 });
    expect(on.painted).toEqual([1, 1]);
    expect(on.first).toEqual([1, 2]);
  });

  it('does not decode what nobody sees, and asks for a keyframe when somebody looks', () => {
    const on = stage();
    on.show();
    on.picture(1, true);
    on.player.detach(1);
    on.clock.now = 100;
    on.picture(2);
    expect(on.decoders[0]?.waiting).toHaveLength(2);
    on.clock.now = 2_000;
    on.picture(3, true);
    expect(on.decoders[0]?.waiting).toHaveLength(2);
    on.clock.now = 4_000;
    on.player.attach(3, 'camera', on.canvas, 'cover');
    expect(on.told.at(-1)).toEqual({ type: 'lost', slot: 0 });
    on.picture(4);
    expect(on.decoders[0]?.waiting).toHaveLength(2);
    on.picture(5, true);
    expect(on.decoders[0]?.waiting).toHaveLength(3);
  });

  it('closes everything of a track that is gone, and of all with the socket', () => {
    const on = stage();
    on.show();
    on.picture(1, true);
    on.decode();
    on.tick();
    on.picture(2);
    on.decode();
    on.player.take({ type: 'gone', slot: 0 });
    expect(on.frames.every((frame) => frame.isClosed)).toBe(true);
    expect(on.decoders[0]?.isClosed).toBe(true);
    on.picture(3, true);
    expect(on.decoders).toHaveLength(1);
    on.show(4);
    on.picture(1, true, 0, 4);
    on.player.reset();
    expect(on.decoders[1]?.isClosed).toBe(true);
  });

  it('does not touch codecs that it does not know', () => {
    const on = stage();
    on.player.take({ type: 'track', slot: 0, trackId: 'x', codec: 'h265' });
    on.picture(1, true);
    expect(on.decoders).toEqual([]);
  });
});
