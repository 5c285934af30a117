// The header of a text. YAML's parser is fetched for the first text that begins like one.
import type { Definition } from '#shared/definition.ts';

const none: Definition = { header: null, hasHeader: false, diagnostics: [], bodyFrom: 0, bodyLine: 1, keys: [] };

export async function headerOf(text: string): Promise<Definition> {
  return text.startsWith('---') ? (await import('#shared/definition.ts')).readDefinition(text) : none;
}
