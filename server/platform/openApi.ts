// The table of routes as an OpenAPI 3.1 document, for people who program against it.
import { z } from 'zod';
import { routes, type Route } from '#shared/api.ts';
import { errorCodes } from '#shared/errors.ts';

export function createOpenApi({ version }: { version: string }): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [key, entry] of Object.entries(routes)) {
    const route: Route = entry;
    const [method, path] = key.split(' ') as [string, string];
    const names = [...path.matchAll(/[:*](\w+)/g)].map((match) => match[1]!);
    const query = route.query ? schemaOf(route.query, 'input') : null;
    const required = new Set((query?.['required'] as string[] | undefined) ?? []);
    (paths[path.replace(/[:*](\w+)/g, '{$1}')] ??= {})[method.toLowerCase()] = {
      summary: route.summary,
      operationId: key.replace(/\W+/g, '_'),
      'x-policy-verb': route.may,
      ...(route.may === 'anyone' ? { security: [] } : {}),
      parameters: [
        ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
        ...Object.entries((query?.['properties'] ?? {}) as Record<string, unknown>).map(([name, schema]) => ({
          name,
          in: 'query',
          required: required.has(name),
          schema,
        })),
      ],
      ...(route.body ? { requestBody: { required: true, content: content(route.body, 'input') } } : {}),
      responses: {
        200: { description: 'Done', content: content(route.answer, 'output') },
        default: { $ref: '#/components/responses/Problem' },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'LLMos',
      version,
      description:
        'Volumes of markdown that people and agents write together. Paths are URL-encoded: the volume `team/lab` is `team%2Flab`.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A personal access token, `llmos_...`' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-session' },
      },
      responses: {
        Problem: {
          description: 'A code for programs and a sentence for people',
          content: { 'application/json': { schema: problemSchema } },
        },
      },
    },
  };
}

const problemSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { enum: Object.keys(errorCodes) }, message: { type: 'string' }, data: { type: 'object' } },
    },
  },
};

function content(schema: z.ZodType, io: 'input' | 'output') {
  if (schema instanceof z.ZodAny) return { 'application/octet-stream': {} };
  if (schema instanceof z.ZodString) return { 'text/plain': { schema: { type: 'string' } } };
  return { 'application/json': { schema: schemaOf(schema, io) } };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<string, unknown>;
  return rest;
}
