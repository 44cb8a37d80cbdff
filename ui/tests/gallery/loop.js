// Live pictures all the way round in a real browser: camera, encoder, socket, and what the
// socket sent back through decoder and worker into a tile. This is the app's part of
// docs/media.md, in as few lines as will do.
//   npm run test:media

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const SLOT = 3;
const ENCODE = {
  type: 'encode',
  source: 'camera',
  width: 320,
  height: 180,
  framesPerSecond: 15,
  bitrate: 300_000,
};

/** What was said and seen. */
const heard = { texts: [], pictures: 0, keyframes: 0, sequences: [], malformed: 0 };
/** Pictures to lose, by how many have come. */
const LOST = 20;

/** A WebSocket of one client, without fragments. */
function serveSocket() {
  const server = createServer();
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const send = (payload, opcode) => {
      const head = payload.length < 126 ? Buffer.alloc(2) : Buffer.alloc(payload.length < 65_536 ? 4 : 10);
      head[0] = 0x80 | opcode;
      head[1] = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127;
      if (head.length === 4) head.writeUInt16BE(payload.length, 2);
      if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
      socket.write(Buffer.concat([head, payload]));
    };
    const say = (message) => send(Buffer.from(JSON.stringify(message)), 1);
    let rest = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      for (;;) {
        const frame = readFrame(rest);
        if (!frame) return;
        rest = rest.subarray(frame.length);
        if (frame.opcode === 1) {
          const message = JSON.parse(frame.payload.toString());
          heard.texts.push(message);
          if (message.type === 'captured') say(ENCODE);
          if (message.type === 'lost') say({ type: 'keyframe', source: 'camera' });
        } else if (frame.opcode === 2) {
          const back = sendBack(frame.payload);
          if (back) send(back, 2);
        }
      }
    });
    say({ type: 'track', slot: SLOT, trackId: 'loop', codec: 'vp8' });
  });
  return server;
}

function readFrame(bytes) {
  if (bytes.length < 2) return null;
  let at = 2;
  let size = bytes[1] & 0x7f;
  if (size === 126) {
    if (bytes.length < 4) return null;
    size = bytes.readUInt16BE(2);
    at = 4;
  } else if (size === 127) {
    if (bytes.length < 10) return null;
    size = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (bytes.length < at + 4 + size) return null;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + size));
  for (let index = 0; index < size; index += 1) payload[index] ^= mask[index % 4];
  return { opcode: bytes[0] & 0x0f, payload, length: at + 4 + size };
}

/** A sent picture as one to show; one of them is lost on the way. */
function sendBack(payload) {
  if (payload.length <= 16 || payload[0] !== 2 || payload.readUInt16LE(2) !== 0) {
    heard.malformed += 1;
    return null;
  }
  heard.pictures += 1;
  heard.keyframes += payload[1] & 1;
  heard.sequences.push(payload.readUInt32LE(4));
  if (heard.pictures === LOST) return null;
  payload[0] = 1;
  payload.writeUInt16LE(SLOT, 2);
  return payload;
}

const scratch = await mkdtemp(join(tmpdir(), 'kulti-loop-'));
const complaints = [];
const check = (holds, what) => void (holds || complaints.push(what));
const site = {
  mode: 'gallery',
  logLevel: 'error',
  build: {
    outDir: join(scratch, 'site'),
    rollupOptions: { input: join(import.meta.dirname, 'loop.html') },
  },
};
await build(site);
const server = await preview({ ...site, preview: { host: '127.0.0.1', port: 0 } });
const socketServer = serveSocket();
await new Promise((resolve) => socketServer.listen(0, '127.0.0.1', resolve));
const context = await chromium.launchPersistentContext(join(scratch, 'profile'), {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
  ],
});
try {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`the page threw: ${error.message}`));
  await page.goto(
    `${server.resolvedUrls?.local[0]}loop.html?socket=ws://127.0.0.1:${socketServer.address().port}/token`,
  );
  await page.waitForSelector('canvas.picture.is-there', { timeout: 60_000 });
  // Long enough for the lost picture, and for what it takes to go on after it.
  const until = Date.now() + 60_000;
  while (heard.pictures < 3 * LOST && Date.now() < until) await page.waitForTimeout(100);
  const painted = () => heard.texts.filter(({ type }) => type === 'painted');
  while ((painted().at(-1)?.sequence ?? 0) <= LOST && Date.now() < until) await page.waitForTimeout(100);

  check(heard.malformed === 0, `${heard.malformed} messages were none of the format`);
  check(heard.pictures >= 3 * LOST, `only ${heard.pictures} pictures were sent`);
  check(
    heard.sequences.every((sequence, index) => sequence === index),
    'sequences do not count up by one',
  );
  check(heard.keyframes >= 2, 'no keyframe came when one was asked for');
  check(
    heard.texts.some(({ type, slot }) => type === 'lost' && slot === SLOT),
    'the gap was not noticed',
  );
  check((painted().at(-1)?.sequence ?? 0) > LOST, 'nothing was painted after the gap');
  const shown = heard.texts.findLast(({ type }) => type === 'shown')?.tiles ?? [];
  check(shown.length === 1 && shown[0].trackId === 'loop' && shown[0].width > 100, 'no tile was reported');
  // The fake camera is mostly green: black, or a canvas that nobody painted, is not.
  const canvas = page.locator('canvas.picture');
  const [red, green] = await canvas.evaluate((element) => {
    const copy = document.createElement('canvas');
    copy.width = copy.height = 1;
    const context = copy.getContext('2d');
    context.drawImage(element, 0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  });
  check(green > 60 && green > red, `the picture is not the camera’s (red ${red}, green ${green})`);
  await page.screenshot({ path: process.env.PICTURE ?? join(scratch, 'loop.png') });
} catch (error) {
  complaints.push(String(error));
} finally {
  await context.close();
  await server.close();
  socketServer.closeAllConnections();
  socketServer.close();
  await rm(scratch, { recursive: true, force: true });
}
for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
process.stdout.write(
  `${heard.pictures} pictures went round, ${heard.keyframes} of them keyframes; ${complaints.length} complaints\n`,
);
process.exit(complaints.length > 0 ? 1 : 0);
