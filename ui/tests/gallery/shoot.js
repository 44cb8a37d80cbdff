// Takes a picture of every scene of the gallery:
//   npm run gallery -- [--scenes home,room] [--sizes 1280x800,900x600] [--themes dark,light]
// into test-results/gallery. Chromium comes from CHROMIUM or /usr/bin/chromium.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const { values: options } = parseArgs({
  options: {
    scenes: { type: 'string', default: '' },
    sizes: { type: 'string', default: '1280x800' },
    themes: { type: 'string', default: 'dark,light' },
    out: { type: 'string', default: 'test-results/gallery' },
  },
});

const server = await createServer({
  mode: 'gallery',
  logLevel: 'error',
  server: { port: 0, strictPort: false },
  cacheDir: join(tmpdir(), `kulti-gallery-${process.pid}`),
});
await server.listen();
const address = server.resolvedUrls?.local[0];

const profile = await mkdtemp(join(tmpdir(), 'kulti-gallery-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
  ],
  reducedMotion: 'reduce',
});
await mkdir(options.out, { recursive: true });

let failures = 0;
try {
  const page = await context.newPage();
  page.on('pageerror', (error) => {
    failures += 1;
    process.stderr.write(`${page.url()}: ${error.message}\n`);
  });
  await page.goto(address);
  await page.waitForSelector('html[data-ready]', { timeout: 120_000 });
  const all = await page.evaluate(() => window.scenes);
  const wanted = options.scenes.split(',').filter(Boolean);
  const scenes = wanted.length ? all.filter((name) => wanted.some((start) => name.startsWith(start))) : all;
  for (const size of options.sizes.split(',')) {
    const [width, height] = size.split('x').map(Number);
    await page.setViewportSize({ width, height });
    for (const theme of options.themes.split(',')) {
      for (const scene of scenes) {
        await page.goto(`${address}?scene=${scene}&theme=${theme}`);
        await page.waitForSelector('html[data-ready]');
        await page.evaluate(() => document.fonts.ready);
        await page.screenshot({ path: join(options.out, `${scene}-${theme}-${size}.png`) });
      }
    }
  }
} finally {
  await context.close();
  await server.close();
  await rm(profile, { recursive: true, force: true });
}
process.exitCode = failures ? 1 : 0;
