// What a skill or a tool takes and gives. Written as a list of fields (the LLMos form) or as JSON Schema; and the code of a skill that
// runs by itself.
import type { Executable, Field } from './definitionTypes.ts';

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const wordOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value).trim() : '';

/** A list of `{ name, type, description, required, default }`, a JSON Schema of an object, or a map from names to types. */
export function readFields(value: unknown): Field[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown) => {
      if (typeof item === 'string' && item.trim())
        return { name: item.trim(), type: 'any', description: '', required: false };
      return isPlain(item) && wordOf(item['name'])
        ? fieldOf(wordOf(item['name']), item, item['required'] === true)
        : [];
    });
  if (!isPlain(value)) return [];
  const properties = isPlain(value['properties']) ? value['properties'] : null;
  if (properties) {
    const required = Array.isArray(value['required']) ? value['required'] : [];
    return Object.entries(properties).flatMap(([name, schema]) =>
      isPlain(schema) ? fieldOf(name, schema, required.includes(name)) : [],
    );
  }
  return Object.entries(value).flatMap(([name, schema]) =>
    isPlain(schema)
      ? fieldOf(name, schema, schema['required'] === true)
      : wordOf(schema)
        ? { name, type: wordOf(schema), description: '', required: false }
        : [],
  );
}

function fieldOf(name: string, schema: Plain, required: boolean): Field {
  return {
    name,
    type: wordOf(schema['type']) || 'any',
    description: wordOf(schema['description']),
    required,
    ...('default' in schema ? { fallback: schema['default'] } : {}),
  };
}

/** Types that only some language knows, and what they are in JSON. */
const jsonTypes: Record<string, string> = {
  str: 'string',
  text: 'string',
  path: 'string',
  file: 'string',
  int: 'integer',
  float: 'number',
  bool: 'boolean',
  list: 'array',
  ndarray: 'array',
  dataframe: 'array',
  dict: 'object',
  json: 'object',
};
const plainTypes = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);

/** JSON Schema of an object with these fields. */
export function schemaOf(fields: Field[]): Plain {
  const properties = fields.map(({ name, type, description, fallback }): [string, Plain] => {
    const json = jsonTypes[type.toLowerCase()] ?? type.toLowerCase();
    return [
      name,
      {
        ...(plainTypes.has(json) ? { type: json } : {}),
        ...(description ? { description } : {}),
        ...(fallback === undefined ? {} : { default: fallback }),
      },
    ];
  });
  // a field with a default need not be given
  const required = fields.filter((field) => field.required && field.fallback === undefined).map(({ name }) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
  };
}

/** JSON Schema is taken as it is; a list of fields becomes one. Null where nothing is said. */
export function readSchema(value: unknown): Plain | null {
  if (isPlain(value) && (isPlain(value['properties']) || typeof value['type'] === 'string' || value['$ref']))
    return value;
  const fields = readFields(value);
  return fields.length > 0 ? schemaOf(fields) : null;
}

/** Blocks between fences: language, text, and the line where the text starts (1 is the first of the body). */
export function fencedBlocks(body: string): { language: string; text: string; line: number }[] {
  const blocks: { language: string; text: string; line: number }[] = [];
  let open: { fence: string; language: string; lines: string[]; line: number } | null = null;
  for (const [index, line] of body.split('\n').entries()) {
    const mark = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/.exec(line.replace(/\r$/, ''));
    if (!open) {
      if (mark) open = { fence: mark[1]!, language: mark[2]!.toLowerCase(), lines: [], line: index + 2 };
      continue;
    }
    const closes = mark && mark[2] === '' && mark[1]!.startsWith(open.fence);
    if (!closes) {
      open.lines.push(line);
      continue;
    }
    blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
    open = null;
  }
  return blocks;
}

const languages: Record<string, Executable['language']> = {
  python: 'python',
  py: 'python',
  python3: 'python',
  javascript: 'javascript',
  js: 'javascript',
  mjs: 'javascript',
};
/** The function that a skill runs by: `execute(inputs)`, in some older files `execute_skill(inputs)`. */
const entries = {
  python: /^(?:async\s+)?def\s+(execute(?:_skill)?)\s*\(/m,
  javascript:
    /^(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s+(execute)\s*\(|^(?:export\s+)?(?:const|let|var)\s+(execute)\s*=/m,
};

/** The first block that defines `execute`. Null: the skill is for reading only. */
export function readExecutable({
  header,
  body,
  bodyLine,
}: {
  header: Plain | null;
  body: string;
  bodyLine: number;
}): Executable | null {
  for (const { language: written, text, line } of fencedBlocks(body)) {
    const language = languages[written];
    const defined = language && entries[language].exec(text);
    if (!defined) continue;
    return {
      language,
      entry: defined[1] ?? defined[2]!,
      code: text,
      line: bodyLine + line - 1,
      mode: wordOf(header?.['execution_mode']) || null,
      inputs: readFields(header?.['inputs']),
      outputs: readFields(header?.['outputs']),
    };
  }
  return null;
}
