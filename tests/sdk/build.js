// Bundles page.js with the SDK into dist/, beside the page that loads it.
import { copyFile } from 'node:fs/promises';
import { build } from 'esbuild';

await build({
  entryPoints: ['page.js'],
  outfile: 'dist/page.js',
  bundle: true,
  format: 'iife',
  target: 'es2022',
  define: { 'process.env.NODE_ENV': '"production"' },
  // Stack traces of the SDK's own errors stay readable.
  keepNames: true,
  sourcemap: 'inline',
});
await copyFile('page.html', 'dist/page.html');
