import { createServer } from 'vite';
import type { Site } from './serve.ts';

/** Serves a project with Vite's development server. */
export async function serveVite(folder: string, headers: Record<string, string>): Promise<Site> {
  const settings = { root: folder, configFile: false, logLevel: 'silent' } as const;
  const server = await createServer({ ...settings, server: { headers } });
  await server.listen();
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}
