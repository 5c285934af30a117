// The tools of the bench, as a model is told of them. A run has them where its volume has boards. What reaches a board's pins waits for a
// person: each call for itself, or all of one turn that the person allowed with `take_board`.
import type { DeviceTool } from '#shared/toolNames.ts';
import type { Effect } from '#shared/run.ts';
import type { JsonSchema } from '../../platform/model.ts';
import { count, object, text } from './schemaWords.ts';

export type DeviceToolSpecification = {
  name: DeviceTool;
  description: string;
  parameters: JsonSchema;
  effect: Effect;
};

const board = text('The board: its name, or the path of its file, e.g. `bench/cube-01.md`.', { minLength: 1 });
const boardPath = text('Path of the file on the board, e.g. `/main.py`.', { minLength: 1 });
const seconds = (most: number): JsonSchema => ({
  type: 'number', minimum: 0.1, maximum: most, description: 'How long to wait, in seconds.',
}); // prettier-ignore

/** What one approval of `take_board` may cover. The rest asks each time. */
export const coveredTools = [
  'run_on_board',
  'json_command',
  'serial_write',
  'write_board_file',
  'interrupt_board',
  'reset_board',
] as const satisfies DeviceTool[];

export const deviceTable: readonly DeviceToolSpecification[] = [
  {
    name: 'list_devices',
    description: 'Lists the boards of the bench: which are there, who drives, who waits.',
    parameters: object({}, []),
    effect: 'read',
  },
  {
    name: 'device_status',
    description: 'Says all about one board: connection, chip, who drives and until when, what runs on it, its notes.',
    parameters: object({ board }, ['board']),
    effect: 'read',
  },
  {
    name: 'read_console',
    description:
      'Reads what a board has said, from a byte offset on, or its last lines. The result says where to go on.',
    parameters: object({ board, from: count('The byte offset to begin at; leave it out for the end.', 0) }, ['board']),
    effect: 'read',
  },
  {
    name: 'wait_for_output',
    description: 'Waits until a board says a line that holds the given words.',
    parameters: object(
      {
        board,
        words: text('What the line has to hold, letter for letter.', { minLength: 1, maxLength: 200 }),
        timeout_s: seconds(120),
        from: count('Count what was said since this byte offset; only what comes now unless told.', 0),
      },
      ['board', 'words'],
    ),
    effect: 'read',
  },
  {
    name: 'read_sensor',
    description:
      'Asks a board that speaks JSON lines for a reading: read_gpio, read_adc, read_i2c, get_info, get_status, get_pose, get_robot_telemetry. It changes nothing on the board.',
    parameters: object(
      {
        board,
        action: {
          enum: ['read_gpio', 'read_adc', 'read_i2c', 'get_info', 'get_status', 'get_pose', 'get_robot_telemetry'],
          description: 'What to ask for.',
        },
        pin: count('Of which pin, where the reading has one.', 0),
        sensor: text('The name of the sensor, for read_i2c, e.g. `ina219`.'),
        address: count('Its I2C address, where it has no name.', 0),
      },
      ['board', 'action'],
    ),
    effect: 'read',
  },
  {
    name: 'list_board_files',
    description: 'Lists the files and folders in a folder of a board that runs MicroPython.',
    parameters: object({ board, path: text('The folder; leave it out for the top.') }, ['board']),
    effect: 'read',
  },
  {
    name: 'read_board_file',
    description: 'Reads a text file of a board that runs MicroPython.',
    parameters: object({ board, path: boardPath }, ['board', 'path']),
    effect: 'read',
  },
  {
    name: 'take_board',
    description:
      'Asks for the turn on a board and waits for it. A person sees the tools and minutes that you name; what they allow needs no further question until the turn ends. Give it back with release_board.',
    parameters: object(
      {
        board,
        tools: {
          type: 'array',
          items: { enum: [...coveredTools] },
          uniqueItems: true,
          description: 'The tools that you want to use without being asked about each call.',
        },
        minutes: { type: 'number', minimum: 1, maximum: 10, description: 'For how long; 10 unless told.' },
        why: text('What will happen on the board, in the words of the world.', { minLength: 1, maxLength: 500 }),
      },
      ['board', 'tools', 'why'],
    ),
    effect: 'external',
  },
  {
    name: 'release_board',
    description: 'Gives the turn on a board back. The board is brought to rest.',
    parameters: object({ board }, ['board']),
    effect: 'write',
  },
  {
    name: 'run_on_board',
    description:
      'Runs MicroPython on a board and waits for its end; what it prints comes back. Give the code, or the path of a file of this volume.',
    parameters: object(
      {
        board,
        code: text('The program.'),
        path: text('A .py file of the volume of this run, instead of code.'),
        timeout_s: seconds(120),
      },
      ['board'],
    ),
    effect: 'external',
  },
  {
    name: 'json_command',
    description:
      'Sends one command to a board that speaks JSON lines, e.g. {"action": "set_gpio", "pin": 4, "state": 1}, and waits for its answer.',
    parameters: object(
      {
        board,
        command: {
          type: 'object',
          properties: { action: text('What to do.', { minLength: 1 }) },
          required: ['action'],
          description: 'The command.',
        },
        timeout_s: seconds(30),
      },
      ['board', 'command'],
    ),
    effect: 'external',
  },
  {
    name: 'serial_write',
    description: 'Sends text to a board as if it were typed. Read the answer with read_console or wait_for_output.',
    parameters: object({ board, text: text('What to send; end a line with \\r.', { minLength: 1, maxLength: 4096 }) }, [
      'board',
      'text',
    ]),
    effect: 'external',
  },
  {
    name: 'write_board_file',
    description:
      'Writes a file of a board that runs MicroPython, whole and checked. Give the content, or the path of a file of this volume.',
    parameters: object(
      { board, path: boardPath, content: text('All of the text.'), from: text('A file of the volume of this run.') },
      ['board', 'path'],
    ),
    effect: 'external',
  },
  {
    name: 'interrupt_board',
    description: 'Stops the program that runs on a board (Ctrl-C).',
    parameters: object({ board }, ['board']),
    effect: 'external',
  },
  {
    name: 'reset_board',
    description: 'Restarts a board: `soft` restarts its interpreter, `hard` the chip.',
    parameters: object({ board, how: { enum: ['soft', 'hard'], description: 'soft unless told.' } }, ['board']),
    effect: 'external',
  },
  {
    name: 'delete_board_file',
    description: 'Deletes a file of a board for good; nothing keeps what was in it.',
    parameters: object({ board, path: boardPath }, ['board', 'path']),
    effect: 'destructive',
  },
  {
    name: 'flash_board',
    description:
      'Writes firmware of this volume (.bin) into the flash of a board, and verifies it. What was there is lost.',
    parameters: object(
      {
        board,
        path: text('The image, a file of the volume of this run.', { minLength: 1 }),
        address: count('Where it begins in the flash, e.g. 4096 or 0.', 0),
        erase: { type: 'boolean', description: 'Erase the whole flash before.' },
      },
      ['board', 'path', 'address'],
    ),
    effect: 'destructive',
  },
  {
    name: 'create_device_project',
    description:
      'Makes the folder `projects/<name>` for lasting work with a board: a program to begin with, a place for what is measured, and which board it is for.',
    parameters: object(
      {
        board,
        name: text('The name of the folder, e.g. `power-monitor`.', { pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$' }),
      },
      ['board', 'name'],
    ),
    effect: 'write',
  },
  {
    name: 'emergency_stop',
    description:
      'Stops a board at once, whoever drives it: Ctrl-C, motors off, reset. Nobody can drive until a person clears it.',
    parameters: object({ board }, ['board']),
    effect: 'write',
  },
];

export const boardSpecificationOf = (name: DeviceTool): DeviceToolSpecification =>
  deviceTable.find((one) => one.name === name)!;
