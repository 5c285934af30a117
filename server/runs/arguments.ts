// What a model wrote as arguments becomes an object, or a sentence that the model can learn from. Strict first; then small repairs that
// cannot change the meaning; never a guess at what was cut off.
import { Validator, type OutputUnit } from '@cfworker/json-schema';
import type { JsonSchema } from '../platform/model.ts';

export type Parsed = { args: Record<string, unknown>; repaired: boolean } | { wrong: string };

export const argumentLimits = { bytes: 2 * 1024 * 1024, depth: 64 };

export function parseArguments(written: string): Parsed {
  if (Buffer.byteLength(written) > argumentLimits.bytes) return { wrong: 'The arguments are larger than 2 MiB.' };
  const text = written.trim();
  if (text === '') return { args: {}, repaired: false };
  const strict = parse(text);
  if (strict && isObject(strict.value)) return check(strict.value, false);
  for (const attempt of [strict && typeof strict.value === 'string' ? strict.value : null, repairJson(text)]) {
    const parsed = attempt === null ? null : parse(attempt);
    if (parsed && isObject(parsed.value)) return check(parsed.value, true);
  }
  if (strict) return { wrong: 'The arguments must be one JSON object.' };
  return { wrong: `The arguments are not valid JSON: ${reason(text)}` };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function check(args: Record<string, unknown>, repaired: boolean): Parsed {
  return isDeeper(args, argumentLimits.depth) ? { wrong: 'The arguments are nested too deep.' } : { args, repaired };
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((one) => isDeeper(one, depth - 1));
}

function parse(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null; // also when it is nested so deep that the parser gives up
  }
}

function reason(text: string): string {
  try {
    JSON.parse(text);
    return 'it is nested too deep.';
  } catch (error) {
    return error instanceof Error ? `${error.message.slice(0, 200)}.` : 'it cannot be read.';
  }
}

/** Takes a fence away and commas before a closing bracket, and escapes line breaks in strings. What is valid stays as it is. */
export function repairJson(text: string): string {
  const fenced = /^```[\w-]*[ \t]*\r?\n([\s\S]*?)\r?\n?```$/.exec(text.trim());
  const source = fenced ? fenced[1]! : text;
  let [out, inString] = ['', false];
  for (let i = 0; i < source.length; i++) {
    const sign = source[i]!;
    if (inString) {
      if (sign === '\\') out += sign + (source[++i] ?? '');
      else if (sign === '\n') out += '\\n';
      else if (sign === '\r') out += '\\r';
      else if (sign === '\t') out += '\\t';
      else {
        out += sign;
        if (sign === '"') inString = false;
      }
    } else if (sign === ',' && /^\s*[}\]]/.test(source.slice(i + 1, i + 200))) continue;
    else {
      out += sign;
      if (sign === '"') inString = true;
    }
  }
  return out;
}

const validators = new WeakMap<JsonSchema, Validator>();

/** Null: they fit. Else what is wrong, and the schema, for the model. */
export function checkArguments(schema: JsonSchema, args: Record<string, unknown>): string | null {
  try {
    let validator = validators.get(schema);
    if (!validator) {
      validator = new Validator(withoutPatterns(schema) as JsonSchema, '2020-12', false);
      validators.set(schema, validator);
    }
    const { valid, errors } = validator.validate(args);
    if (valid) return null;
    const shown = JSON.stringify(schema);
    return `The arguments do not fit: ${describe(errors)}\nThe schema is: ${shown.length > 4000 ? `${shown.slice(0, 4000)}…` : shown}`;
  } catch {
    return 'The schema of this tool cannot be followed, so it cannot be called.'; // an endless or missing reference
  }
}

/** The innermost errors; the others only say that something inside is wrong. */
function describe(errors: OutputUnit[]): string {
  const lines = errors
    .filter(
      (one) => !errors.some((other) => other !== one && other.instanceLocation.startsWith(`${one.instanceLocation}/`)),
    )
    .map(({ instanceLocation, error }) => `${instanceLocation.replace(/^#\/?/, '') || 'arguments'}: ${error}`);
  return [...new Set(lines)].slice(0, 6).join(' ');
}

/** Schemas come from MCP servers too, and a pattern can be made to run for ever: whoever owns the tool checks those. */
function withoutPatterns(schema: unknown, isNames = false): unknown {
  if (Array.isArray(schema)) return schema.map((one) => withoutPatterns(one));
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => isNames || !['pattern', 'patternProperties', 'format'].includes(key))
      .map(([key, value]) => [
        key,
        key === 'enum' || key === 'const'
          ? value
          : withoutPatterns(value, !isNames && ['properties', '$defs', 'definitions'].includes(key)),
      ]),
  );
}
