// Numbers of the kernel are live, and each has its reader (`server/library/systemVolume.test.ts` holds the two together): a row of a table in `kernel/*.md` whose first cell is the name of a setting, in backticks, sets it. The
// system's files are the ground; a team's or a person's own kernel may make a setting tighter, never looser. What cannot be read keeps
// the value before it, and is a diagnostic at its line.

type Setting = {
  file: string;
  /** Where nobody says anything. Null: no limit. */
  value: number | null;
  /** Which way is stricter. */
  tighter: 'lower' | 'higher';
  unit: 'count' | 'minutes' | 'seconds' | 'days' | 'money' | 'ratio';
  /** As older kernels call it. */
  also?: string;
};

export const kernelSettings = {
  iterations: { file: 'config.md', value: 15, tighter: 'lower', unit: 'count', also: 'maxIterations' },
  tool_calls: { file: 'config.md', value: 50, tighter: 'lower', unit: 'count', also: 'maxToolCalls' },
  minutes: { file: 'config.md', value: 10, tighter: 'lower', unit: 'minutes' },
  tokens: { file: 'config.md', value: null, tighter: 'lower', unit: 'count' },
  money: { file: 'config.md', value: null, tighter: 'lower', unit: 'money' },
  depth: { file: 'config.md', value: 3, tighter: 'lower', unit: 'count' },
  fan_out: { file: 'config.md', value: 8, tighter: 'lower', unit: 'count' },
  skills_per_prompt: { file: 'config.md', value: 3, tighter: 'lower', unit: 'count' },
  python_seconds: { file: 'config.md', value: 300, tighter: 'lower', unit: 'seconds' },
  approval_minutes: { file: 'config.md', value: 10, tighter: 'lower', unit: 'minutes' },

  memory_limit: { file: 'query-memory-spec.md', value: 10, tighter: 'lower', unit: 'count' },
  min_relevance: { file: 'query-memory-spec.md', value: 0.3, tighter: 'higher', unit: 'ratio' },

  consolidate_after_traces: { file: 'memory-schema.md', value: 10, tighter: 'lower', unit: 'count' },
  consolidate_after_days: { file: 'memory-schema.md', value: 7, tighter: 'lower', unit: 'days' },
  consolidate_tokens: { file: 'memory-schema.md', value: 200_000, tighter: 'lower', unit: 'count' },
  archive_after_days: { file: 'memory-schema.md', value: 180, tighter: 'higher', unit: 'days' },
} as const satisfies Record<string, Setting>;

export type KernelSetting = keyof typeof kernelSettings;
export type KernelValues = Record<KernelSetting, number | null>;
/** One kernel folder: file name -> text. `from` says whose, in diagnostics. */
export type KernelFolder = { from: string; files: Record<string, string> };
export type KernelRemark = { volume: string; file: string; line: number; message: string };

const names = Object.keys(kernelSettings) as KernelSetting[];
/** Where no kernel says anything. */
export const kernelDefaults = Object.fromEntries(
  names.map((name) => [name, kernelSettings[name].value]),
) as KernelValues;
const settingOf = (name: KernelSetting): Setting => kernelSettings[name];
const byAlias = new Map(
  names.flatMap((name) => (settingOf(name).also ? [[settingOf(name).also!, name] as const] : [])),
);

/** `folders`: the system's first, then the team's, then the person's. */
export function readKernelSettings(folders: readonly KernelFolder[]): {
  values: KernelValues;
  remarks: KernelRemark[];
} {
  const values = { ...kernelDefaults };
  const remarks: KernelRemark[] = [];
  for (const [index, { from: volume, files }] of folders.entries())
    for (const [file, text] of Object.entries(files))
      for (const row of settingRows(text)) {
        const name = nameOf(row.name);
        if (!name || settingOf(name).file !== file) continue;
        const remark = (message: string) => remarks.push({ volume, file, line: row.line, message });
        const value = readValue(row.value, settingOf(name));
        if (value === undefined) {
          remark(`“${row.value}” is no value for ${name}: ${examples[settingOf(name).unit]}.`);
          continue;
        }
        if (index === 0 || isTighter(value, values[name], settingOf(name).tighter)) values[name] = value;
        else if (value !== values[name]) remark(`${name} may only be made tighter here: ${words(values[name])} stays.`);
      }
  return { values, remarks };
}

/** What a run may spend, in the words of its budget. */
export function runLimits(values: KernelValues) {
  return {
    iterations: values.iterations!,
    toolCalls: values.tool_calls!,
    minutes: values.minutes!,
    tokens: values.tokens,
    money: values.money,
    depth: values.depth!,
    fanOut: values.fan_out!,
  };
}

const nameOf = (written: string): KernelSetting | null =>
  Object.hasOwn(kernelSettings, written) ? (written as KernelSetting) : (byAlias.get(written) ?? null);

/**
 * Rows that start with a name in backticks, of tables whose second column is headed `value` or `default`; not those in code blocks.
 * `line` is from 1.
 */
export function settingRows(text: string): { name: string; value: string; line: number }[] {
  const rows: { name: string; value: string; line: number }[] = [];
  let fenced = false;
  let table: 'none' | 'settings' | 'other' = 'none';
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const cells = fenced ? null : /^\s*\|([^|]*)\|([^|]*)\|/.exec(line);
    if (!cells) {
      table = 'none';
      continue;
    }
    if (table === 'none') table = /^\s*(value|default)\s*$/i.test(cells[2]!) ? 'settings' : 'other';
    const name = table === 'settings' ? /^\s*`([\w-]+)`\s*$/.exec(cells[1]!)?.[1] : null;
    if (name) rows.push({ name, value: cells[2]!.replace(/`/g, '').trim(), line: index + 1 });
  }
  return rows;
}

const examples: Record<Setting['unit'], string> = {
  count: 'write a whole number, e.g. 15',
  minutes: 'write minutes, e.g. 10, or 2 h',
  seconds: 'write seconds, e.g. 120, or 2 min',
  days: 'write days, e.g. 7',
  money: 'write US dollars, e.g. 0.50, or none',
  ratio: 'write a share, e.g. 70 % or 0.7',
};

/** Undefined: this is no value. `none` is no limit, where that makes sense. */
function readValue(written: string, { unit, value }: Setting): number | null | undefined {
  if (/^(none|no limit|-)$/i.test(written)) return value === null ? null : undefined;
  const match =
    /^\$?\s*(\d{1,12}(?:[_,]\d{3})*(?:\.\d+)?)\s*(%|s|sec|seconds?|min|minutes?|h|hours?|d|days?|usd|\$)?$/i.exec(
      written,
    );
  if (!match) return undefined;
  const number = Number(match[1]!.replace(/[_,]/g, ''));
  const suffix = (match[2] ?? '').toLowerCase();
  const time = suffix.startsWith('s')
    ? 1
    : suffix.startsWith('m')
      ? 60
      : suffix.startsWith('h')
        ? 3600
        : suffix.startsWith('d')
          ? 86_400
          : 0;
  switch (unit) {
    case 'ratio': {
      const share = suffix === '%' ? number / 100 : number;
      return (suffix === '' || suffix === '%') && share <= 1 ? share : undefined;
    }
    case 'minutes':
      return suffix === '' ? number : time ? (number * time) / 60 : undefined;
    case 'seconds':
      return suffix === '' ? number : time ? number * time : undefined;
    case 'days':
      return suffix === '' ? number : time ? (number * time) / 86_400 : undefined;
    case 'money':
      return suffix === '' || suffix === 'usd' || suffix === '$' ? number : undefined;
    default:
      return suffix === '' && Number.isInteger(number) ? number : undefined;
  }
}

/** Null is no limit: the loosest there is. */
function isTighter(value: number | null, now: number | null, way: Setting['tighter']): boolean {
  if (value === null) return false;
  if (now === null) return true;
  return way === 'lower' ? value < now : value > now;
}

const words = (value: number | null) => (value === null ? 'no limit' : String(value));
