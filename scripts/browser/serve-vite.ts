import { createServer } from 'vite';
import type { Site } from './serve.ts';

/** Serves a project as Vite's development server does. */
export async function serveVite(folder: string, headers: Record<string, string>): Promise<Site> {
  const settings = { root: folder, configFile: false, logLevel: 'silent' } as const;
  const server = await createServer({ ...settings, server: { headers } });
  await server.listen();
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}
