// The few words in which the arguments of tools are described.
import type { JsonSchema } from '../../platform/model.ts';

export const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  description,
  ...more,
});
export const count = (description: string, minimum = 1): JsonSchema => ({ type: 'integer', minimum, description });
/** Nothing else than these properties. */
export const object = (properties: Record<string, JsonSchema>, required: string[]): JsonSchema => ({
  type: 'object', properties, required, additionalProperties: false,
}); // prettier-ignore
