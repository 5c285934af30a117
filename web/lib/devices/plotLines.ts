// Numbers out of what a board says, line by line: "1 2 3" and "1, 2, 3" (Arduino), "left:76 right:124", ">left:76" (Teleplot), and JSON
// objects with numbers in them. Anything else is no sample.

export type Sample = { name: string; value: number }[];

/** Longer is no line of a plot. */
const mostLine = 512;
export const mostSeries = 8;

const number = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
const named = new RegExp(String.raw`([A-Za-z_][\w ./%°-]{0,31}?)\s*[:=]\s*(${number})(?![\w.])`, 'g');
const bare = new RegExp(`^(?:${number})(?:[\\s,;]+(?:${number}))*[\\s,;]*$`);
const teleplot = new RegExp(String.raw`^>([^:|§]{1,32}):(?:\d+:)?(${number})(?:§[^|]*)?(?:\|\w*)?$`);

export function readSample(line: string): Sample | null {
  const text = line.trim();
  if (text === '' || text.length > mostLine) return null;
  const tele = teleplot.exec(text);
  if (tele) return [{ name: tele[1]!, value: Number(tele[2]) }];
  if (bare.test(text)) {
    const values = text
      .split(/[\s,;]+/)
      .filter(Boolean)
      .map(Number);
    return fit(values.map((value, i) => ({ name: values.length === 1 ? 'value' : `value ${i + 1}`, value })));
  }
  if (text.startsWith('{') && text.endsWith('}')) return readJson(text);
  // a line of words that happens to hold "at: 3" is none: names and numbers must be all of it
  const found: Sample = [];
  const rest = text.replace(named, (_, name: string, value: string) => {
    found.push({ name: name.trim(), value: Number(value) });
    return ' ';
  });
  return found.length > 0 && /^[\s,;|]*$/.test(rest) ? fit(found) : null;
}

function readJson(text: string): Sample | null {
  try {
    const found: Sample = [];
    for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, unknown>)) {
      if (typeof value === 'number') found.push({ name, value });
      else if (value && typeof value === 'object')
        for (const [inner, one] of Object.entries(value))
          if (typeof one === 'number') found.push({ name: `${name}.${inner}`, value: one });
    }
    return fit(found);
  } catch {
    return null;
  }
}
function fit(sample: Sample): Sample | null {
  const finite = sample.filter(({ value }) => Number.isFinite(value)).slice(0, mostSeries);
  return finite.length > 0 ? finite : null;
}

/** Lines out of pieces that are cut anywhere. */
export function createLineReader(line: (text: string) => void) {
  const decoder = new TextDecoder();
  let held = '';
  let skipping = false;
  return {
    read(bytes: Uint8Array) {
      const parts = (held + decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r/);
      held = parts.pop()!;
      for (const part of parts) {
        if (!skipping) line(part);
        skipping = false;
      }
      if (held.length > mostLine * 2) {
        held = '';
        skipping = true; // the rest of a line that is too long is no line
      }
    },
    restart() {
      held = '';
      skipping = true; // we are in the middle of something
    },
  };
}
