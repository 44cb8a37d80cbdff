import { beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from '../src/media/capture';
import { cameraChoices, chosen, soundChoices } from '../src/media/choices';
import { Publication, type Encoder } from '../src/media/publishing';
import { Media } from '../src/state/media.svelte';
import { Toasts } from '../src/state/toasts.svelte';
import { deviceError, ScriptedCapturing, ScriptedDoor, scriptedMedia } from './scripted-media';

/** A stream with one track that can end. */
function testStream() {
  const track = Object.assign(new EventTarget(), { stop: vi.fn() });
  const stream = { getTracks: () => [track], getVideoTracks: () => [track] };
  return { stream: stream as unknown as MediaStream, track };
}

function media(capturing = new ScriptedCapturing()) {
  const door = new ScriptedDoor();
  const toasts = new Toasts();
  const state = new Media(door, toasts, scriptedMedia(capturing));
  state.may = { microphone: true, camera: true, screen: true };
  return { state, door, toasts, capturing };
}

const published = (door: ScriptedDoor) => door.calls.filter(([name]) => name === 'publish');

beforeEach(() => {
  localStorage.clear();
  vi.spyOn(HTMLMediaElement.prototype, 'play').mockResolvedValue();
});

describe('the camera', () => {
  it('is explained once, before the system asks', async () => {
    const { stream } = testStream();
    const open = vi.fn(async () => stream);
    const { state } = media(new ScriptedCapturing([{ id: 'a', name: 'A' }], open));
    state.toggleCamera();
    expect(state.explaining).toBe('camera');
    expect(open).not.toHaveBeenCalled();
    state.answerExplanation(false);
    expect(state.camera.at).toBe('off');
    state.toggleCamera();
    state.answerExplanation(true);
    await vi.waitFor(() => expect(state.camera.at).toBe('on'));
    state.toggleCamera();
    state.toggleCamera();
    expect(state.explaining).toBeNull();
    await vi.waitFor(() => expect(open).toHaveBeenCalledTimes(2));
  });

  it('is published while it is on, and let go of when it is off', async () => {
    localStorage.setItem('kulti.camera-explained', 'yes');
    const { stream, track } = testStream();
    const { state, door } = media(new ScriptedCapturing([], async () => stream));
    state.toggleCamera();
    await vi.waitFor(() => expect(published(door)).toEqual([['publish', 'camera', true]]));
    state.toggleCamera();
    expect(track.stop).toHaveBeenCalledOnce();
    expect(state.camera.at).toBe('off');
    expect(published(door).at(-1)).toEqual(['publish', 'camera', false]);
  });

  it('that answers after it was stopped is not kept', async () => {
    localStorage.setItem('kulti.camera-explained', 'yes');
    const { stream, track } = testStream();
    let answer: (stream: MediaStream) => void = () => undefined;
    const { state, door } = media(
      new ScriptedCapturing([], () => new Promise((resolve) => (answer = resolve))),
    );
    state.toggleCamera();
    expect(state.camera.at).toBe('starting');
    state.toggleCamera();
    answer(stream);
    await vi.waitFor(() => expect(track.stop).toHaveBeenCalledOnce());
    expect(state.camera.at).toBe('off');
    expect(published(door)).toEqual([]);
  });

  it.each([
    ['NotFoundError', 'none'],
    ['NotAllowedError', 'refused'],
    ['NotReadableError', 'busy'],
    ['NotSupportedError', 'unsupported'],
    ['TypeError', 'other'],
  ])('that fails with %s says so: %s', async (name, why) => {
    localStorage.setItem('kulti.camera-explained', 'yes');
    const { state, toasts } = media(new ScriptedCapturing([], () => Promise.reject(deviceError(name))));
    state.toggleCamera();
    await vi.waitFor(() => expect(state.camera).toEqual({ at: 'failed', why }));
    expect(toasts.list).toHaveLength(1);
    expect(toasts.list[0]?.actions?.length ?? 0).toBe(why === 'unsupported' ? 0 : 1);
  });

  it('that is unplugged is taken back, and told', async () => {
    localStorage.setItem('kulti.camera-explained', 'yes');
    const { stream, track } = testStream();
    const { state, door } = media(new ScriptedCapturing([], async () => stream));
    state.toggleCamera();
    await vi.waitFor(() => expect(published(door)).toHaveLength(1));
    track.dispatchEvent(new Event('ended'));
    expect(state.camera).toEqual({ at: 'failed', why: 'gone' });
    expect(published(door).at(-1)).toEqual(['publish', 'camera', false]);
  });

  it('that was missing is no failure any more once one is plugged in', async () => {
    localStorage.setItem('kulti.camera-explained', 'yes');
    const { state, capturing } = media();
    state.toggleCamera();
    await vi.waitFor(() => expect(state.camera.at).toBe('failed'));
    capturing.change([{ id: 'a', name: 'A' }]);
    await vi.waitFor(() => expect(state.camera.at).toBe('off'));
  });

  it('that was chosen and is not there gives way to another', async () => {
    localStorage.setItem('kulti.camera-explained', 'yes');
    const { stream } = testStream();
    const open = vi.fn(async (id: string | null) => {
      if (id !== null) throw deviceError('OverconstrainedError');
      return stream;
    });
    const { state } = media(new ScriptedCapturing([], open));
    state.chooseCamera('unplugged');
    state.toggleCamera();
    await vi.waitFor(() => expect(state.camera.at).toBe('on'));
    expect(open.mock.calls).toEqual([['unplugged'], [null]]);
  });

  it('is let go of at the end of the stay', async () => {
    localStorage.setItem('kulti.camera-explained', 'yes');
    const { stream, track } = testStream();
    const { state } = media(new ScriptedCapturing([], async () => stream));
    state.toggleCamera();
    await vi.waitFor(() => expect(state.camera.at).toBe('on'));
    state.close();
    expect(track.stop).toHaveBeenCalledOnce();
  });

  it('that may not be published is let go of', async () => {
    localStorage.setItem('kulti.camera-explained', 'yes');
    const { stream, track } = testStream();
    const { state, door, toasts } = media(new ScriptedCapturing([], async () => stream));
    door.refuses = new Error('no');
    state.toggleCamera();
    await vi.waitFor(() => expect(track.stop).toHaveBeenCalledOnce());
    expect(state.camera.at).toBe('off');
    expect(toasts.list).toHaveLength(1);
  });
});

describe('a screen', () => {
  it('that was not chosen is nothing to complain of', async () => {
    const { state, toasts } = media();
    state.toggleScreen();
    await vi.waitFor(() => expect(state.screen.at).toBe('off'));
    expect(toasts.list).toEqual([]);
    expect(failureOf(deviceError('NotAllowedError'), 'screen')).toBe('cancelled');
    expect(failureOf(deviceError('NotAllowedError'), 'camera')).toBe('refused');
  });

  it('that the system stops sharing is told, and can be shared again', async () => {
    const { stream, track } = testStream();
    const { state, door, toasts } = media(new ScriptedCapturing([], undefined, async () => stream));
    state.toggleScreen();
    await vi.waitFor(() => expect(published(door)).toHaveLength(1));
    track.dispatchEvent(new Event('ended'));
    expect(state.screen.at).toBe('off');
    expect(published(door).at(-1)).toEqual(['publish', 'screen', false]);
    expect(toasts.list[0]?.text).toContain('Sharing has ended.');
  });
});

describe('the microphone', () => {
  it('is on while the space bar is held', () => {
    const { state, door } = media();
    expect(state.talk(true)).toBe(true);
    expect(state.talk(true)).toBe(false);
    expect(state.microphoneOn).toBe(true);
    expect(state.talk(false)).toBe(true);
    expect(state.microphoneOn).toBe(false);
    expect(published(door)).toEqual([
      ['publish', 'microphone', true],
      ['publish', 'microphone', false],
    ]);
  });

  it('that is on anyway is not switched off by the space bar', () => {
    const { state } = media();
    state.toggleMicrophone();
    expect(state.talk(true)).toBe(false);
    expect(state.talk(false)).toBe(false);
    expect(state.microphoneOn).toBe(true);
  });

  it('stays on after a tap on its button', () => {
    const { state } = media();
    state.talk(true);
    state.keepTalking();
    expect(state.talk(false)).toBe(false);
    expect(state.microphoneOn).toBe(true);
  });

  it('is muted again where unmuting was refused', async () => {
    const { state, door, toasts } = media();
    door.refuses = new Error('no');
    state.toggleMicrophone();
    await vi.waitFor(() => expect(state.microphoneOn).toBe(false));
    expect(toasts.list).toHaveLength(1);
  });

  it('of a role that may not speak does nothing', () => {
    const { state, door } = media();
    state.may = { microphone: false, camera: false, screen: false };
    state.toggleMicrophone();
    state.toggleCamera();
    state.toggleScreen();
    expect(state.talk(true)).toBe(false);
    expect(door.calls).toEqual([]);
  });

  it('is listened to while somebody looks at its level', () => {
    const { state, door } = media();
    const away = [state.lookAtLevel(), state.lookAtLevel()];
    for (const look of away) look();
    expect(door.calls).toEqual([
      ['listen', true],
      ['listen', false],
    ]);
  });
});

describe('the choices', () => {
  it('begin with the system’s, by name where it is known', () => {
    const yeti = { id: 'yeti', name: 'Yeti', isDefault: true };
    expect(soundChoices([yeti])).toEqual([
      { id: null, name: 'As the system: Yeti' },
      { id: 'yeti', name: 'Yeti' },
    ]);
    expect(soundChoices([])).toEqual([]);
  });

  it('name cameras that have none, and leave out those that may not be known yet', () => {
    expect(cameraChoices([{ id: '', name: '' }])).toEqual([{ id: null, name: 'As the system' }]);
    expect(cameraChoices([{ id: 'a', name: '' }]).at(-1)).toEqual({ id: 'a', name: 'Camera 1' });
  });

  it('fall back to the system’s', () => {
    const choices = [{ id: null, name: 'As the system' }];
    expect(chosen(choices, 'unplugged')).toBeNull();
  });
});

describe('publishing', () => {
  function publication(width = 1280, height = 720) {
    const video = Object.defineProperties(document.createElement('video'), {
      videoWidth: { get: () => size.width },
      videoHeight: { get: () => size.height },
      readyState: { value: 4 },
    });
    const size = { width, height };
    const clock = { now: 0 };
    const encoded: [size: string, isKey: boolean][] = [];
    const configured: unknown[] = [];
    let fail: () => void = () => undefined;
    const encoder = {
      queued: 0,
      configure: (settings: object) => void configured.push(settings),
      encode: (
        _video: HTMLVideoElement,
        { width, height }: { width: number; height: number },
        isKey: boolean,
      ) => void encoded.push([`${width}×${height}`, isKey]),
      close: vi.fn(),
    } satisfies Encoder;
    const makeEncoder = vi.fn((_onpicture: unknown, onerror: () => void) => {
      fail = onerror;
      return encoder;
    });
    const one = new Publication(
      'camera',
      video,
      makeEncoder,
      () => undefined,
      () => clock.now,
    );
    const tick = () => {
      clock.now += 100;
      one.tick();
    };
    return { one, encoded, configured, encoder, makeEncoder, size, clock, tick, fail: () => fail() };
  }
  const settings = { width: 640, height: 360, framesPerSecond: 10, bitrate: 500_000 };

  it('waits for the app, begins with a keyframe and makes others when asked', () => {
    const { one, encoded, tick } = publication();
    tick();
    expect(encoded).toEqual([]);
    one.encode(settings);
    tick();
    tick();
    one.keyframe();
    tick();
    one.stop();
    tick();
    expect(encoded).toEqual([
      ['640×360', true],
      ['640×360', false],
      ['640×360', true],
    ]);
  });

  it('needs no keyframe for another bit rate, but for another size', () => {
    const { one, encoded, configured, tick, size } = publication();
    one.encode(settings);
    tick();
    one.encode({ ...settings, bitrate: 200_000 });
    tick();
    expect(configured).toHaveLength(2);
    size.width = 960;
    tick();
    one.stop();
    expect(encoded).toEqual([
      ['640×360', true],
      ['640×360', false],
      ['480×360', true],
    ]);
  });

  it('leaves pictures out that the encoder does not keep up with', () => {
    const { one, encoded, encoder, tick } = publication();
    one.encode(settings);
    encoder.queued = 2;
    tick();
    tick();
    expect(encoded).toHaveLength(1);
    one.stop();
  });

  it('makes a new encoder after an error, but not at once', () => {
    const { one, encoded, makeEncoder, tick, fail } = publication();
    one.encode(settings);
    tick();
    fail();
    tick();
    expect(makeEncoder).toHaveBeenCalledOnce();
    for (let later = 0; later < 10; later += 1) tick();
    expect(makeEncoder).toHaveBeenCalledTimes(2);
    expect(encoded.filter(([, isKey]) => isKey)).toHaveLength(2);
    one.stop();
  });
});
