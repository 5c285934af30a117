// An MCP server of a team that reaches the world: what its tools are given has left the workspace, and is written down here.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';

export type Outside = {
  host: string;
  url: string;
  left: { tool: string; args: unknown }[];
  close: () => Promise<void>;
};

export async function startOutside(tools: Record<string, string>): Promise<Outside> {
  const left: Outside['left'] = [];
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'outside', version: '1' }, { capabilities: { tools: {} } });
    for (const [tool, description] of Object.entries(tools))
      server.registerTool(tool, { description, inputSchema: fromJsonSchema({ type: 'object' } as never) }, (args) => {
        left.push({ tool, args });
        return { content: [{ type: 'text', text: 'done' }] };
      });
    return server;
  });
  const server = http.createServer((request, response) => {
    void (async () => {
      const body = (await request.toArray()).join('');
      const headers = new Headers(
        Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const asked = new Request(`http://outside${request.url}`, {
        method: request.method!,
        headers,
        ...(body && { body }),
      });
      const answer = await handler.fetch(asked);
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    })().catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}/mcp`,
    left,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
