// What tools are called. Definitions of many origins spell them differently: `read-file`, `read_file`, `readFile`, Claude Code's `Read`.
// Here each spelling becomes the one name that the loop knows; names that nobody knows stay as they are written.

/** Tools that come with the software, in the order in which they are told. Others come from MCP servers. */
export const builtInTools = [
  'read_file',
  'write_file',
  'edit_file',
  'list_directory',
  'search_files',
  'query_memory',
  'log_trace',
  'discover_agents',
  'delegate_to_agent',
  'use_skill',
  'execute_python',
  'generate_applet',
  'ask_person',
] as const;
export type BuiltInTool = (typeof builtInTools)[number];

/** Tools of the bench: a run has them where its volume has boards. */
export const deviceTools = [
  'list_devices',
  'device_status',
  'read_console',
  'wait_for_output',
  'read_sensor',
  'list_board_files',
  'read_board_file',
  'take_board',
  'release_board',
  'run_on_board',
  'json_command',
  'serial_write',
  'write_board_file',
  'interrupt_board',
  'reset_board',
  'delete_board_file',
  'flash_board',
  'create_device_project',
  'emergency_stop',
] as const;
export type DeviceTool = (typeof deviceTools)[number];
export type OwnTool = BuiltInTool | DeviceTool;

/** Names of other systems, in snake form, and what they mean here. */
const meanings: Record<string, OwnTool> = {
  // Claude Code
  read: 'read_file',
  write: 'write_file',
  edit: 'edit_file',
  multi_edit: 'edit_file',
  notebook_edit: 'edit_file',
  ls: 'list_directory',
  glob: 'search_files',
  grep: 'search_files',
  task: 'delegate_to_agent',
  agent: 'delegate_to_agent',
  bash: 'execute_python',
  skill: 'use_skill',
  ask_user_question: 'ask_person',
  // LLMos before, and llmunix
  create_file: 'write_file',
  list_files: 'list_directory',
  search: 'search_files',
  memory_query: 'query_memory',
  append_trace: 'log_trace',
  discover_subagents: 'discover_agents',
  invoke_subagent: 'delegate_to_agent',
  invoke_agent: 'delegate_to_agent',
  load_skill: 'use_skill',
  run_python: 'execute_python',
  create_applet: 'generate_applet',
  ask_user: 'ask_person',
  connect_device: 'take_board',
  disconnect_device: 'release_board',
  send_command: 'json_command',
  send_device_command: 'json_command',
  read_sensors: 'read_sensor',
  flash_device: 'flash_board',
};

const known = new Set<string>([...builtInTools, ...deviceTools]);
export const isBuiltInTool = (name: string): name is OwnTool => known.has(name);

/**
 * `Read` -> `read_file`, `execute-python` -> `execute_python`. What is in brackets (`Bash(git log:*)`) says how far a tool reaches
 * elsewhere and is left away. Names of MCP tools (`mcp__server__tool`) and unknown ones keep their spelling.
 */
export function toolNamed(written: string): string {
  const name = written.replace(/\(.*$/s, '').trim();
  if (name.startsWith('mcp__') || name.includes('/') || name.includes(':')) return name;
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/[-\s]+/g, '_')
    .toLowerCase();
  if (known.has(snake)) return snake;
  return Object.hasOwn(meanings, snake) ? meanings[snake]! : name;
}
