// What a definition says, once its header is read: the same for an agent of ours, of Claude Code, or of an older LLMos.
import type { Diagnostic, HeaderKey } from './definition.ts';
import type { DefinitionKind } from './definitionKind.ts';

/** A value that an executable skill, a tool or a workflow takes or gives. */
export type Field = {
  name: string;
  /** As written: `number`, `array`, `ndarray` ... */
  type: string;
  description: string;
  required: boolean;
  /** Undefined: none. */
  fallback?: unknown;
};

/** What a file may spend, as its header says. A kernel and a budget may allow less. */
export type DefinitionLimits = {
  iterations?: number;
  toolCalls?: number;
  minutes?: number;
  tokens?: number;
  /** In the currency of the provider's prices. */
  money?: number;
  depth?: number;
  fanOut?: number;
};

export type Executable = {
  language: 'python' | 'javascript';
  code: string;
  /** The function to call with the inputs, an object; it gives an object back. */
  entry: string;
  /** Where the code starts, 1 is the first line of the file. */
  line: number;
  /** As written: `browser-wasm`, `system-cron` ... */
  mode: string | null;
  inputs: Field[];
  outputs: Field[];
};

export type TypedDefinition = {
  kind: DefinitionKind;
  /** Small letters, digits and hyphens: how it is looked up. */
  id: string;
  /** As people read it. */
  name: string;
  /** Of the header, else the first paragraph; one line, perhaps empty. */
  description: string;
  /** `type` and `category` as written. */
  type: string | null;
  category: string | null;
  version: string | null;
  /** Names of the loop, in their order. Null: the file does not say; an empty list: none. */
  tools: string[] | null;
  refusedTools: string[];
  /** As written. Null: whatever the one who asks for it uses (`inherit` says the same). */
  model: string | null;
  limits: DefinitionLimits;
  /** Skills it wants to have at hand, and agents and servers it names. */
  skills: string[];
  mcpServers: string[];
  capabilities: string[];
  /** `keywords`, `tags` and `triggers` together. */
  keywords: string[];
  /** Where it came from: `copied`, `evolved`, `created`, and from what. */
  origin: { how: string | null; from: string | null };
  /** A skill that runs by itself. */
  executable: Executable | null;
  /** Of a tool: JSON Schema of what it takes and gives. */
  parameters: Record<string, unknown> | null;
  returns: Record<string, unknown> | null;
  /** Of an applet: its source. */
  code: string | null;
  header: Record<string, unknown> | null;
  /** The YAML is wrong; what could be read line by line was read. */
  guessed: boolean;
  keys: HeaderKey[];
  body: string;
  bodyFrom: number;
  bodyLine: number;
  diagnostics: Diagnostic[];
};
