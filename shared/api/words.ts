// The words that all routes of /api/v1 are made of.
import { z } from 'zod';

export const login = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])?$/, 'Use 1 to 39 small letters, digits and hyphens, not at either end.');
export const password = z.string().min(8, 'Use at least 8 characters.').max(256);
// No control characters, and none that turn the direction of the text around them.
export const displayName = z
  .string()
  .trim()
  .min(1, 'Write a name.')
  .max(80, 'Use at most 80 characters.')
  .regex(/^[^\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u, 'Use letters that can be seen.');
export const role = z.enum(['owner', 'editor', 'viewer']);
export const scope = z.enum(['read', 'write', 'run', 'git', 'admin']);
export const path = z.string().min(1).max(4096);
export const oid = z.string().regex(/^[0-9a-f]{40}$/);
export const time = z.iso.datetime();
export const cursor = z.string().max(200).optional();
export const flag = z.enum(['0', '1']).optional();
export const nothing = z.object({});

export const Face = z.object({ id: z.string(), login: z.string(), name: z.string(), colour: z.int() });
export type Face = z.output<typeof Face>;
