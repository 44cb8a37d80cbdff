// The gallery in a browser: serves it and opens it in Chromium (from CHROMIUM or
// /usr/bin/chromium). For pictures.js and check.js.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

/**
 * Calls `visit` with a page for every scene whose name starts with one of `wanted` (all
 * if there are none), as often as there are looks. Returns the errors that pages threw.
 *
 * @param {{ wanted: string[], looks: { size: string, theme: string }[] }} choice
 * @param {(page: import('playwright-core').Page, shown: { scene: string, theme: string, size: string }) => Promise<void>} visit
 * @returns {Promise<string[]>}
 */
export async function visitScenes({ wanted, looks }, visit) {
  const scratch = await mkdtemp(join(tmpdir(), 'kulti-gallery-'));
  // A build and not the development server: no reload while sources are being edited.
  const site = { mode: 'gallery', logLevel: 'error', build: { outDir: join(scratch, 'site') } };
  await build(site);
  const server = await preview({ ...site, preview: { host: '127.0.0.1', port: 0 } });
  const address = server.resolvedUrls?.local[0];
  const context = await chromium.launchPersistentContext(join(scratch, 'profile'), {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    reducedMotion: 'reduce',
  });
  const errors = [];
  try {
    const page = await context.newPage();
    page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`));
    await page.goto(address);
    await page.waitForSelector('html[data-ready]', { timeout: 120_000 });
    const all = await page.evaluate(() => window.scenes);
    const scenes = wanted.length ? all.filter((name) => wanted.some((start) => name.startsWith(start))) : all;
    for (const { size, theme } of looks) {
      const [width, height] = size.split('x').map(Number);
      await page.setViewportSize({ width, height });
      for (const scene of scenes) {
        await page.goto(`${address}?scene=${scene}&theme=${theme}`);
        await page.waitForSelector('html[data-ready]');
        await visit(page, { scene, theme, size });
      }
    }
  } finally {
    await context.close();
    await server.close();
    await rm(scratch, { recursive: true, force: true });
  }
  return errors;
}
