// The media worker: the local socket, the decoders, and the canvases of all tiles.

import type { Errand, Report } from './errands';
import { Player, type Canvas, type Decoder } from './player';
import type { Size } from './sizes';
import { following, readMessage, readPicture, writeHeader, type PageMessage, type Source } from './wire';

// TypeScript's DOM library has no dedicated worker beside a page; this is what is used of it.
interface Scope {
  postMessage(report: Report): void;
  onmessage: ((event: MessageEvent<Errand>) => void) | null;
  requestAnimationFrame?: (callback: () => void) => number;
}
const scope = self as unknown as Scope;

/** Pictures that the socket has not taken: more than this is behind, and is left out. */
const UNSENT_LIMIT = 1024 * 1024;

let socket: WebSocket | null = null;
const sequences: Record<Source, number> = { camera: 0, screen: 0 };

function say(report: Report): void {
  scope.postMessage(report);
}

function tell(message: PageMessage): void {
  // What holds is told anew when it opens.
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function makeDecoder(onframe: (frame: VideoFrame) => void, onerror: () => void): Decoder {
  const decoder = new VideoDecoder({ output: onframe, error: onerror });
  decoder.configure({ codec: 'vp8', optimizeForLatency: true });
  return {
    get queued() {
      return decoder.decodeQueueSize;
    },
    decode({ sequence, isKey, data }) {
      if (decoder.state !== 'configured') return;
      // The sequence takes the place of the time: it comes back with the picture.
      decoder.decode(new EncodedVideoChunk({ type: isKey ? 'key' : 'delta', timestamp: sequence, data }));
    },
    close() {
      if (decoder.state !== 'closed') decoder.close();
    },
  };
}

function paintingOn(canvas: OffscreenCanvas): Canvas<VideoFrame> {
  const context = canvas.getContext('2d', { alpha: false });
  return {
    paint(frame: VideoFrame, { width, height }: Size) {
      // Setting a size clears the canvas, also where it is the same.
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      context?.drawImage(frame, 0, 0, width, height);
    },
  };
}

const player = new Player<VideoFrame>({
  makeDecoder,
  soon(callback, delayMs) {
    if (delayMs === null && scope.requestAnimationFrame) scope.requestAnimationFrame(callback);
    else setTimeout(callback, delayMs ?? 16);
  },
  now: () => performance.now(),
  tell,
  onfirst: (surface) => say({ say: 'first', surface }),
  onsize: (trackId, size) => say({ say: 'size', trackId, size }),
});

function connect(url: string): void {
  const opened = new WebSocket(url);
  opened.binaryType = 'arraybuffer';
  socket = opened;
  opened.onopen = () => say({ say: 'open' });
  opened.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
    if (typeof data !== 'string') {
      const picture = readPicture(data);
      if (picture) player.picture(picture);
      return;
    }
    const message = readMessage(data);
    if (!message) return;
    player.take(message);
    if (!['track', 'gone', 'clock'].includes(message.type)) say({ say: 'app', message });
  };
  opened.onclose = () => {
    if (socket !== opened) return;
    socket = null;
    player.reset();
    say({ say: 'closed' });
  };
}

function send({ source, isKey, atUs, message }: Extract<Errand, { do: 'send' }>): void {
  const sequence = sequences[source];
  // Also where it is not sent: the gap tells that something is missing.
  sequences[source] = following(sequence);
  if (socket?.readyState !== WebSocket.OPEN) return;
  if (socket.bufferedAmount > UNSENT_LIMIT) return say({ say: 'keyframe', source });
  writeHeader(message, { source, sequence, isKey, atUs });
  socket.send(message);
}

scope.onmessage = ({ data: errand }) => {
  switch (errand.do) {
    case 'connect':
      return connect(errand.url);
    case 'attach':
      return player.attach(errand.surface, errand.trackId, paintingOn(errand.canvas), errand.fit);
    case 'resize':
      return player.resize(errand.surface, errand.tile);
    case 'detach':
      return player.detach(errand.surface);
    case 'tell':
      return tell(errand.message);
    case 'send':
      return send(errand);
    case 'close':
      socket?.close();
      return;
  }
};
