// What a browser may say on /live, checked.
import type { BrowserTool, FromBrowser } from '#shared/live.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isUuid = (value: unknown): value is string => typeof value === 'string' && uuid.test(value);
const tools: readonly unknown[] = ['python', 'applet', 'device'] satisfies BrowserTool[];

/** Null: not JSON, or nothing that we know. Nothing else of it is kept. */
export function readMessage(text: string): FromBrowser | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const message = value as Record<string, unknown>;
  return aboutVolume(message) ?? aboutRuns(message);
}

function aboutVolume({ type, volume, fileId, open }: Record<string, unknown>): FromBrowser | null {
  if (typeof volume !== 'string' || volume.length > 100) return null;
  if (type === 'watch' || type === 'unwatch') return { type, volume };
  if (type === 'at' && (fileId === null || isUuid(fileId))) return { type, volume, fileId };
  if (type === 'saving' && typeof open === 'boolean') return { type, volume, open };
  return null;
}

function aboutRuns({ type, run, after, tools: able, id, text }: Record<string, unknown>): FromBrowser | null {
  if (type === 'follow' && isUuid(run) && typeof after === 'number' && Number.isSafeInteger(after) && after >= 0)
    return { type, run, after };
  if (type === 'unfollow' && isUuid(run)) return { type, run };
  if (type === 'able' && Array.isArray(able) && able.length <= tools.length && able.every((one) => tools.includes(one)))
    return { type, tools: able as BrowserTool[] };
  if (type === 'browser-output' && isUuid(id) && typeof text === 'string') return { type, id, text };
  return null;
}
