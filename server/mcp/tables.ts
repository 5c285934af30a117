// MCP servers that a team's runs may use, with their tools as they were approved and as they were seen last.
import { boolean, index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { ToolDefinition } from '../platform/mcpClient.ts';

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** `hash`: of the whole definition. */
export type PinnedTool = ToolDefinition & { hash: string; reads: boolean };
export type SeenTool = ToolDefinition & { hash: string };

export const mcpServers = pgTable(
  'mcp_servers',
  {
    id: uuid().primaryKey(),
    /** `team:<id>` */
    owner: text().notNull(),
    position: integer().notNull(),
    name: text().notNull(),
    url: text().notNull(),
    sealedToken: text('sealed_token'),
    tokenEnds: text('token_ends'),
    enabled: boolean().notNull(),
    pinned: jsonb().$type<PinnedTool[]>().notNull(),
    seen: jsonb().$type<SeenTool[]>().notNull(),
    checkedAt: at('checked_at'),
    problem: text(),
  },
  (t) => [index('mcp_servers_owner').on(t.owner)],
);
