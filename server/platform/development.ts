// `npm run dev`: Vite answers for the web app inside this process, with hot module replacement over the same port.
import path from 'node:path';
import type http from 'node:http';
import type { FirstListener } from './serve.ts';

const ours = /^\/(api|healthz|readyz|metrics|git|mcp|sandbox|pyodide)(\/|$|\?)/;

export async function openVite(server: http.Server): Promise<{ listener: FirstListener; close: () => Promise<void> }> {
  const { createServer } = await import('vite');
  const vite = await createServer({
    configFile: path.join(import.meta.dirname, '../../vite.config.ts'),
    server: { middlewareMode: true, ws: { server } },
  });
  return {
    listener: (request, response, next) => {
      if (ours.test(request.url ?? '')) next();
      else vite.middlewares(request, response, next);
    },
    close: () => vite.close(),
  };
}
