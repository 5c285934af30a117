// MCP servers of a team: set, asked what they have, approved tool by tool; and their tools as runs use them. What a person approved is
// what a model reads: the definition that is kept, not the one that the server tells at the moment.
import crypto from 'node:crypto';
import type { McpApproval, McpServerEntry, McpServersInput, McpTool } from '#shared/api/mcp.ts';
import { isProblem, notFound, Problem } from '#shared/errors.ts';
import type { Keys } from '../models/keys.ts';
import type { Clock } from '../platform/clock.ts';
import type { McpClient, McpConnection } from '../platform/mcpClient.ts';
import type { Tool } from '../runs/types.ts';
import type { ServerRow, ServerStore } from './serverStore.ts';
import type { PinnedTool, SeenTool } from './tables.ts';

const idleMs = 60_000;

export type TeamServers = ReturnType<typeof createTeamServers>;

export function createTeamServers({
  store,
  keys,
  client,
  clock,
}: {
  store: ServerStore;
  keys: Keys;
  client: McpClient;
  clock: Clock;
}) {
  const place = (url: string) => new URL(url).origin;

  async function connect(row: ServerRow): Promise<McpConnection> {
    const { id, owner, name, url, sealedToken } = row;
    const token = sealedToken === null ? null : await keys.open(sealedToken, { owner, row: id, place: place(url) });
    return client.connect({ name, url, token });
  }

  async function rowOf(owner: string, id: string): Promise<ServerRow> {
    const row = (await store.list(owner)).find((one) => one.id === id);
    if (!row) throw notFound('such MCP server');
    return row;
  }

  /** Asks the server, and keeps what it said. Throws `Problem`. */
  async function look(row: ServerRow): Promise<SeenTool[]> {
    const connection = await connect(row);
    try {
      const listed = await connection.list();
      return listed.map(({ whole, ...tool }) => ({ ...tool, hash: crypto.hash('sha256', whole) }));
    } finally {
      await connection.close();
    }
  }

  return {
    entries: async (owner: string): Promise<{ servers: McpServerEntry[] }> => ({
      servers: (await store.list(owner)).map(entryOf),
    }),

    async change({ owner, input }: { owner: string; input: McpServersInput }): Promise<{ servers: McpServerEntry[] }> {
      const names = input.servers.map(({ name }) => name);
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice) throw new Problem('invalid', `Two servers are called ${twice}.`, { field: 'name' });
      const before = await store.list(owner);
      const rows: ServerRow[] = [];
      for (const [position, { id, name, url, token, enabled }] of input.servers.entries()) {
        const old = before.find((row) => row.id === id);
        if (id && !old) throw notFound('such MCP server');
        const row = old?.id ?? crypto.randomUUID();
        const isElsewhere = old !== undefined && place(old.url) !== place(url);
        let { sealedToken = null, tokenEnds = null } = old ?? {};
        if (token === undefined && sealedToken !== null && isElsewhere)
          throw new Problem('invalid', `${name} has another address now: enter its token again.`, { field: 'token' });
        if (token === null) [sealedToken, tokenEnds] = [null, null];
        else if (token !== undefined) {
          sealedToken = await keys.seal(token, { owner, row, place: place(url) });
          tokenEnds = token.length >= 12 ? token.slice(-4) : '';
        }
        // another address is another server: nothing of it was approved
        const kept = old && old.url === url ? old : null;
        rows.push({
          id: row,
          owner,
          position,
          name,
          url,
          sealedToken,
          tokenEnds,
          enabled,
          pinned: kept?.pinned ?? [],
          seen: kept?.seen ?? [],
          checkedAt: kept?.checkedAt ?? null,
          problem: kept?.problem ?? null,
        });
      }
      await store.replace({ owner, rows });
      return { servers: (await store.list(owner)).map(entryOf) };
    },

    /** What went wrong is part of the answer: the page shows it beside the server. */
    async check({ owner, id }: { owner: string; id: string }): Promise<McpServerEntry> {
      const row = await rowOf(owner, id);
      const found = await look(row).then(
        (seen) => ({ seen, problem: null }),
        (error: unknown) => {
          if (!isProblem(error)) throw error;
          return { problem: error.message };
        },
      );
      await store.change(row, { ...found, checkedAt: new Date(clock.now()) });
      return entryOf(await rowOf(owner, id));
    },

    /** Only as it was seen: a definition that changed since is not what was looked at. */
    async approve({ owner, input }: { owner: string; input: McpApproval }): Promise<McpServerEntry> {
      const row = await rowOf(owner, input.id);
      const pinned = input.tools.map(({ name, hash, reads }): PinnedTool => {
        const known = [...row.seen, ...row.pinned].find((tool) => tool.name === name && tool.hash === hash);
        if (!known) throw new Problem('conflict', `${name} is not as you saw it any more. Look at it again.`);
        return { ...known, reads };
      });
      await store.change(row, { pinned });
      return entryOf(await rowOf(owner, input.id));
    },

    /** For a run: the approved tools of its team's servers that still are what was approved. Servers that do not answer have none. */
    async toolsFor({
      teamId,
    }: {
      teamId: string | null;
    }): Promise<{ tools: Tool[]; notices: string[]; close: () => Promise<void> }> {
      const all = teamId === null ? [] : await store.list(`team:${teamId}`);
      const rows = all.filter(({ enabled, pinned }) => enabled && pinned.length > 0);
      const lines = rows.map((row) => createLine(() => connect(row)));
      const notices: string[] = [];
      const tools = await Promise.all(
        rows.map(async (row, index) => {
          try {
            const seen = await look(row);
            const same = row.pinned.filter((pin) =>
              seen.some(({ name, hash }) => name === pin.name && hash === pin.hash),
            );
            if (same.length < row.pinned.length)
              notices.push(
                `${row.pinned.length - same.length} tools of the MCP server ${row.name} have changed since they were approved, and are not used.`,
              );
            await store.change(row, { seen, problem: null, checkedAt: new Date(clock.now()) });
            return same.map((pin) => toolOf({ row, pin, line: lines[index]! }));
          } catch (error) {
            if (!isProblem(error)) throw error;
            notices.push(`The MCP server ${row.name} is not there: ${error.message}`);
            await store.change(row, { problem: error.message });
            return [];
          }
        }),
      );
      const named = new Map(tools.flat().map((tool) => [tool.name, tool]));
      return {
        tools: [...named.values()],
        notices,
        close: async () => void (await Promise.all(lines.map((line) => line.close()))),
      };
    },
  };
}

type Line = { use: () => Promise<McpConnection>; close: () => Promise<void> };

/** One connection for the calls of a run, opened by the first; let go when nobody used it for a minute. */
function createLine(connect: () => Promise<McpConnection>): Line {
  let open: Promise<McpConnection> | null = null;
  let resting: NodeJS.Timeout | undefined;
  const close = async () => {
    clearTimeout(resting);
    const closing = open;
    open = null;
    await closing?.then(
      (connection) => connection.close(),
      () => undefined,
    );
  };
  return {
    close,
    use() {
      clearTimeout(resting);
      resting = setTimeout(() => void close(), idleMs).unref();
      open ??= connect().catch((error: unknown) => {
        open = null;
        throw error;
      });
      return open;
    },
  };
}

function toolOf({ row, pin, line }: { row: ServerRow; pin: PinnedTool; line: Line }): Tool {
  const source = `MCP server ${row.name}`;
  return {
    name: toolName(row.name, pin.name),
    description: `${pin.description} (${source})`,
    parameters: pin.parameters,
    effect: pin.reads ? 'read' : 'external',
    reach: { outside: true },
    async act(args, { signal }) {
      const connection = await line.use();
      try {
        const { ok, text } = await connection.call({ tool: pin.name, args, signal });
        return { ok, text, untrusted: source };
      } catch (error) {
        await line.close();
        // what it says of its failure is its own words too
        if (isProblem(error)) return { ok: false, text: error.message, untrusted: source };
        throw error;
      }
    },
  };
}

/** Providers allow 64 letters, digits, _ and -; a longer name keeps a hash of what was cut. */
export function toolName(server: string, tool: string): string {
  const name = `mcp__${server}__${tool.replace(/[^\w-]+/g, '_')}`;
  return name.length <= 64 ? name : `${name.slice(0, 55)}_${crypto.hash('sha256', `${server} ${tool}`).slice(0, 8)}`;
}

function entryOf(row: ServerRow): McpServerEntry {
  const { id, name, url, tokenEnds, enabled, pinned, seen, checkedAt, problem } = row;
  const shown = seen.map((tool): McpTool => {
    const pin = pinned.find((one) => one.name === tool.name);
    const state = !pin ? 'new' : pin.hash === tool.hash ? 'approved' : 'changed';
    return { ...tool, state, reads: pin?.reads ?? false };
  });
  const gone = pinned.filter((pin) => !seen.some((tool) => tool.name === pin.name));
  return {
    id,
    name,
    url,
    tokenEnds,
    enabled,
    checkedAt: checkedAt?.toISOString() ?? null,
    problem,
    tools: [...shown, ...gone.map((tool): McpTool => ({ ...tool, state: 'gone' }))],
  };
}
