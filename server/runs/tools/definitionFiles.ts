// What decides how agents behave, here or in a copy of the volume: by its place, or, where the place says nothing, by its header, just
// as the library reads it.
import { kindByPath, type DefinitionKind } from '#shared/definitionKind.ts';
import { readTyped } from '#shared/typedDefinition.ts';

const kinds: readonly DefinitionKind[] = ['agent', 'skill', 'tool', 'kernel', 'workflow'];

/** `text`: what stands or will stand in it; null: not known. */
export const isDefinition = (path: string, text: string | null = null): boolean =>
  kinds.includes(kindByPath(path)) ||
  /(^|\/)skills\/[^/]+\//i.test(path) ||
  /(^|\/)(\.claude\/|\.mcp\.json$|(agents|claude|gemini)\.md$)/i.test(path) ||
  /^kernel\//i.test(path) ||
  (text !== null && /\.md$/i.test(path) && kinds.includes(readTyped({ path, text }).kind));
