// What a browser may say on /live, checked.
import type { FromBrowser } from '#shared/live.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Null: not JSON, or nothing that we know. Nothing else of it is kept. */
export function readMessage(text: string): FromBrowser | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { type, volume, fileId } = value as Record<string, unknown>;
  if (typeof volume !== 'string' || volume.length > 100) return null;
  if (type === 'watch' || type === 'unwatch') return { type, volume };
  if (type !== 'at' || !(fileId === null || (typeof fileId === 'string' && uuid.test(fileId)))) return null;
  return { type, volume, fileId };
}
