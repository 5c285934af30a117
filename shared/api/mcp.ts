// What /api/v1 says about MCP servers that a team lets its runs use. Each tool is pinned by a hash of its whole definition: one that is
// new or has changed is not used until somebody who looked at it says so.
import { z } from 'zod';

const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/, 'Use 1 to 24 small letters, digits and hyphens.');
const url = z.url({ protocol: /^https?$/, error: 'Write a whole address, with https://.' }).max(500);
const token = z
  .string()
  .trim()
  .max(4000)
  .regex(/^[\x21-\x7e]+$/, 'A token is one word without spaces.');

export const McpTool = z.object({
  name: z.string(),
  description: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  /** Of name, description, parameters and whatever else the server says about it. */
  hash: z.string(),
  /** `approved`: runs use it. `new`, `changed`: they do not, until it is approved. `gone`: approved, but the server has it no more. */
  state: z.enum(['approved', 'new', 'changed', 'gone']),
  /** It only reads, the team says: a call needs no approval of its own. Else each call waits for a person. */
  reads: z.boolean(),
});
export const McpServerEntry = z.object({
  id: z.uuid(),
  name: z.string(),
  url: z.string(),
  /** The last four characters; null: it has none. */
  tokenEnds: z.string().nullable(),
  enabled: z.boolean(),
  /** As it was asked last; null: never. */
  checkedAt: z.iso.datetime().nullable(),
  problem: z.string().nullable(),
  tools: z.array(McpTool),
});
const Servers = z.object({ servers: z.array(McpServerEntry) });
const Input = z.object({
  /** All of them, in order; those that are left out are removed. */
  servers: z
    .array(
      z.object({
        id: z.uuid().optional(),
        name,
        url,
        /** Left out: stays as it is. Null: none. */
        token: token.nullable().optional(),
        enabled: z.boolean().default(true),
      }),
    )
    .max(20),
});
const Approval = z.object({
  id: z.uuid(),
  /** The tools as they were shown: another hash is not approved. */
  tools: z.array(z.object({ name: z.string().max(200), hash: z.string().max(64), reads: z.boolean() })).max(200),
});

// prettier-ignore
export const mcpRoutes = {
  'GET /teams/:slug/mcp-servers': { may: 'team.read', summary: 'MCP servers of a team; tokens are never shown', answer: Servers },
  'PUT /teams/:slug/mcp-servers': { may: 'team.manage', summary: 'Set the MCP servers of a team', body: Input, answer: Servers },
  'POST /teams/:slug/mcp-servers/check': { may: 'team.manage', summary: 'Ask a server what tools it has now', body: z.object({ id: z.uuid() }), answer: McpServerEntry },
  'POST /teams/:slug/mcp-servers/approve': { may: 'team.manage', summary: 'Let runs use just these tools of a server, as they are now', body: Approval, answer: McpServerEntry },
} as const;

export type McpTool = z.output<typeof McpTool>;
export type McpServerEntry = z.output<typeof McpServerEntry>;
export type McpServersInput = z.output<typeof Input>;
export type McpApproval = z.output<typeof Approval>;
