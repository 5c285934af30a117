// AssemblyScript to WebAssembly for a robot: one file, small and without a collector of garbage, its own data behind the memory map of
// Robot4. The compiler itself is handed in: it weighs 15 MB, and is loaded only where it is needed.

/** Of `assemblyscript/asc`, what is used here. */
export type AssemblyScript = {
  main: (
    options: string[],
    ways: {
      readFile: (name: string) => string | null;
      writeFile: (name: string, content: Uint8Array | string) => void;
      listFiles: () => string[];
      stdout: { write: (text: string) => void };
      stderr: { write: (text: string) => void };
    },
  ) => Promise<{ error: Error | null }>;
};

export type Compiled =
  { ok: true; wasm: Uint8Array<ArrayBuffer> } | { ok: false; /** With lines and columns. */ text: string };

/** Below it are sensors, motors and the picture of the camera. */
const ownData = 0x6000;
export const mostSource = 256 * 1024;

export async function compileAssemblyScript({
  compiler,
  source,
  name,
}: {
  compiler: AssemblyScript;
  source: string;
  /** As it stands in messages. */
  name: string;
}): Promise<Compiled> {
  if (source.length > mostSource) return { ok: false, text: 'The program is larger than 256 KiB.' };
  const entry = /^[\w.-]+\.ts$/.test(name) ? name : 'program.ts';
  let said = '';
  let wasm: Uint8Array<ArrayBuffer> | null = null;
  const write = (text: string) => void (said += text);
  const { error } = await compiler.main(
    [
      ...[entry, '--outFile', 'out.wasm', '--optimizeLevel', '3', '--runtime', 'stub'],
      ...['--memoryBase', String(ownData), '--initialMemory', '2'],
    ],
    {
      readFile: (file) => (file === entry ? source : null),
      writeFile(file, content) {
        if (file === 'out.wasm' && typeof content !== 'string') wasm = content.slice();
      },
      listFiles: () => [],
      stdout: { write },
      stderr: { write },
    },
  );
  if (wasm && !error) return { ok: true, wasm };
  const text = said.trim() || error?.message || 'The compiler made nothing.';
  // colours of a terminal are for terminals
  return { ok: false, text: text.replace(/\x1b\[\d*m/g, '').slice(0, 8000) };
}
