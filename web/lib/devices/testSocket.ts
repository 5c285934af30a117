// A network for tests: sockets that a test opens, speaks on and breaks, and timers that it lets pass.
import { decodeFrame, encodeFrame, type Frame } from '#shared/devices.ts';
import type { Outside } from '#lib/workspace/lastingSocket.ts';

export function testNetwork() {
  const sockets: TestSocket[] = [];
  const timers = new Set<() => void>();
  let network: (online: boolean) => void = () => {};
  const outside: Outside = {
    connect: (address) => {
      const socket = new TestSocket(address);
      sockets.push(socket);
      return socket;
    },
    network: (heard) => {
      network = heard;
      return () => (network = () => {});
    },
    after: (_ms, run) => {
      timers.add(run);
      return () => timers.delete(run);
    },
    random: () => 0,
  };
  return {
    outside,
    sockets,
    get last() {
      return sockets.at(-1)!;
    },
    online: (is: boolean) => network(is),
    pass: () => {
      for (const run of [...timers]) {
        timers.delete(run);
        run();
      }
    },
  };
}

class TestSocket {
  readyState: 0 | 1 | 2 | 3 = 0;
  bufferedAmount = 0;
  onopen: unknown = null;
  onmessage: unknown = null;
  onclose: unknown = null;
  readonly messages: any[] = [];
  readonly frames: Frame[] = [];
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }
  send(data: unknown): void {
    if (typeof data === 'string') this.messages.push(JSON.parse(data));
    else this.frames.push(decodeFrame(data as Uint8Array)!);
  }
  close(): void {
    this.readyState = 3;
  }
  opened(): void {
    this.readyState = 1;
    (this.onopen as () => void)();
  }
  says(message: object): void {
    (this.onmessage as (event: unknown) => void)({ data: JSON.stringify(message) });
  }
  brings(type: number, bytes: string | Uint8Array, { epoch = 0, offset = 0 } = {}): void {
    const all = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
    (this.onmessage as (event: unknown) => void)({ data: encodeFrame({ type, epoch, offset, bytes: all }).buffer });
  }
  broke(code = 1006, reason = ''): void {
    this.readyState = 3;
    (this.onclose as (event: unknown) => void)({ code, reason });
  }
}
