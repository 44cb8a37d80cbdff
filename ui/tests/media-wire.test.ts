import { describe, expect, it } from 'vitest';
import {
  following,
  HEADER_BYTES,
  PICTURE_BYTES_LIMIT,
  readMessage,
  readPicture,
  writeHeader,
} from '../src/media/wire';

/** A picture to show, byte by byte as docs/media.md has it. */
function picture(bytes: number[], kind = 1): ArrayBuffer {
  const header = [kind, 1, 3, 0, 0xff, 0xff, 0xff, 0xff, 0x40, 0x42, 0x0f, 0, 0, 0, 0, 0];
  return new Uint8Array([...header, ...bytes]).buffer;
}

describe('the header of a picture', () => {
  it('is read', () => {
    expect(readPicture(picture([7, 8]))).toEqual({
      slot: 3,
      sequence: 0xffff_ffff,
      isKey: true,
      atUs: 1_000_000,
      data: new Uint8Array([7, 8]),
    });
  });

  it('is refused where it is none', () => {
    expect(readPicture(new ArrayBuffer(0))).toBeNull();
    expect(readPicture(picture([]))).toBeNull();
    expect(readPicture(picture([1], 2))).toBeNull();
    expect(readPicture(new ArrayBuffer(HEADER_BYTES + PICTURE_BYTES_LIMIT + 1))).toBeNull();
    const farOff = picture([1]);
    new DataView(farOff).setUint16(2, 9_999, true);
    expect(readPicture(farOff)).toBeNull();
    const endless = picture([1]);
    new DataView(endless).setBigUint64(8, 2n ** 60n, true);
    expect(readPicture(endless)).toBeNull();
  });

  it('is written before the picture, which stays as it is', () => {
    const message = new Uint8Array([...new Array<number>(HEADER_BYTES).fill(9), 5, 6]).buffer;
    writeHeader(message, { source: 'screen', sequence: 258, isKey: true, atUs: 1_000_000.4 });
    expect([...new Uint8Array(message)]).toEqual([
      2, 1, 1, 0, 2, 1, 0, 0, 0x40, 0x42, 0x0f, 0, 0, 0, 0, 0, 5, 6,
    ]);
  });

  it('counts round', () => {
    expect(following(7)).toBe(8);
    expect(following(0xffff_ffff)).toBe(0);
  });
});

describe('text messages', () => {
  it('are read', () => {
    expect(readMessage('{"type":"track","slot":3,"trackId":"t","codec":"vp8"}')).toEqual({
      type: 'track',
      slot: 3,
      trackId: 't',
      codec: 'vp8',
    });
    expect(
      readMessage(
        '{"type":"encode","source":"camera","width":1280,"height":720,"framesPerSecond":30,"bitrate":900000}',
      ),
    ).toMatchObject({ source: 'camera', framesPerSecond: 30 });
    expect(readMessage('{"type":"tick","more":1}')).toEqual({ type: 'tick' });
    expect(readMessage('{"type":"keyframe","source":"screen"}')).toEqual({
      type: 'keyframe',
      source: 'screen',
    });
  });

  it.each([
    'no json',
    '7',
    'null',
    '{"type":"unheard of"}',
    '{"type":"gone","slot":-1}',
    '{"type":"gone","slot":256}',
    '{"type":"track","slot":1,"trackId":"","codec":"vp8"}',
    '{"type":"stop","source":"microphone"}',
    '{"type":"encode","source":"camera","width":1280,"height":0,"framesPerSecond":30,"bitrate":1}',
    '{"type":"encode","source":"camera","width":1280,"height":720,"framesPerSecond":1e9,"bitrate":1}',
    '{"type":"clock","atUs":"now"}',
    `{"type":"tick","more":"${'x'.repeat(70_000)}"}`,
  ])('that are none of ours do nothing: %.60s', (text) => {
    expect(readMessage(text)).toBeNull();
  });
});
