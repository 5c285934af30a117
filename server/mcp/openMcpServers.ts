// MCP servers of teams, put together: where they are kept, the way out to them, the edge.
import { mcpRoutes as table } from '#shared/api/mcp.ts';
import type { Keys } from '../models/keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { Queries } from '../platform/database.ts';
import type { Egress } from '../platform/egress.ts';
import type { HandlersOf } from '../platform/http.ts';
import { createMcpClient } from '../platform/mcpClient.ts';
import { createServerStore } from './serverStore.ts';
import { createTeamServers, type TeamServers } from './teamServers.ts';

export function openMcpServers({
  database,
  keys,
  egress,
  clock,
  version,
  ...times
}: {
  database: Queries;
  keys: Keys;
  egress: Egress;
  clock: Clock;
  version: string;
  /** For tests: how long a server may think. */
  listMs?: number;
  callMs?: number;
}) {
  const client = createMcpClient({ egress, version, ...times });
  const servers = createTeamServers({ store: createServerStore(database), keys, client, clock });
  return { toolsFor: servers.toolsFor, handlers: mcpRoutes(servers) };
}

export function mcpRoutes(servers: TeamServers): HandlersOf<keyof typeof table> {
  const owner = ({ id }: { id: string }) => `team:${id}`;
  return {
    'GET /teams/:slug/mcp-servers': ({ team }) => servers.entries(owner(team)),
    'PUT /teams/:slug/mcp-servers': ({ team, body }) => servers.change({ owner: owner(team), input: body }),
    'POST /teams/:slug/mcp-servers/check': ({ team, body }) => servers.check({ owner: owner(team), id: body.id }),
    'POST /teams/:slug/mcp-servers/approve': ({ team, body }) => servers.approve({ owner: owner(team), input: body }),
  };
}
