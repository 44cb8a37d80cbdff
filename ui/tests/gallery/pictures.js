// Takes a picture of every scene:
//   npm run gallery -- [--scenes home,room] [--sizes 1280x800,900x600] [--themes dark,light]
// into test-results/gallery.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { visitScenes } from './open.js';

const { values: options } = parseArgs({
  options: {
    scenes: { type: 'string', default: '' },
    sizes: { type: 'string', default: '1280x800' },
    themes: { type: 'string', default: 'dark,light' },
    out: { type: 'string', default: 'test-results/gallery' },
  },
});

await mkdir(options.out, { recursive: true });
const errors = await visitScenes(
  {
    wanted: options.scenes.split(',').filter(Boolean),
    looks: options.sizes
      .split(',')
      .flatMap((size) => options.themes.split(',').map((theme) => ({ size, theme }))),
  },
  (page, { scene, theme, size }) =>
    page.screenshot({ path: join(options.out, `${scene}-${theme}-${size}.png`) }),
);
for (const error of errors) process.stderr.write(`${error}\n`);
process.exitCode = errors.length ? 1 : 0;
