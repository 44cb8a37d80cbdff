// Looks at every scene in a real browser: no script errors; nothing that runs out of the
// window or cuts words off, at the smallest and the usual size; no accessibility
// violations (axe: names, roles, contrast) in both themes.
//   npm run test:pages -- [--scenes home,room]

import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { visitScenes } from './open.js';

const { values: options } = parseArgs({ options: { scenes: { type: 'string', default: '' } } });
const USUAL = '1280x800';
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const complaints = new Set();
let looked = 0;

const errors = await visitScenes(
  {
    wanted: options.scenes.split(',').filter(Boolean),
    looks: [
      { size: USUAL, theme: 'dark' },
      { size: USUAL, theme: 'light' },
      // What fits does not depend on the colours.
      { size: '900x600', theme: 'dark' },
    ],
  },
  async (page, { scene, theme, size }) => {
    looked += 1;
    const { scrolls, clipped } = await page.evaluate(() => {
      // Names and titles may end in an ellipsis (.clip); everything else shows in full.
      const clipped = [];
      for (const element of document.querySelectorAll('button, h1, h2')) {
        const box = element.getBoundingClientRect();
        const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
          const text = texts.currentNode;
          if (!text.data.trim() || text.parentElement.closest('.clip, .sr, .count')) continue;
          const range = document.createRange();
          range.selectNodeContents(text);
          const { left, right, width } = range.getBoundingClientRect();
          if (width > 0 && (left < box.left - 1 || right > box.right + 1)) clipped.push(text.data.trim());
        }
      }
      return { scrolls: document.documentElement.scrollWidth > innerWidth, clipped };
    });
    if (scrolls) complaints.add(`${scene} ${theme} ${size}: runs out of the window to the right`);
    for (const text of clipped) complaints.add(`${scene} ${theme} ${size}: cuts off "${text}"`);

    if (size !== USUAL) return;
    await page.addScriptTag({ path: axePath });
    const violations = await page.evaluate(async () => {
      const result = await window.axe.run(document, {
        resultTypes: ['violations'],
        // Names say more than the eye needs ("42 credits. Counting."), in the same order.
        rules: { 'label-content-name-mismatch': { enabled: false } },
      });
      return result.violations.flatMap((violation) =>
        violation.nodes
          // A menu belongs to what opened it and to no landmark.
          .filter(
            (node) => !(violation.id === 'region' && document.querySelector(node.target[0])?.role === 'menu'),
          )
          .map((node) => `${violation.id}: ${node.target.join(' ')}: ${node.failureSummary}`),
      );
    });
    for (const violation of violations) complaints.add(`${scene} ${theme} ${size}: ${violation}`);
  },
);

for (const complaint of [...errors, ...complaints]) process.stderr.write(`${complaint}\n`);
process.stdout.write(`${looked} pages looked at, ${errors.length + complaints.size} complaints\n`);
process.exitCode = errors.length + complaints.size > 0 || looked === 0 ? 1 : 0;
