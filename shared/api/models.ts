// What /api/v1 says about models: who provides them, what they can do, and by which names definitions find them. A key goes in and
// never comes out: of one that is kept, the last four characters are shown.
import { z } from 'zod';
import { time } from './words.ts';

const providerName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])?$/, 'Use small letters, digits and hyphens.')
  .refine((name) => name !== 'server', 'This name belongs to the provider of the whole server.');
const baseUrl = z.url({ protocol: /^https?$/, error: 'Write a whole address, with https://.' }).max(500);
const key = z
  .string()
  .trim()
  .max(2000)
  .regex(/^[\x21-\x7e]+$/, 'A key is one word without spaces.');
const model = z.string().trim().min(1, 'Name a model.').max(200);
const preset = z.enum(['openai', 'openrouter', 'gemini', 'ollama', 'llama.cpp', 'vllm', 'other']);
const price = z.object({ input: z.number(), output: z.number() });

/** What a model at an endpoint really did when it was tried. */
export const ProbeResult = z.object({
  tools: z.boolean(),
  parallel: z.boolean(),
  schema: z.boolean(),
  /** It says what a streamed answer cost. */
  usage: z.boolean(),
  /** Tokens; null: it does not say. */
  contextSize: z.int().nullable(),
  /** US dollars per million tokens; null: it does not say. */
  price: price.nullable(),
  strategy: z.enum(['native', 'schema', 'fenced']),
  at: time,
});
export const Provider = z.object({
  id: z.uuid(),
  /** As in `name/model`. */
  name: z.string(),
  preset,
  baseUrl: z.string(),
  /** The last four characters; null: it has no key. */
  keyEnds: z.string().nullable(),
  models: z.array(z.object({ id: z.string(), probe: ProbeResult.nullable() })),
});
export const ProviderSettings = z.object({
  providers: z.array(Provider),
  /** `provider/model` where nothing else is asked for. */
  default: z.string().nullable(),
  /** `fast` -> `provider/model` */
  aliases: z.record(z.string(), z.string()),
});
const aliasName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'Use letters, digits, dots and hyphens.');
const SettingsInput = z.object({
  /** All of them, in order; those that are left out are removed. */
  providers: z
    .array(
      z.object({
        id: z.uuid().optional(),
        name: providerName,
        preset: preset.default('other'),
        baseUrl,
        /** Left out: stays as it is. Null: none. */
        key: key.nullable().optional(),
        models: z.array(model).max(100),
      }),
    )
    .max(20),
  default: z.string().max(300).nullable().default(null),
  aliases: z.record(aliasName, z.string().min(1).max(300)).default({}),
});
/** An endpoint that is saved (`id`), or one that is just being typed. */
const EndpointInput = z.object({ id: z.uuid().optional(), baseUrl, key: key.nullable().optional() });
const Offered = z.object({ models: z.array(z.object({ id: z.string(), contextSize: z.int().nullable() })) });
const Tried = z.object({ probe: ProbeResult });

export const UsableModel = z.object({
  /** `provider/model` */
  name: z.string(),
  from: z.enum(['me', 'team', 'server']),
  probe: ProbeResult.nullable(),
});

// prettier-ignore
export const modelRoutes = {
  'GET /teams/:slug/providers': { may: 'team.read', summary: 'Model providers of a team; keys are never shown', answer: ProviderSettings },
  'PUT /teams/:slug/providers': { may: 'team.manage', summary: 'Set the model providers of a team', body: SettingsInput, answer: ProviderSettings },
  'POST /teams/:slug/providers/models': { may: 'team.manage', summary: 'What models an endpoint offers', body: EndpointInput, answer: Offered },
  'POST /teams/:slug/providers/probe': { may: 'team.manage', summary: 'Try what a model of a saved provider can do', body: z.object({ id: z.uuid(), model }), answer: Tried },
  'GET /me/providers': { may: 'self.read', summary: 'My own model providers; keys are never shown', answer: ProviderSettings },
  'PUT /me/providers': { may: 'self.write', summary: 'Set my own model providers', body: SettingsInput, answer: ProviderSettings },
  'POST /me/providers/models': { may: 'self.write', summary: 'What models an endpoint offers', body: EndpointInput, answer: Offered },
  'POST /me/providers/probe': { may: 'self.write', summary: 'Try what a model of a saved provider can do', body: z.object({ id: z.uuid(), model }), answer: Tried },
  'GET /providers/local': { may: 'self.read', summary: 'An Ollama on the machine of the server', answer: z.object({ baseUrl: z.string(), allowed: z.boolean(), models: z.array(z.string()).nullable() }) },
  'GET /volumes/:volume/models': { may: 'volume.read', summary: 'Models that my runs in a volume can use, and what names stand for', answer: z.object({ models: z.array(UsableModel), aliases: z.record(z.string(), z.string()), default: z.string().nullable(), problem: z.string().nullable() }) },
} as const;

export type ProbeResult = z.output<typeof ProbeResult>;
export type Provider = z.output<typeof Provider>;
export type ProviderSettings = z.output<typeof ProviderSettings>;
export type SettingsInput = z.output<typeof SettingsInput>;
export type EndpointInput = z.output<typeof EndpointInput>;
export type UsableModel = z.output<typeof UsableModel>;
