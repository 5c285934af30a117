// A board is a file: `bench/<board>.md`, a header about the board and a body with its wiring and notes. Read tolerantly (LI3): a header
// that is wrong, or a value of the wrong kind, is a diagnostic at its line, and the board is there all the same.
import { readDefinition, type Definition, type Diagnostic } from './definition.ts';

export type UsbId = { vendor: number; product: number | null };
/** Which of the numbers that a board says are drawn, and how. */
export type PlotLayout = { series: string[]; seconds: number | null; least: number | null; most: number | null };

export type BoardFile = {
  label: string;
  chip: string | null;
  kind: 'serial' | 'virtual' | null;
  baud: number;
  /** Its person, by login: for people to read; it gives no rights. */
  owner: string | null;
  /** For the browser's chooser. */
  usb: UsbId[];
  /** Tools of agents that may be used on it; null: all that are usual. */
  tools: string[] | null;
  plot: PlotLayout | null;
};

export const usualBaud = 115_200;
const fewestBaud = 300;
export const mostBaud = 6_000_000;

const boardPath = /^bench\/[^/]+\.md$/i;

/** `bench/robot.md`. Files in folders below are not boards, nor is what introduces the folder. */
export const isBoardPath = (path: string): boolean => boardPath.test(path) && !/^bench\/readme\.md$/i.test(path);

export function readBoardFile({ path, text }: { path: string; text: string }): BoardFile & {
  diagnostics: Diagnostic[];
} {
  const read = readDefinition(text);
  const { header } = read;
  const see = openHeader(read);
  const title = /^#[ \t]+(.+?)[ \t#]*$/m.exec(text.slice(read.bodyFrom))?.[1] ?? null;
  const stem = path.split('/').at(-1)!.replace(/\.md$/i, '');
  const kind = see.word('kind', 20)?.toLowerCase() ?? null;
  if (kind !== null && kind !== 'serial' && kind !== 'virtual') see.report('kind', 'A board is serial or virtual.');
  const baud = see.number('baud');
  const isBaud = baud !== null && Number.isInteger(baud) && baud >= fewestBaud && baud <= mostBaud;
  if (baud !== null && !isBaud) see.report('baud', `The speed is a whole number from ${fewestBaud} to ${mostBaud}.`);
  return {
    label: see.word('label', 80) ?? see.word('name', 80) ?? title?.slice(0, 80) ?? stem,
    chip: see.word('chip', 40),
    kind: kind === 'serial' || kind === 'virtual' ? kind : null,
    baud: isBaud ? baud : usualBaud,
    owner: see.word('owner', 40),
    usb: readUsb(header?.['usb'], (message) => see.report('usb', message)),
    tools: header && Object.hasOwn(header, 'tools') ? see.words('tools', 50) : null,
    plot: readPlot(header?.['plot'], (message) => see.report('plot', message)),
    diagnostics: [...read.diagnostics, ...see.diagnostics].toSorted((a, b) => a.from - b.from),
  };
}

/** The text of a new board's file. */
export function writeBoardFile({
  label,
  kind,
  chip,
  baud = usualBaud,
  usb = [],
  owner,
}: {
  label: string;
  kind: 'serial' | 'virtual';
  chip: string | null;
  baud?: number;
  usb?: UsbId[];
  owner: string;
}): string {
  const lines = [
    `label: ${JSON.stringify(label)}`,
    `kind: ${kind}`,
    ...(chip === null ? [] : [`chip: ${JSON.stringify(chip)}`]),
    `baud: ${baud}`,
    `owner: ${owner}`,
    ...(usb.length === 0 ? [] : ['usb:', ...usb.map((id) => `  - "${usbText(id)}"`)]),
  ];
  return `---\n${lines.join('\n')}\n---\n\n# ${label}\n\n## Wiring\n\n## Notes\n`;
}

const hex = (value: number) => value.toString(16).padStart(4, '0');
const usbText = ({ vendor, product }: UsbId) => (product === null ? hex(vendor) : `${hex(vendor)}:${hex(product)}`);

function openHeader({ header, keys }: Definition) {
  const diagnostics: Diagnostic[] = [];
  const report = (key: string, message: string) => {
    const at = keys.find((one) => one.key === key);
    if (at) diagnostics.push({ line: at.line, from: at.from, to: at.to, message, severity: 'warning' });
  };
  const single = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? String(value).replace(/\s+/g, ' ').trim() : null;
  return {
    diagnostics,
    report,
    word(key: string, most: number): string | null {
      const value = header?.[key];
      if (value === undefined || value === null) return null;
      const said = single(value);
      if (said === null) report(key, 'One line of text is expected here.');
      return said ? said.slice(0, most) : null;
    },
    number(key: string): number | null {
      const value = header?.[key];
      const said = typeof value === 'string' ? Number(value.replaceAll(/[_ ]/g, '')) : value;
      if (typeof said === 'number' && Number.isFinite(said)) return said;
      if (value !== undefined && value !== null) report(key, 'A number is expected here.');
      return null;
    },
    /** A list, or words with commas between them. */
    words(key: string, most: number): string[] {
      const value = header?.[key];
      if (value === null || value === undefined) return [];
      const list = typeof value === 'string' ? value.split(',') : value;
      if (!Array.isArray(list)) {
        report(key, 'A list is expected here.');
        return [];
      }
      return list.map(single).filter((word): word is string => !!word).slice(0, most); // prettier-ignore
    },
  };
}

/** `303a:1001`, `303a`, or `{ vendor: 0x303a, product: 0x1001 }`. */
function readUsb(value: unknown, report: (message: string) => void): UsbId[] {
  if (value === undefined || value === null) return [];
  const found: UsbId[] = [];
  for (const one of (Array.isArray(value) ? value : [value]).slice(0, 20)) {
    const given = typeof one === 'number' ? { vendor: one } : one; // 0x303a
    const id = typeof given === 'object' && given !== null ? usbFrom(given as Record<string, unknown>) : usbFromText(given); // prettier-ignore
    if (id) found.push(id);
    else report('A USB id is four hex digits for the vendor and four for the product: "303a:1001".');
  }
  return found;
}

function usbFromText(value: unknown): UsbId | null {
  const parts = /^(?:0x)?([0-9a-f]{1,4})(?:[:/](?:0x)?([0-9a-f]{1,4}))?$/i.exec(String(value).trim());
  return parts && { vendor: parseInt(parts[1]!, 16), product: parts[2] ? parseInt(parts[2], 16) : null };
}

function usbFrom({ vendor, product }: Record<string, unknown>): UsbId | null {
  const isId = (id: unknown): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= 0xffff;
  const asId = (id: unknown) => (typeof id === 'string' ? (usbFromText(id)?.vendor ?? null) : isId(id) ? id : null);
  const [first, second] = [asId(vendor), asId(product)];
  return first === null ? null : { vendor: first, product: second };
}

/** A list of names, or `{ series, seconds, min, max }`. */
function readPlot(value: unknown, report: (message: string) => void): PlotLayout | null {
  if (value === undefined || value === null) return null;
  const names = (list: unknown) =>
    Array.isArray(list)
      ? list.filter((name): name is string => typeof name === 'string' && name !== '').slice(0, 32)
      : typeof list === 'string' ? list.split(',').map((name) => name.trim()).filter(Boolean).slice(0, 32) : []; // prettier-ignore
  if (Array.isArray(value) || typeof value === 'string')
    return { series: names(value), seconds: null, least: null, most: null };
  if (typeof value !== 'object') {
    report('A list of names is expected here, or series, seconds, min and max.');
    return null;
  }
  const { series, seconds, min, max } = value as Record<string, unknown>;
  const number = (one: unknown) => (typeof one === 'number' && Number.isFinite(one) ? one : null);
  return { series: names(series), seconds: number(seconds), least: number(min), most: number(max) };
}
