import { beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from '../src/media/capture';
import { cameraChoices, chosen, soundChoices } from '../src/media/choices';
import { Publication, type Encoder } from '../src/media/publishing';
import type { MediaView, PersonMediaView } from '../src/bridge/backend';
import { App } from '../src/state/app.svelte';
import { refusal, ScriptedBackend } from './scripted-backend';
import { person } from './gallery/scenes/room';
import { deviceError, mediaView, NO_MEDIA, ScriptedCapturing, scriptedMedia } from './scripted-media';

/** A stream with one track that can end. */
function testStream() {
  const track = Object.assign(new EventTarget(), { stop: vi.fn() });
  const stream = { getTracks: () => [track], getVideoTracks: () => [track] };
  return { stream: stream as unknown as MediaStream, track };
}

/** In a session, after a yes to the explanation. */
async function media(
  capturing = new ScriptedCapturing(),
  { consent = true, view = {} }: { consent?: boolean; view?: Partial<MediaView> } = {},
) {
  let refuses = false;
  const backend = new ScriptedBackend({
    settings: { mediaConsent: consent },
    act: async () => {
      if (refuses) throw refusal('refused');
    },
  });
  const app = new App(backend, scriptedMedia(capturing));
  await app.start();
  const say = (change: Partial<MediaView>) =>
    app.session.apply({ slice: 'media', value: { ...mediaView, ...view, ...change } });
  say({});
  const acts = () => backend.called('act').map(([intent]) => intent);
  return {
    app,
    state: app.media,
    backend,
    toasts: app.toasts,
    capturing,
    say,
    acts,
    refuse: () => (refuses = true),
  };
}

const publish = (source: string, on: boolean) => ({ act: 'publish', source, on });

beforeEach(() => {
  localStorage.clear();
  vi.spyOn(HTMLMediaElement.prototype, 'play').mockResolvedValue();
});

describe('the camera', () => {
  it('is explained once, before the system asks', async () => {
    const { stream } = testStream();
    const open = vi.fn(async () => stream);
    const { state, backend } = await media(new ScriptedCapturing([{ id: 'a', name: 'A' }], open), {
      consent: false,
    });
    state.toggleCamera();
    expect(state.explaining).toBe('camera');
    expect(open).not.toHaveBeenCalled();
    await state.answerExplanation(false);
    expect(state.camera.at).toBe('off');
    state.toggleCamera();
    await state.answerExplanation(true);
    expect(backend.called('allowCamera')).toHaveLength(1);
    await vi.waitFor(() => expect(state.camera.at).toBe('on'));
    state.toggleCamera();
    state.toggleCamera();
    expect(state.explaining).toBeNull();
    await vi.waitFor(() => expect(open).toHaveBeenCalledTimes(2));
  });

  it('is published while it is on, and let go of when it is off', async () => {
    const { stream, track } = testStream();
    const { state, acts } = await media(new ScriptedCapturing([], async () => stream));
    state.toggleCamera();
    await vi.waitFor(() => expect(acts()).toEqual([publish('camera', true)]));
    state.toggleCamera();
    expect(track.stop).toHaveBeenCalledOnce();
    expect(state.camera.at).toBe('off');
    expect(acts().at(-1)).toEqual(publish('camera', false));
  });

  it('that answers after it was stopped is not kept', async () => {
    const { stream, track } = testStream();
    let answer: (stream: MediaStream) => void = () => undefined;
    const { state, acts } = await media(
      new ScriptedCapturing([], () => new Promise((resolve) => (answer = resolve))),
    );
    state.toggleCamera();
    expect(state.camera.at).toBe('starting');
    state.toggleCamera();
    answer(stream);
    await vi.waitFor(() => expect(track.stop).toHaveBeenCalledOnce());
    expect(state.camera.at).toBe('off');
    expect(acts()).toEqual([]);
  });

  it.each([
    ['NotFoundError', 'none'],
    ['NotAllowedError', 'refused'],
    ['NotReadableError', 'busy'],
    ['NotSupportedError', 'unsupported'],
    ['TypeError', 'other'],
  ])('that fails with %s says so: %s', async (name, why) => {
    const { state, toasts } = await media(new ScriptedCapturing([], () => Promise.reject(deviceError(name))));
    state.toggleCamera();
    await vi.waitFor(() => expect(state.camera).toEqual({ at: 'failed', why }));
    expect(toasts.list).toHaveLength(1);
    expect(toasts.list[0]?.actions?.length ?? 0).toBe(why === 'unsupported' ? 0 : 1);
  });

  it('that is unplugged is taken back, and told', async () => {
    const { stream, track } = testStream();
    const { state, acts } = await media(new ScriptedCapturing([], async () => stream));
    state.toggleCamera();
    await vi.waitFor(() => expect(acts()).toHaveLength(1));
    track.dispatchEvent(new Event('ended'));
    expect(state.camera).toEqual({ at: 'failed', why: 'gone' });
    expect(acts().at(-1)).toEqual(publish('camera', false));
  });

  it('that was missing is no failure any more once one is plugged in', async () => {
    const { state, capturing } = await media();
    state.toggleCamera();
    await vi.waitFor(() => expect(state.camera.at).toBe('failed'));
    capturing.change([{ id: 'a', name: 'A' }]);
    await vi.waitFor(() => expect(state.camera.at).toBe('off'));
  });

  it('that was chosen and is not there gives way to another', async () => {
    const { stream } = testStream();
    const open = vi.fn(async (id: string | null) => {
      if (id !== null) throw deviceError('OverconstrainedError');
      return stream;
    });
    const { state } = await media(new ScriptedCapturing([], open));
    state.chooseCamera('unplugged');
    state.toggleCamera();
    await vi.waitFor(() => expect(state.camera.at).toBe('on'));
    expect(open.mock.calls).toEqual([['unplugged'], [null]]);
  });

  it('is let go of at the end of the stay', async () => {
    const { stream, track } = testStream();
    const { state } = await media(new ScriptedCapturing([], async () => stream));
    state.toggleCamera();
    await vi.waitFor(() => expect(state.camera.at).toBe('on'));
    state.close();
    expect(track.stop).toHaveBeenCalledOnce();
  });

  it('that may not be published is let go of', async () => {
    const { stream, track } = testStream();
    const { state, refuse, toasts } = await media(new ScriptedCapturing([], async () => stream));
    refuse();
    state.toggleCamera();
    await vi.waitFor(() => expect(track.stop).toHaveBeenCalledOnce());
    expect(state.camera.at).toBe('off');
    expect(toasts.list).toHaveLength(1);
  });
});

describe('cameras', () => {
  it('are not called missing before the system may tell of them', async () => {
    const { state, backend, app } = await media(undefined, { consent: false });
    await state.lookForCameras();
    expect(state.cameras).toBeNull();
    app.settings = await backend.allowCamera();
    await state.lookForCameras();
    expect(state.cameras).toEqual([]);
    expect(cameraChoices(null)).toHaveLength(1);
  });
});

describe('a screen', () => {
  it('is explained once, too', async () => {
    const { stream } = testStream();
    const { state } = await media(new ScriptedCapturing([], undefined, async () => stream), {
      consent: false,
    });
    state.toggleScreen();
    expect(state.explaining).toBe('screen');
    await state.answerExplanation(true);
    await vi.waitFor(() => expect(state.screen.at).toBe('on'));
  });

  it('that was not chosen is nothing to complain of', async () => {
    const { state, toasts } = await media();
    state.toggleScreen();
    await vi.waitFor(() => expect(state.screen.at).toBe('off'));
    expect(toasts.list).toEqual([]);
    expect(failureOf(deviceError('NotAllowedError'), 'screen')).toBe('cancelled');
    expect(failureOf(deviceError('NotAllowedError'), 'camera')).toBe('refused');
  });

  it('that the system stops sharing is told, and can be shared again', async () => {
    const { stream, track } = testStream();
    const { state, acts, toasts } = await media(new ScriptedCapturing([], undefined, async () => stream));
    state.toggleScreen();
    await vi.waitFor(() => expect(acts()).toHaveLength(1));
    track.dispatchEvent(new Event('ended'));
    expect(state.screen.at).toBe('off');
    expect(acts().at(-1)).toEqual(publish('screen', false));
    expect(toasts.list[0]?.text).toContain('Sharing has ended.');
  });
});

describe('the microphone', () => {
  it('is on while the space bar is held', async () => {
    const { state, acts } = await media();
    expect(state.talk(true)).toBe(true);
    expect(state.talk(true)).toBe(false);
    expect(state.microphoneOn).toBe(true);
    expect(state.talk(false)).toBe(true);
    expect(state.microphoneOn).toBe(false);
    expect(acts()).toEqual([
      { act: 'talk', held: true },
      { act: 'talk', held: false },
    ]);
  });

  it('that is on anyway is not switched off by the space bar', async () => {
    const { state } = await media();
    state.toggleMicrophone();
    expect(state.talk(true)).toBe(false);
    expect(state.talk(false)).toBe(false);
    expect(state.microphoneOn).toBe(true);
  });

  it('stays on after a tap on its button', async () => {
    const { state } = await media();
    state.talk(true);
    state.keepTalking();
    expect(state.talk(false)).toBe(false);
    expect(state.microphoneOn).toBe(true);
  });

  it('is muted again where unmuting was refused', async () => {
    const { state, refuse, toasts } = await media();
    refuse();
    state.toggleMicrophone();
    await vi.waitFor(() => expect(state.microphoneOn).toBe(false));
    expect(toasts.list).toHaveLength(1);
  });

  it('of a role that may not speak does nothing', async () => {
    const { state, acts } = await media(undefined, {
      view: { may: { microphone: false, camera: false, screen: false } },
    });
    state.toggleMicrophone();
    state.toggleCamera();
    state.toggleScreen();
    expect(state.talk(true)).toBe(false);
    expect(acts()).toEqual([]);
  });

  it('shows what was asked until it is so, and what the session says from then on', async () => {
    const { state, say } = await media();
    state.toggleMicrophone();
    expect(state.microphoneOn).toBe(true);
    // Something else has changed meanwhile.
    say({ connected: true });
    expect(state.microphoneOn).toBe(true);
    say({ microphone: { at: 'on', trackId: 'm' } });
    // A host has muted me.
    say({ microphone: { at: 'muted', trackId: 'm' } });
    expect(state.microphoneOn).toBe(false);
  });

  it('that the server does not take is told once', async () => {
    const { state, say, toasts } = await media();
    state.toggleMicrophone();
    say({ microphone: { at: 'failed', why: 'notAccepted', message: '' } });
    say({ microphone: { at: 'failed', why: 'notAccepted', message: '' }, connected: false });
    expect(state.microphoneOn).toBe(false);
    expect(toasts.list).toHaveLength(1);
  });

  it('can be another', async () => {
    const { state, backend, app } = await media();
    state.chooseSound({ loudspeaker: 'headset' });
    await vi.waitFor(() => expect(app.settings.loudspeaker).toBe('headset'));
    expect(backend.called('chooseSound')).toEqual([['yeti', 'headset']]);
  });
});

describe('people', () => {
  const ann = person(3);
  const tile = (media: Partial<PersonMediaView>) => ({ ...ann, media: { ...NO_MEDIA, ...media } });

  it('have what they publish, unless they are muted', async () => {
    const { app, state } = await media();
    app.session.apply({
      slice: 'voices',
      value: { speakers: [{ peerId: ann.peerId, level: 50 }], mine: null },
    });
    const camera = { trackId: 'c', muted: false, frozen: true };
    expect(state.of(tile({ camera, microphone: { muted: false }, quality: 4 }))).toEqual({
      cameraTrack: 'c',
      microphoneOn: true,
      isSpeaking: true,
      quality: 4,
      isFrozen: true,
    });
    expect(state.of(tile({ camera: { ...camera, muted: true }, microphone: { muted: true } }))).toEqual({
      cameraTrack: null,
      microphoneOn: false,
      isSpeaking: false,
      quality: null,
      isFrozen: false,
    });
  });

  it('have nothing where there are no media', async () => {
    const { state } = await media(undefined, { view: { available: false } });
    expect(state.of(tile({ microphone: { muted: false } })).microphoneOn).toBeNull();
    expect(state.may.microphone).toBe(false);
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
