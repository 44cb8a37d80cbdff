import type {
  Backend,
  MaySendView,
  MediaSource,
  MediaView,
  SendingView,
  Settings,
  SoundView,
  TileView,
} from '../bridge/backend';
import {
  browserCapturing,
  failureOf,
  stopStream,
  type Camera,
  type CaptureFailure,
  type Capturing,
} from '../media/capture';
import { SocketPictures, type Pictures } from '../media/pictures';
import { browserEncoder, Publication, type MakeEncoder } from '../media/publishing';
import { NO_MEDIA, personMedia, type PersonMedia } from '../media/view';
import type { AppMessage, PageMessage, Source } from '../media/wire';
import { words } from '../words/en';
import { remember, remembered } from './remembered';
import type { Session } from './session.svelte';
import type { Toasts } from './toasts.svelte';

/** What the browser gives; others in tests and pictures. */
export interface MediaSurroundings {
  capturing: Capturing;
  makeEncoder: MakeEncoder;
  /** Shows tracks; null makes the worker with the socket. */
  pictures: Pictures | null;
}

/** This browser. */
export const browserMedia: MediaSurroundings = {
  capturing: browserCapturing,
  makeEncoder: browserEncoder,
  pictures: null,
};

/** The camera or the screen, as far as it has got. */
export type Capture =
  | { at: 'off' }
  | { at: 'starting' }
  | { at: 'on'; stream: MediaStream }
  | { at: 'failed'; why: Exclude<CaptureFailure, 'cancelled'> };

/** Where the page keeps which camera was chosen: its ids mean something to this page only. */
const CAMERA = 'kulti.camera';

interface Running {
  publication: Publication;
  video: HTMLVideoElement;
}

const NOTHING: MaySendView = { microphone: false, camera: false, screen: false };

/** Whether others get it, or are about to. */
function isSent(sending: SendingView): boolean {
  return sending.at === 'on' || sending.at === 'starting';
}

/** Camera, screen and microphone of this computer, and the pictures of others. */
export class Media {
  /** The sound devices; null outside of sessions, where nobody looks for them. */
  readonly sound: SoundView | null = $derived.by(() => this.#view?.sound ?? null);
  /** What my role may send. */
  readonly may: MaySendView = $derived.by(() => (this.isThere && this.#view?.may) || NOTHING);
  /** The screen that is shared, if one is. */
  readonly share = $derived.by(() => this.#view?.share ?? null);
  /** Whether my microphone is sent, or about to be. */
  readonly microphoneOn: boolean = $derived.by(
    () => this.#asked ?? isSent(this.#view?.microphone ?? { at: 'off' }),
  );
  /** Its level, 0 to 100; null while it is not sent. */
  readonly level: number | null = $derived.by(() => this.#session.voices.mine);
  /** It is on only while the space bar is held. */
  isTalking = $state(false);

  camera = $state.raw<Capture>({ at: 'off' });
  screen = $state.raw<Capture>({ at: 'off' });
  /** The camera, for my eyes only. */
  preview = $state.raw<Capture>({ at: 'off' });
  /** Null: not known yet. */
  cameras = $state.raw<readonly Camera[] | null>(null);
  /** The camera that was chosen; null is the system's. */
  cameraId = $state.raw<string | null>(remembered(CAMERA));
  /** What waits for a yes to the explanation. */
  explaining = $state<'camera' | 'preview' | 'screen' | null>(null);

  /** What was asked of the microphone and is not so yet. */
  #asked = $state.raw<boolean | null>(null);
  readonly #speakers = $derived.by(
    () => new Set(this.#session.voices.speakers.map((speaker) => speaker.peerId)),
  );

  readonly #around: MediaSurroundings;
  readonly #backend: Backend;
  readonly #session: Session;
  readonly #toasts: Toasts;
  readonly #mayAsk: () => boolean;
  readonly #taken: (settings: Settings) => void;
  readonly #running: Partial<Record<Source, Running>> = {};
  #pictures: Pictures | null;
  #socket: SocketPictures | null = null;
  #isOpen = false;
  /** Counts starts, so that a camera that answers late is not kept. */
  #attempt: Record<Source | 'preview', number> = { camera: 0, screen: 0, preview: 0 };

  /**
   * `mayAsk` tells whether the person has said yes to the explanation; `taken` takes over
   * settings that have changed.
   */
  constructor(
    { backend, session, toasts }: { backend: Backend; session: Session; toasts: Toasts },
    { mayAsk, taken }: { mayAsk: () => boolean; taken: (settings: Settings) => void },
    around: MediaSurroundings = browserMedia,
  ) {
    this.#backend = backend;
    this.#session = session;
    this.#toasts = toasts;
    this.#mayAsk = mayAsk;
    this.#taken = taken;
    this.#around = around;
    this.#pictures = around.pictures;
    around.capturing.onchange(() => void this.lookForCameras());
    session.onmedia = (view) => this.#changed(view);
    session.onended = () => this.close();
  }

  /** Whether this session has live media. */
  get isThere(): boolean {
    return this.#view?.available ?? false;
  }

  /** What is known of somebody. */
  of(tile: TileView): PersonMedia {
    if (!this.isThere) return NO_MEDIA;
    const media = personMedia(tile, this.#speakers);
    return tile.isLocal ? { ...media, microphoneOn: this.microphoneOn } : media;
  }

  /** Shows tracks in canvases; null where there are none. */
  get pictures(): Pictures | null {
    if (!this.#pictures && this.isThere && typeof Worker !== 'undefined') {
      const worker = new Worker(new URL('../media/worker.ts', import.meta.url), { type: 'module' });
      this.#socket = new SocketPictures(worker, () => this.#backend.mediaSocket(), {
        app: (message) => this.#obey(message),
        keyframe: (source) => this.#running[source]?.publication.keyframe(),
        closed: () => {
          for (const { publication } of Object.values(this.#running)) publication.stop();
        },
        opened: () => this.#tellCaptured(),
      });
      this.#pictures = this.#socket;
    }
    return this.#pictures;
  }

  /** The stay is over: nothing is captured any more. */
  close(): void {
    this.#stop('camera', false);
    this.#stop('screen', false);
    this.#socket?.close();
    this.#isOpen = false;
    this.#asked = null;
    this.isTalking = false;
  }

  /** Mutes or unmutes. */
  toggleMicrophone(): void {
    if (!this.may.microphone) return;
    if (this.isTalking) this.talk(false);
    else this.#ask(!this.microphoneOn);
  }

  /** The space bar is held, or let go. Tells whether that means anything now. */
  talk(down: boolean): boolean {
    if (down === this.isTalking || (down && (!this.may.microphone || this.microphoneOn))) return false;
    this.isTalking = down;
    this.#asked = down;
    this.#backend.act({ act: 'talk', held: down }).catch(() => {
      this.isTalking = false;
      this.#asked = null;
      this.#notTaken();
    });
    return true;
  }

  /** The space bar was only tapped on the microphone's button: that is a press of it. */
  keepTalking(): void {
    if (this.talk(false)) this.#ask(true);
  }

  /** Starts or stops the camera. */
  toggleCamera(): void {
    if (this.camera.at === 'on' || this.camera.at === 'starting') this.#stop('camera');
    else if (this.may.camera) this.#explained('camera');
  }

  /** Starts or stops sharing a screen. */
  toggleScreen(): void {
    if (this.screen.at === 'on' || this.screen.at === 'starting') this.#stop('screen');
    else if (this.may.screen) this.#explained('screen');
  }

  /** Shows my camera to me alone. */
  startPreview(): void {
    if (this.camera.at !== 'on') this.#explained('preview');
  }

  /** Ends that. */
  stopPreview(): void {
    this.#attempt.preview += 1;
    if (this.preview.at === 'on') stopStream(this.preview.stream);
    this.preview = { at: 'off' };
  }

  /** The explanation was read: yes, or no. */
  async answerExplanation(yes: boolean): Promise<void> {
    const waiting = this.explaining;
    this.explaining = null;
    if (!yes || !waiting) return;
    try {
      this.#taken(await this.#backend.allowCamera());
    } catch {
      return this.#notTaken();
    }
    this.#explained(waiting);
  }

  /** Uses another camera, at once where one is on. */
  chooseCamera(id: string | null): void {
    this.cameraId = id;
    remember(CAMERA, id);
    if (this.camera.at !== 'off') {
      this.#stop('camera', false);
      void this.#start('camera');
    }
    if (this.preview.at !== 'off') {
      this.stopPreview();
      void this.#startPreview();
    }
  }

  /** Uses another microphone or loudspeaker. */
  chooseSound(choice: Partial<Pick<SoundView, 'microphone' | 'loudspeaker'>>): void {
    const { microphone = null, loudspeaker = null } = { ...this.sound, ...choice };
    this.#backend.chooseSound(microphone, loudspeaker).then(
      (settings) => this.#taken(settings),
      () => this.#notTaken(),
    );
  }

  /** Somebody looks at the sound devices. */
  lookForSound(): void {
    if (this.isThere) this.#backend.act({ act: 'listSoundDevices' }).catch(() => undefined);
  }

  /** Finds out which cameras there are. */
  async lookForCameras(): Promise<void> {
    let found: readonly Camera[] = [];
    try {
      found = await this.#around.capturing.cameras();
    } catch {
      // As if there were none.
    }
    // Before the yes the system need not tell of any: that does not mean that there is none.
    this.cameras = found.length === 0 && !this.#mayAsk() ? null : found;
    // What was missing may be there now.
    if (this.camera.at === 'failed' && this.camera.why === 'none' && found.length > 0) {
      this.camera = { at: 'off' };
    }
  }

  get #view(): MediaView | null {
    return this.#session.media;
  }

  /** Something is said about media. */
  #changed(view: MediaView): void {
    if (!view.available) return;
    if (!this.#isOpen) {
      this.#isOpen = true;
      void this.pictures;
      this.#socket?.open();
    }
    const { microphone } = view;
    if (microphone.at === 'failed' || isSent(microphone) === this.#asked) this.#asked = null;
    for (const source of ['camera', 'screen'] as const) {
      // The role may have changed.
      if (!view.may[source] && this[source].at !== 'off') this.#stop(source, false);
    }
    for (const source of ['microphone', 'camera', 'screen'] as const) this.#judge(source, view[source]);
  }

  readonly #told: Record<MediaSource, SendingView['at']> = {
    microphone: 'off',
    camera: 'off',
    screen: 'off',
  };

  /** Says once why something is not sent. */
  #judge(source: MediaSource, sending: SendingView): void {
    const before = this.#told[source];
    this.#told[source] = sending.at;
    if (sending.at !== 'failed' || before === 'failed') return;
    if (source !== 'microphone') this.#stop(source, false);
    const { what, todo } = words.media.problems.sending[sending.why];
    const icon = source === 'microphone' ? 'mic-off' : source === 'camera' ? 'video-off' : 'screen-off';
    this.#toasts.show({ icon, tone: 'bad', text: `${what} ${todo}` });
  }

  #publish(source: MediaSource, on: boolean): Promise<void> {
    return this.#backend.act({ act: 'publish', source, on });
  }

  /** Asks for the microphone to be sent or not, and shows it at once. */
  #ask(on: boolean): void {
    this.#asked = on;
    this.#publish('microphone', on).catch(() => {
      this.#asked = null;
      this.#notTaken();
    });
  }

  /** Starts it, after the explanation where that was not read yet. */
  #explained(what: Source | 'preview'): void {
    if (!this.#mayAsk()) this.explaining = what;
    else if (what === 'preview') void this.#startPreview();
    else void this.#start(what);
  }

  async #openCamera(): Promise<MediaStream> {
    const { capturing } = this.#around;
    try {
      return await capturing.openCamera(this.cameraId);
    } catch (error) {
      // The chosen one is not plugged in: rather another one than none.
      if (this.cameraId === null || failureOf(error, 'camera') !== 'none') throw error;
      return capturing.openCamera(null);
    }
  }

  async #start(source: Source): Promise<void> {
    const attempt = ++this.#attempt[source];
    this[source] = { at: 'starting' };
    try {
      const stream = await (source === 'camera' ? this.#openCamera() : this.#around.capturing.openScreen());
      if (attempt !== this.#attempt[source]) return stopStream(stream);
      for (const track of stream.getVideoTracks()) {
        track.addEventListener('ended', () => {
          if (attempt === this.#attempt[source]) this.#ended(source);
        });
      }
      this[source] = { at: 'on', stream };
      if (source === 'camera') {
        this.stopPreview();
        // Their names are told only from now on.
        void this.lookForCameras();
      }
      await this.#run(source, stream);
    } catch (error) {
      if (attempt === this.#attempt[source]) this.#failed(source, failureOf(error, source));
    }
  }

  async #startPreview(): Promise<void> {
    const attempt = ++this.#attempt.preview;
    this.preview = { at: 'starting' };
    try {
      const stream = await this.#openCamera();
      if (attempt !== this.#attempt.preview) return stopStream(stream);
      stream.getVideoTracks()[0]?.addEventListener('ended', () => {
        if (attempt === this.#attempt.preview) this.preview = { at: 'failed', why: 'gone' };
      });
      this.preview = { at: 'on', stream };
      void this.lookForCameras();
    } catch (error) {
      const why = failureOf(error, 'camera');
      if (attempt === this.#attempt.preview && why !== 'cancelled') this.preview = { at: 'failed', why };
    }
  }

  /** Pulls pictures from what was opened, and says so. */
  async #run(source: Source, stream: MediaStream): Promise<void> {
    const video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    const publication = new Publication(source, video, this.#around.makeEncoder, (picture) =>
      this.#socket?.send(picture),
    );
    this.#running[source] = { publication, video };
    await video.play();
    this.#tell(source);
    try {
      await this.#publish(source, true);
    } catch {
      this.#stop(source, false);
      this.#notTaken();
    }
  }

  #tell(source: Source): void {
    const video = this.#running[source]?.video;
    if (!video || video.videoWidth === 0) return;
    this.#say({ type: 'captured', source, width: video.videoWidth, height: video.videoHeight });
  }

  /** The app, connected anew, does not know what is captured. */
  #tellCaptured(): void {
    for (const source of ['camera', 'screen'] as const) this.#tell(source);
  }

  #stop(source: Source, tell = true): void {
    this.#attempt[source] += 1;
    const running = this.#running[source];
    delete this.#running[source];
    running?.publication.stop();
    if (running) running.video.srcObject = null;
    const capture = this[source];
    if (capture.at === 'on') stopStream(capture.stream);
    this[source] = { at: 'off' };
    if (tell && running) this.#publish(source, false).catch(() => undefined);
  }

  /** Unplugged, or the system ended it. */
  #ended(source: Source): void {
    this.#say({ type: 'ended', source, reason: 'gone' });
    this.#stop(source);
    this.#failed(source, 'gone');
  }

  #failed(source: Source, why: CaptureFailure): void {
    if (why === 'cancelled') {
      this[source] = { at: 'off' };
      return;
    }
    // Sharing that ended is over, and nothing to mend.
    this[source] = source === 'screen' && why === 'gone' ? { at: 'off' } : { at: 'failed', why };
    const { what, todo } = words.media.problems[source][why];
    const mayTry = why !== 'unsupported' && !(source === 'screen' && why === 'gone');
    this.#toasts.show({
      icon: source === 'camera' ? 'video-off' : 'screen-off',
      tone: 'bad',
      text: `${what} ${todo}`,
      ...(mayTry && { actions: [{ label: words.common.tryAgain, run: () => void this.#start(source) }] }),
    });
  }

  #obey(message: AppMessage): void {
    switch (message.type) {
      case 'encode':
        this.#running[message.source]?.publication.encode(message);
        break;
      case 'stop':
        this.#running[message.source]?.publication.stop();
        break;
      case 'keyframe':
        this.#running[message.source]?.publication.keyframe();
        break;
      case 'tick':
        for (const { publication } of Object.values(this.#running)) publication.tick();
        break;
    }
  }

  #say(message: PageMessage): void {
    this.#socket?.tell(message);
  }

  #notTaken(): void {
    this.#toasts.show({ icon: 'circle-alert', tone: 'bad', text: words.media.notTaken });
  }
}
