import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `vite build` makes the app. `vite --mode gallery` serves the views with fixture
// data instead (tests/gallery); nothing of it can get into the build.
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  root: mode === 'gallery' ? 'tests/gallery' : '.',
  publicDir: mode === 'gallery' ? '../../public' : 'public',
  clearScreen: false,
  server: { host: '127.0.0.1', port: 1420, strictPort: true, fs: { allow: [import.meta.dirname] } },
  build: { target: 'safari16', outDir: 'dist', emptyOutDir: true },
  // Svelte's client code, not its server code, also where Node runs it (tests).
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts', 'src/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
  },
}));
