// Files of volumes as MCP resources: `llmos://team%2Flab/notes/plan.md`. Definitions are listed, everything can be read by its address.
import { ResourceTemplate, type McpServer } from '@modelcontextprotocol/server';
import { definitionsEverywhere } from './everywhere.ts';
import type { InnerApi } from '../platform/innerApi.ts';
import { read } from './workspaceTools.ts';

export const uriOf = ({ volume, path }: { volume: string; path: string }): string =>
  `llmos://${encodeURIComponent(volume)}/${path.split('/').map(encodeURIComponent).join('/')}`;

export function addResources({ server, api }: { server: McpServer; api: InnerApi }): void {
  const template = new ResourceTemplate('llmos://{volume}/{+path}', {
    list: async () => {
      const agents = await definitionsEverywhere(api, 'agent');
      const resources = agents.map((agent) => ({
        uri: uriOf(agent),
        name: agent.name,
        description: agent.description,
        mimeType: 'text/markdown',
      }));
      return { resources };
    },
  });
  const config = { title: 'Files', description: 'A text file of a volume, as it is now' };
  server.registerResource('file', template, config, async (uri, variables) => {
    const [volume, path] = [
      decodeURIComponent(String(variables['volume'])),
      decodeURIComponent(String(variables['path'])),
    ];
    const { text } = await read(api, volume, path);
    return { contents: [{ uri: uri.href, mimeType: /\.md$/.test(path) ? 'text/markdown' : 'text/plain', text }] };
  });
}
