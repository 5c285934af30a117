// The first LLMos had the tools of the bench under other names (shared/toolNames.ts), with other arguments, and one more: the folder of a
// project with a board. What an agent of it says is understood as it is said (HardwareControlAgent of samples/llmos-original).
import { Problem } from '#shared/errors.ts';
import type { Tool } from '../types.ts';
import { boardSpecificationOf } from './deviceTable.ts';
import type { RunFiles } from './runFiles.ts';

type Args = Record<string, unknown>;

/** `deviceId`, `projectName`, a command as a text: as they are called here. What is called as it should be stays. */
export function fitDeviceArgs(name: string, args: Args): Args {
  const { deviceId, device_id: snake, projectName, ...fitted } = args;
  const id = deviceId ?? snake;
  if (id !== undefined) fitted['board'] ??= id;
  if (projectName !== undefined) fitted['name'] ??= projectName;
  if (name === 'take_board') {
    // `connect-device` asked for nothing more than the connection
    fitted['tools'] ??= [];
    fitted['why'] ??= 'It wants to work with the board.';
  }
  if (name === 'json_command' && typeof fitted['command'] === 'string') {
    try {
      fitted['command'] = JSON.parse(fitted['command']);
    } catch {
      // not JSON: what is wrong with it is said where arguments are checked
    }
  }
  return fitted;
}

/** The folder, with a place for what was measured and a program to begin with: whole, or not at all. */
export function deviceProject({
  find,
  files,
}: {
  /** The path and label of a board. */
  find: (board: string) => Promise<{ path: string; label: string }>;
  files: Pick<RunFiles, 'createAll'>;
}): Tool {
  return {
    ...boardSpecificationOf('create_device_project'),
    async act(args) {
      const { name, board } = args as { name: string; board: string };
      const { path, label } = await find(board);
      const folder = `projects/${name}`;
      const texts = Object.entries({
        'README.md': `# ${name}\n\nWorks with ${label} (\`${path}\`: its wiring, who may do what).\n\n- \`main.py\`: the program of the board\n- \`state/sensors.json\`: what was read last\n- \`output/telemetry/\`: a log a day\n`,
        'main.py': `# ${name}, on ${label}\nimport time\n\nwhile True:\n    time.sleep(1)\n`,
        'state/sensors.json': '{}\n',
      }).map(([file, text]) => ({ path: `${folder}/${file}`, text }));
      const parts = await files.createAll({ texts, what: folder }).catch((error: unknown) => {
        if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
        const next = `Nothing was written. Choose another name, or change the files of ${folder} one by one.`;
        throw new Problem('conflict', `${error.message} ${next}`);
      });
      return { ok: true, text: `The project ${name} is made: ${texts.map(({ path }) => path).join(', ')}.`, parts };
    },
  };
}
