// What an applet's file says: its source, as a module with a default export, and what it asks to be allowed.
import { readApplet } from '#shared/appletFile.ts';

export type Wants = {
  /** Patterns of paths in its own volume: `read:data/*.csv`. */ reads: string[];
  python: boolean;
  /** Names of devices: `device:bench-*`. */ devices: string[];
};
export type AppletSource = {
  name: string;
  description: string;
  /** The module to compile; null: the file cannot be read, and `trouble` says why. */
  code: string | null;
  trouble: { line: number; message: string } | null;
  wants: Wants;
  /** The older form, made for a dark page. */
  isOld: boolean;
};

const hooks = [
  'useState',
  'useEffect',
  'useMemo',
  'useCallback',
  'useRef',
  'useReducer',
  'useContext',
  'useLayoutEffect',
  'useId',
  'createContext',
  'memo',
  'forwardRef',
  'Fragment',
];

export function readSource({ path, text }: { path: string; text: string }): AppletSource {
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.\w+$/, '');
  const { name, description, code, capabilities, diagnostics } = readApplet({ path, text, stem, id: (word) => word });
  const isOld = /\.app$/i.test(path);
  const [first] = diagnostics;
  return {
    name,
    description,
    code: code === null ? null : isOld ? asModule(code) : code,
    trouble: code === null ? { line: first?.line ?? 1, message: first?.message ?? 'There is no source in it.' } : null,
    wants: readWants(capabilities),
    isOld,
  };
}

/** An old source is a function `Component` that finds the hooks of React around it. On one line, so that lines keep their numbers. */
const asModule = (code: string): string =>
  /^\s*(import|export)\s/m.test(code)
    ? code
    : `import * as React from 'react'; const { ${hooks.join(', ')} } = React; { ${code}\n;exports.default = typeof Component === 'undefined' ? undefined : Component; }`;

export function readWants(capabilities: readonly string[]): Wants {
  const wants: Wants = { reads: [], python: false, devices: [] };
  for (const one of capabilities.slice(0, 20)) {
    if (one.length > 200) continue;
    const [kind, value = ''] = [one.split(':')[0]!.trim().toLowerCase(), one.slice(one.indexOf(':') + 1).trim()];
    if (kind === 'read' && one.includes(':') && value && !value.startsWith('/') && !value.includes('..'))
      wants.reads.push(value);
    else if (kind === 'python') wants.python = true;
    else if (kind === 'device' && one.includes(':') && value) wants.devices.push(value);
  }
  return wants;
}

/** As a person is asked. */
export const wantWords = ({ reads, python, devices }: Wants): string[] => [
  ...(reads.length > 0 ? [`read ${reads.join(', ')}`] : []),
  ...(python ? ['run Python in this browser'] : []),
  ...(devices.length > 0 ? [`ask ${devices.join(', ')}`] : []),
];
