// Providers that people know by name: where they are, and what to say about them.
import type { ProbeResult, Provider } from '#shared/api/models.ts';

export type Preset = {
  id: Provider['preset'];
  label: string;
  name: string;
  baseUrl: string;
  needsKey: boolean;
  hint: string;
};

const localHint = (host: string) =>
  `Runs on a machine of yours. The server reaches private addresses only when it was started with ALLOWED_HOSTS=${host}.`;

export const presets: Preset[] = [
  { id: 'openai', label: 'OpenAI', name: 'openai', baseUrl: 'https://api.openai.com/v1', needsKey: true, hint: 'Keys are made at platform.openai.com.' },
  { id: 'openrouter', label: 'OpenRouter', name: 'openrouter', baseUrl: 'https://openrouter.ai/api/v1', needsKey: true, hint: 'Many models with one key, from openrouter.ai.' },
  { id: 'gemini', label: 'Google Gemini', name: 'gemini', baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai', needsKey: true, hint: 'Its OpenAI-compatible endpoint; keys are made at aistudio.google.com.' },
  { id: 'ollama', label: 'Ollama', name: 'ollama', baseUrl: 'http://127.0.0.1:11434/v1', needsKey: false, hint: localHint('127.0.0.1:11434') },
  { id: 'llama.cpp', label: 'llama.cpp', name: 'llama-cpp', baseUrl: 'http://127.0.0.1:8080/v1', needsKey: false, hint: localHint('127.0.0.1:8080') },
  { id: 'vllm', label: 'vLLM', name: 'vllm', baseUrl: 'http://127.0.0.1:8000/v1', needsKey: false, hint: localHint('127.0.0.1:8000') },
  { id: 'other', label: 'Another one', name: '', baseUrl: '', needsKey: false, hint: 'Anything that speaks the OpenAI API; the address ends before /chat/completions.' },
]; // prettier-ignore

export const presetOf = (id: string): Preset => presets.find((preset) => preset.id === id) ?? presets.at(-1)!;

const ways = { native: 'calls tools', schema: 'calls tools by JSON', fenced: 'calls tools in text' } as const;

/** What was found by trying, for a line of small words. */
export function wordsOfProbe({ strategy, parallel, contextSize, usage }: ProbeResult): string[] {
  return [
    ways[strategy],
    ...(strategy === 'native' ? [parallel ? 'several at once' : 'one at a time'] : []),
    ...(contextSize ? [`${Math.round(contextSize / 1000)}k context`] : []),
    ...(usage ? [] : ['tokens are estimated']),
  ];
}

/** `name-2` where `name` is taken. */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  for (let n = 2; ; n++) if (!taken.includes(`${name}-${n}`)) return `${name}-${n}`;
}
