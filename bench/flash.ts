// Flashing 300 kB through the loader's protocol: `node bench/flash.ts [kilobytes]`. The mock answers at once, so what is timed is ours and
// esptool-js', not the line: at 460,800 baud that alone takes 6.5 s for as many bytes that do not compress. Prints a table, asserts nothing.
import crypto from 'node:crypto';
import { createMockRom } from '../e2e/fakes/mockRom.ts';
import type { BoardPort } from '../web/lib/devices/port.ts';
import { performJob } from '../web/lib/devices/jobs/performJob.ts';

const bytes = new Uint8Array(crypto.randomBytes(Number(process.argv[2] ?? 300) * 1000));
const sha256 = crypto.createHash('sha256').update(bytes).digest('hex');
console.log('| connected | written and verified | all, with the restart |\n|---|---|---|');
for (let round = 0; round < 3; round++) {
  const listeners = new Set<(bytes: Uint8Array) => void>();
  const rom = createMockRom({ say: (said) => listeners.forEach((listener) => listener(said)) });
  const port: BoardPort = {
    kind: 'serial',
    label: 'Mock loader',
    noInterrupt: null,
    open: async () => {},
    close: async () => {},
    reset: async () => {},
    write: async (sent) => rom.receive(sent),
    onBytes: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLost: () => () => {},
    setBaud: async (baud) => rom.setBaud(baud),
    setSignals: async (signals) => rom.setSignals(signals),
  };
  const begun = performance.now();
  let [connected, written] = [0, 0];
  const result = await performJob({
    port,
    job: {
      id: 'bench',
      kind: 'flash',
      chip: null,
      erase: false,
      images: [{ artifact: { id: '1', name: 'image.bin', bytes: bytes.length, sha256 }, address: 0x10000 }],
    },
    fetchArtifact: async () => bytes,
    storeArtifact: () => Promise.reject(new Error('nothing to store')),
    progress: ({ done, note }) => {
      if (done !== null) connected ||= performance.now() - begun;
      if (note.startsWith('restarting')) written = performance.now() - begun;
    },
    signal: new AbortController().signal,
  });
  if (!result.ok) throw new Error(result.text);
  const all = performance.now() - begun;
  console.log(`| ${connected.toFixed(0)} ms | ${(written - connected).toFixed(0)} ms | ${all.toFixed(0)} ms |`);
}
