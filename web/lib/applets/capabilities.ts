// What an applet may ask of the page: only what its file declares, only after the person allowed this version, each answer bounded.
import type { FileEntry } from '#shared/api.ts';
import { fitsPattern } from '#shared/pathPattern.ts';
import { sandboxLimits } from '#shared/sandbox.ts';
import type { Wants } from './source.ts';

/** Boards that an applet asks; `close`: it is gone. Fetched when the first one is asked. */
export type OpenBoards = () => Promise<{ ask: NonNullable<Outside['device']>; close: () => void }>;
export type Outside = {
  list: () => Promise<Pick<FileEntry, 'path' | 'kind'>[]>;
  read: (path: string) => Promise<string>;
  /** Null: this page cannot. */
  python: ((input: { code: string; files: string[] }) => Promise<unknown>) | null;
  device: ((input: { device: string; command: unknown }) => Promise<unknown>) | null;
};

/** `*` within a name, `**` across folders. */
export const fits = (patterns: readonly string[], path: string): boolean =>
  path.length <= 4096 && patterns.some((pattern) => fitsPattern(path, pattern));

type Plain = Record<string, unknown>;
const plain = (value: unknown): Plain => (typeof value === 'object' && value !== null ? (value as Plain) : {});
const words = (value: unknown, what: string): string => {
  if (typeof value !== 'string' || value === '') throw new Error(`${what} must be text.`);
  return value;
};

/** Rejects with a sentence for who writes the applet. `allowed`: asks the person, once for a version. */
export async function perform({
  method,
  value,
  wants,
  allowed,
  outside,
}: {
  method: string;
  value: unknown;
  wants: Wants;
  allowed: () => Promise<boolean>;
  outside: Outside;
}): Promise<unknown> {
  const input = plain(value);
  const declared = (yes: boolean, how: string) => {
    if (!yes) throw new Error(`This applet did not declare it. Add ${how} to @capabilities in its first comment.`);
  };
  const mayRead = (path: string) => fits(wants.reads, path);
  let act: () => Promise<unknown>;
  if (method === 'readFile') {
    const path = words(input['path'], 'The path');
    declared(mayRead(path), `read:${path}`);
    act = () => outside.read(path);
  } else if (method === 'listFiles') {
    declared(wants.reads.length > 0, 'read:<pattern>');
    act = async () => (await outside.list()).map((file) => file.path).filter(mayRead);
  } else if (method === 'runPython') {
    declared(wants.python, 'python');
    const code = words(input['code'], 'The code');
    const files = Array.isArray(input['files']) ? input['files'].map((path) => words(path, 'A path')) : [];
    const other = files.find((path) => !mayRead(path));
    declared(other === undefined, `read:${other}`);
    const { python } = outside;
    if (!python) throw new Error('There is no Python here.');
    act = () => python({ code, files });
  } else if (method === 'askDevice') {
    const device = words(input['device'], 'The device');
    declared(fits(wants.devices, device), `device:${device}`);
    const ask = outside.device;
    if (!ask) throw new Error('No device can be asked from here.');
    act = () => ask({ device, command: input['command'] });
  } else throw new Error(`Applets cannot ask for “${method}”.`);
  if (!(await allowed())) throw new Error('The person did not allow it.');
  const answer = await act();
  if ((JSON.stringify(answer)?.length ?? 0) > sandboxLimits.appletBytes)
    throw new Error('The answer is larger than 256 KiB.');
  return answer;
}
