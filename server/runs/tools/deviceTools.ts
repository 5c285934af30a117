// The bench as agents use it: boards are watched freely, driven in turns, and what reaches a board's pins is for a person to allow (RU7).
// What a board says is text from outside (RU8), and the owner's list of tools in the board's file goes before everything.
import crypto from 'node:crypto';
import { Problem } from '#shared/errors.ts';
import type { Artifact, BoardEntry, DeviceState, JobResult } from '#shared/devices.ts';
import type { BoundFile, Effect } from '#shared/run.ts';
import { toolNamed, type DeviceTool } from '#shared/toolNames.ts';
import type { JobAsked, RunBoard, RunBoards } from '../../devices/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Bound, Tool, ToolContext, ToolResult } from '../types.ts';
import { createBoardTurns } from './boardTurns.ts';
import { deviceProject, fitDeviceArgs } from './deviceProject.ts';
import { boardSpecificationOf } from './deviceTable.ts';
import type { RunFiles } from './runFiles.ts';

/** Bytes of one look at the console, and of a file that a model reads. */
const consoleBytes = 4096;
const fileBytes = 256 * 1024;
/** How long a question waits for a board that somebody else drives, and a turn for its time, ms. */
const questionMs = 5000;
const turnMs = 5 * 60_000;
/** Characters of a file that a person reads before they allow it. */
const mostShown = 20_000;

/** Commands of JSON firmware that turn something, and words of programs that do. On a real board a person sees each. */
const moves = /drive|motor|servo|move|turn|wheel|spin|pwm/i;
const namesMotor = /drive|motor|servo|wheel|pwm/i;

type Args = Record<string, unknown>;
/** `text`: as it is typed now; `bytes`: as it goes to a board. */
type NamedFile = { path: string; as: 'text' | 'bytes' };
type FileOf = (args: Args) => NamedFile | null;
/** `each`: no turn covers it. `file`: what of the volume it takes to the board. */
type Driven = { each?: (args: Args) => boolean; file?: FileOf };
type Act = (board: RunBoard, args: Args, context: ToolContext) => Promise<ToolResult>;

export function deviceTools({
  boards,
  files,
  clock,
}: {
  boards: RunBoards;
  files: Pick<RunFiles, 'read' | 'check' | 'write' | 'createAll'>;
  clock: Clock;
}): Tool[] {
  const turns = createBoardTurns({ boards, clock });

  /** Looks at the board, or asks it something that changes nothing. */
  const look = (name: DeviceTool, act: Act, limited = false): Tool => ({
    ...boardSpecificationOf(name),
    reach: { private: true },
    async act(args, context) {
      const board = await turns.open(String(args['board']));
      if (limited) await checkAllowed(board, name);
      return act(board, args, context);
    },
  });
  /** Does something to the board: allowed by the turn that a person allowed, or by a person now. */
  const drive = (name: DeviceTool, act: Act, { each = () => false, file = () => null }: Driven = {}): Tool => {
    const isCovered = (args: Args) => !each(args) && turns.covers(args['board'], name);
    const binds = bindTo(file);
    return {
      ...boardSpecificationOf(name),
      effect: (args): Effect => (isCovered(args) ? 'write' : boardSpecificationOf(name).effect),
      binds,
      async act(args, context) {
        const board = await turns.open(String(args['board']));
        await checkAllowed(board, name);
        if (context.approved) await checkBound(binds, args, context);
        else if (!isCovered(args)) throw new Problem('conflict', 'The turn that a person allowed this in is over. Ask again: call it once more.'); // prettier-ignore
        return turns.during(board, context.signal, () => act(board, args, context));
      },
    };
  };
  /** The board that the name means, and the file that the arguments name, as they are now. */
  const bindTo =
    (file: FileOf) =>
    async (args: Args): Promise<Bound> => {
      const board = await turns.open(String(args['board']));
      const { id } = board;
      const named = file(args);
      if (named === null) return { what: id, words: null };
      const { bytes, sha256, file: shown } = await hashOf(board, named);
      const words = `It uses ${named.path} as it is now: ${bytes} bytes, SHA-256 ${sha256.slice(0, 12)}. If the file changes before, it is not done.`;
      return { what: `${id} ${sha256}`, words, ...(shown && { file: shown }) };
    };
  async function hashOf(
    board: RunBoard,
    { path, as }: NamedFile,
  ): Promise<{ bytes: number; sha256: string; file?: BoundFile }> {
    const kept = as === 'bytes' ? await board.hashOfFile((await files.check([path])).paths[0]!) : null;
    const read = files.read({ path });
    const { text } = kept ? await read.catch(() => ({ text: '' })) : await read; // not all that goes to a board is text
    const now = { bytes: Buffer.byteLength(text), sha256: sha256Of(text) };
    if (kept && kept.sha256 !== now.sha256) return kept;
    return { ...now, file: { path, text: text.slice(0, mostShown), left: Math.max(0, text.length - mostShown) } };
  }
  async function checkBound(binds: (args: Args) => Promise<Bound>, args: Args, { bound }: ToolContext): Promise<void> {
    if ((await binds(args)).what !== bound) throw changed();
  }
  const isReal = (args: Args) => !turns.isVirtual(args['board']);
  /** What is not before our eyes (a file), or names a motor. */
  const mayMove = (args: Args, text: unknown) => isReal(args) && (typeof text !== 'string' || namesMotor.test(text));
  const question = (board: RunBoard, context: ToolContext, job: JobAsked) =>
    turns.during(board, context.signal, () => board.job(job, { signal: context.signal }), questionMs);

  /** A file of this volume, on its way to the board: the very bytes that a person approved, if one did. */
  async function keepFile(board: RunBoard, path: string, { approved, bound }: ToolContext): Promise<Artifact> {
    const artifact = await board.keepFile((await files.check([path])).paths[0]!);
    if (approved && bound !== `${board.id} ${artifact.sha256}`) throw changed();
    return artifact;
  }

  const tools: Tool[] = [
    {
      ...boardSpecificationOf('list_devices'),
      reach: { private: true },
      async act() {
        const all = await boards.list();
        for (const { path } of all) await turns.open(path);
        const lines = all.map(({ path, file, state }) => `- ${file.label} (${path}): ${standing(state)}`);
        return { ok: true, text: lines.join('\n') || 'There is no board. A person can connect one on the bench page.' };
      },
    },
    look('device_status', async (board) => {
      const { path, file, state } = await board.device();
      const { text } = await files.read({ path });
      const allowed = file.tools === null ? '' : `Tools that its owner allows: ${file.tools.join(', ') || 'none'}.`;
      const end = board.read({ from: null, most: 0 }).to;
      const facts = [`${file.label}: ${standing(state)}`, `The console is at byte ${end}.`, allowed];
      return { ok: true, text: [...facts.filter(Boolean), '', `${path}:`, text.slice(0, 8000)].join('\n') };
    }),
    look('read_console', async (board, { from }) => {
      const read = board.read({ from: typeof from === 'number' ? from : null, most: consoleBytes });
      const gone = read.skipped > 0 ? `(${read.skipped} bytes before are no longer held.)\n` : '';
      const note = `(Bytes ${read.from} to ${read.to}; go on with from: ${read.to}.)`;
      return said(board, true, `${gone}${textOf(read.bytes) || '(nothing new)'}\n${note}`);
    }),
    look('wait_for_output', async (board, { words, timeout_s = 30, from }, { signal }) => {
      const waited = await board.waitFor({
        pattern: { kind: 'text', text: String(words) },
        from: typeof from === 'number' ? from : null,
        ms: Number(timeout_s) * 1000,
        signal,
      });
      const where = `(go on with from: ${waited.to})`;
      if (waited.found !== null) return said(board, true, `${waited.found}\n${where}`);
      const last = textOf(waited.bytes).slice(-1500);
      return said(board, false, `It was not said in ${Number(timeout_s)} s. What was said:\n${last}\n${where}`);
    }),
    look('read_sensor', async (board, { board: _, ...command }, context) => {
      return jsonResult(board, await question(board, context, { kind: 'json', command, timeoutMs: 5000 }));
    }, true), // prettier-ignore
    look('list_board_files', async (board, { path = '/' }, context) => {
      const result = await question(board, context, { kind: 'list', path: String(path) });
      if (!result.ok) return said(board, false, failure(result));
      return said(board, true, (result.entries ?? []).map(entryLine).join('\n') || 'The folder is empty.');
    }, true), // prettier-ignore
    look('read_board_file', async (board, { path }, context) => {
      const result = await question(board, context, { kind: 'get', path: String(path) });
      if (!result.ok || !result.artifact) return said(board, false, failure(result));
      const { bytes: size, id } = result.artifact;
      if (size > fileBytes) return { ok: false, text: `${String(path)} has ${size} bytes, too many to be read here.` };
      const bytes = await board.bytesOf(id);
      if (bytes.includes(0)) return { ok: false, text: `${String(path)} is no text; it has ${size} bytes.` };
      return said(board, true, textOf(bytes) || '(The file is empty.)');
    }, true), // prettier-ignore

    {
      ...boardSpecificationOf('take_board'),
      reach: { outside: true },
      binds: bindTo(() => null),
      async act(args, context) {
        await checkBound(
          bindTo(() => null),
          args,
          context,
        );
        const { signal } = context;
        const { tools, minutes = 10 } = args as { tools: string[]; minutes?: number };
        const board = await turns.open(String(args['board']));
        for (const tool of tools) await checkAllowed(board, tool);
        const until = await turns.take({ board, tools, minutes, waitMs: turnMs, signal });
        const covered = tools.length > 0 ? ` ${tools.join(', ')}: allowed until ${until.toISOString()}.` : '';
        return { ok: true, text: `You drive ${board.state().label}.${covered} Read it before you change anything.` };
      },
    },
    look('release_board', async (board) => {
      turns.release(board);
      return { ok: true, text: `${board.state().label} is free for the next.` };
    }),
    drive(
      'run_on_board',
      async (board, args, context) => {
        const { code, path, timeout_s = 30 } = args as { code?: string; path?: string; timeout_s?: number };
        if ((code === undefined) === (path === undefined)) throw new Problem('invalid', 'Give `code` or `path`, one of them.'); // prettier-ignore
        const program = code ?? (await files.read({ path: path! })).text;
        if (path !== undefined && context.approved && context.bound !== `${board.id} ${sha256Of(program)}`) throw changed(); // prettier-ignore
        const job = { kind: 'exec', code: program, name: path ?? 'program', timeoutMs: timeout_s * 1000 } as const;
        const result = await board.job(job, { signal: context.signal });
        return said(board, result.ok, result.ok ? result.text || '(It printed nothing.)' : failure(result));
      },
      { each: (args) => mayMove(args, args['code']), file: ({ path }) => namedFile(path, 'text') },
    ),
    drive(
      'json_command',
      async (board, { command, timeout_s = 5 }, { signal }) => {
        const job = { kind: 'json', command: command as Args, timeoutMs: Number(timeout_s) * 1000 } as const;
        return jsonResult(board, await board.job(job, { signal }));
      },
      { each: (args) => isReal(args) && moves.test(JSON.stringify(args['command'])) },
    ),
    drive(
      'serial_write',
      async (board, { text }) => {
        const { to } = board.read({ from: null, most: 0 });
        await board.write(new TextEncoder().encode(String(text)));
        return { ok: true, text: `Sent. What it answers begins at byte ${to}.` };
      },
      { each: (args) => mayMove(args, args['text']) },
    ),
    drive(
      'write_board_file',
      async (board, args, context) => {
        const { signal } = context;
        const { path, content, from } = args as { path: string; content?: string; from?: string };
        if ((content === undefined) === (from === undefined)) throw new Problem('invalid', 'Give `content` or `from`, one of them.'); // prettier-ignore
        const artifact =
          content === undefined
            ? await keepFile(board, from!, context)
            : await board.keep({ name: path, bytes: new TextEncoder().encode(content) });
        const result = await board.job({ kind: 'put', path, artifact }, { signal });
        if (!result.ok) return said(board, false, failure(result));
        return { ok: true, text: `${path} is on the board: ${artifact.bytes} bytes, checked.` };
      },
      { each: (args) => mayMove(args, args['content']), file: ({ from }) => namedFile(from, 'bytes') },
    ),
    drive('interrupt_board', async (board) => {
      await board.interrupt();
      return { ok: true, text: 'Ctrl-C was sent. Look at the console for the prompt.' };
    }),
    drive(
      'reset_board',
      async (board, { how = 'soft' }) => {
        await board.reset(how === 'hard' ? 'hard' : 'soft');
        return { ok: true, text: `The board restarts (${String(how)}).` };
      },
      { each: ({ how }) => how === 'hard' },
    ),
    drive('delete_board_file', async (board, { path }, { signal }) => {
      const result = await board.job({ kind: 'remove', path: String(path) }, { signal });
      return result.ok ? { ok: true, text: `${String(path)} is gone.` } : said(board, false, failure(result));
    }),
    drive('flash_board', async (board, args, context) => {
      const { signal, output } = context;
      const { path, address, erase = false } = args as { path: string; address: number; erase?: boolean };
      const artifact = await keepFile(board, path, context);
      const job: JobAsked = { kind: 'flash', chip: board.state().chip, erase, images: [{ artifact, address }] };
      const progress = (done: number | null, note: string) =>
        output(`${note}${done === null ? '' : ` ${Math.round(done * 100)} %`}\n`);
      const result = await board.job(job, { signal, progress });
      return said(board, result.ok, result.ok ? `Flashed and verified. ${result.text}` : failure(result));
    }, { file: ({ path }) => namedFile(path, 'bytes') }), // prettier-ignore
    deviceProject({
      find: async (name) => {
        const { path, file } = await (await turns.open(name)).device();
        return { path, label: file.label };
      },
      files,
    }),
    {
      ...boardSpecificationOf('emergency_stop'),
      async act(args) {
        const board = await turns.open(String(args['board']));
        await board.stop();
        return { ok: true, text: `${board.state().label} is stopped. Only a person can say that it goes on.` };
      },
    },
  ];
  return tools.map((tool) => ({ fit: (args) => fitDeviceArgs(tool.name, args), ...tool }));
}

const namedFile = (path: unknown, as: NamedFile['as']): NamedFile | null => (typeof path === 'string' ? { path, as } : null); // prettier-ignore
const sha256Of = (text: string): string => crypto.createHash('sha256').update(text).digest('hex');
const changed = () => new Problem('conflict', 'It was not done: the board or the file that was approved has changed since. Ask again: call it once more.'); // prettier-ignore

/** The owner's list in the board's file. No list: everything, as far as a person allows it. */
async function checkAllowed(board: RunBoard, tool: string): Promise<void> {
  const { file, path } = await board.device();
  if (file.tools === null || file.tools.map(toolNamed).includes(tool)) return;
  throw new Problem('forbidden', `The owner of ${file.label} does not let agents use ${tool} on it (see ${path}).`);
}

function standing(state: DeviceState): string {
  const { connection, why, kind, chip, stop, job, lease, queue } = state;
  const what = [kind === 'virtual' ? 'virtual' : null, chip].filter(Boolean).join(', ');
  const parts = [connection === 'online' ? 'online' : `${connection}${why ? ` (${why})` : ''}`];
  if (what) parts.push(what);
  if (stop) parts.push(`stopped by ${stop.by.name}: nobody drives until a person clears it`);
  if (job) parts.push(`${job.label} is under way`);
  const left = lease && Math.max(0, Math.round((lease.expires - state.now) / 1000));
  parts.push(lease ? `${lease.holder.person.name}${lease.holder.run ? ' (an agent)' : ''} drives, ${left} s left` : 'free'); // prettier-ignore
  if (queue.length > 0) parts.push(`${queue.length} wait`);
  return parts.join('; ');
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const entryLine = ({ name, folder, bytes }: BoardEntry) => (folder ? `${name}/` : `${name}  ${bytes} bytes`);

const said = (board: RunBoard, ok: boolean, text: string): ToolResult => ({
  ok,
  text,
  untrusted: `the board ${board.state().label}`,
});

function failure(result: JobResult): string {
  if (result.ok) return 'The board’s browser did not say what it did.';
  return [result.text, result.partial].filter(Boolean).join('\n');
}

function jsonResult(board: RunBoard, result: JobResult): ToolResult {
  if (!result.ok) return said(board, false, failure(result));
  const answer = result.json as { status?: unknown } | undefined;
  return said(board, answer?.status !== 'error', JSON.stringify(result.json ?? result.text));
}
