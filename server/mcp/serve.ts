// The workspace as an MCP server at /mcp: for Claude Code and its kin, over streamable HTTP, stateless, with an access token. Its tools
// are the routes of the API under names that agents know, called with that token: they can do what it may, and no more.
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { SkillsExtension } from '@modelcontextprotocol/server/ext/skills';
import { isProblem } from '#shared/errors.ts';
import type { Door, InnerApi } from '../platform/innerApi.ts';
import type { Log } from '../platform/log.ts';
import { addResources } from './resources.ts';
import { createSkillSource } from './skillSource.ts';
import { workspaceTools } from './workspaceTools.ts';

const instructions = `This is a shared workspace: volumes of text files that people and agents edit together, live, with every pause kept as a version.
Start with list_volumes. Agents and skills are markdown files that list_agents and list_skills find; to follow one, read its file.
Before you write a file that exists, read it and pass its base: what others typed meanwhile is merged with yours.`;

/** `version`: of the product. */
export function createMcpDoor({ version, log }: { version: string; log: Log }): {
  answer: Door;
  close: () => Promise<void>;
} {
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const api = authInfo!.extra!['api'] as InnerApi;
      const server = new McpServer({ name: 'llmos', title: 'LLMos', version }, { instructions });
      for (const { name, title, description, input, readOnly, act } of workspaceTools) {
        const annotations = { title, readOnlyHint: readOnly, destructiveHint: false, openWorldHint: false };
        server.registerTool(name, { title, description, inputSchema: input, annotations }, async (args) => {
          try {
            const text = await act(args as never, api);
            return {
              content: [{ type: 'text', text: typeof text === 'string' ? text : JSON.stringify(text, null, 2) }],
            };
          } catch (error) {
            // a tool that fails is a result that the model reads
            if (!isProblem(error)) log.error({ err: error, tool: name }, 'mcp.tool-failed');
            const words = isProblem(error) ? error.message : 'Something went wrong on the server.';
            return { isError: true, content: [{ type: 'text', text: words }] };
          }
        });
      }
      addResources({ server, api });
      const source = createSkillSource(api);
      new SkillsExtension({ source, onWarning: () => undefined }).attach(server);
      return server;
    },
    { onerror: (err) => log.debug({ err: err.message }, 'mcp.request-refused') },
  );
  return {
    answer: ({ request, token, api }) =>
      handler.fetch(request, { authInfo: { token, clientId: 'token', scopes: [], extra: { api } } }),
    close: () => handler.close(),
  };
}
