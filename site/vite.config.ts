import { defineConfig } from 'vite';
import { pageSizes } from './build/page-sizes.ts';
import { securityPolicy } from './build/security-policy.ts';

// Servers that can send headers make pages cross-origin isolated; on others public/isolation-worker.js does.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  base: './', // works from any path
  plugins: [securityPolicy(), pageSizes({ limit: 300_000 })],
  // ndgrad is a link to the parent folder, which has packages of its own.
  resolve: { dedupe: ['uplot'] },
  build: { target: 'es2022', assetsInlineLimit: 0 },
  worker: { format: 'es' },
  server: { headers },
  preview: { headers },
});
