// The loader in the ROM of an ESP32 and the stub that esptool puts into its memory, as a stream of bytes with two signals and a baud rate:
// SLIP, sync, registers, the stub's upload with its checksums, a change of the rate (what is sent at another one is noise), compressed
// writes, MD5, erase. What is written lands in `flash`, sector by sector, also when it is cut. Not a chip: a program in it does not run.
import crypto from 'node:crypto';
import { Unzlib } from 'fflate';

type Chip = 'ESP32' | 'ESP32-S3';
const chips = {
  ESP32: { id: 0, flashId: 0x3ff42080, registers: [[0x40001000, 0x00f01d83]] },
  'ESP32-S3': { id: 9, flashId: 0x60002058, registers: [[0x40001000, 0x9]] },
} as const;
const sector = 4096;
const [end, escape, escapedEnd, escapedEscape] = [0xc0, 0xdb, 0xdc, 0xdd];
const op = {
  flashEnd: 0x04,
  memBegin: 0x05,
  memEnd: 0x06,
  memData: 0x07,
  sync: 0x08,
  writeReg: 0x09,
  readReg: 0x0a,
  attach: 0x0d,
  baud: 0x0f,
  begin: 0x10,
  data: 0x11,
  end: 0x12,
  md5: 0x13,
  security: 0x14,
  erase: 0xd0,
};
const invalid = 5;

export type MockRom = {
  /** What the host sends. */
  receive(bytes: Uint8Array): void;
  setBaud(baud: number): void;
  /** As on the usual adapter: RTS holds EN low, DTR holds GPIO0 low, both together do neither. */
  setSignals(signals: { dtr?: boolean; rts?: boolean }): void;
  readonly flash: Uint8Array;
  /** `off` until the first reset, then what it booted into. */
  readonly mode: 'off' | 'program' | 'loader' | 'stub';
  /** Blocks of compressed data that were taken. */
  readonly blocks: number;
  readonly erased: boolean;
  /** Rates that the host used, in order. */
  readonly bauds: readonly number[];
};

export function createMockRom({
  say,
  chip = 'ESP32',
  flashBytes = 4 << 20,
  badCell = null,
  silent = false,
  nativeUsb = false,
}: {
  /** What the chip sends; never in the middle of a call. */
  say: (bytes: Uint8Array) => void;
  chip?: Chip;
  flashBytes?: number;
  /** An address that does not keep what is written to it. */
  badCell?: number | null;
  /** GPIO0 is not wired: it never enters the loader. */
  silent?: boolean;
  /** The chip's own USB: no wires, it remembers whether DTR alone or neither came last before RTS alone resets it. */
  nativeUsb?: boolean;
}): MockRom {
  const flash = new Uint8Array(flashBytes).fill(0xff);
  const registers = new Map<number, number>(chips[chip].registers as Iterable<[number, number]>);
  registers.set(chips[chip].flashId, 0x4020 | (Math.log2(flashBytes) << 16));
  let mode: MockRom['mode'] = 'off';
  let [dtr, rts] = [false, false];
  let wantsLoader = false;
  let [hostBaud, chipBaud] = [115_200, 115_200];
  const bauds = [115_200];
  let [blocks, erased] = [0, false];
  let frame: number[] | null = null;
  let escaping = false;
  let memory: { left: number } | null = null;
  let write: { at: number; left: number; seq: number; unzip: Unzlib } | null = null;

  const send = (bytes: Uint8Array) => {
    // at another rate the host sees noise
    const heard = hostBaud === chipBaud ? bytes : bytes.map((byte) => (byte * 7 + 0x55) & 0xfe);
    queueMicrotask(() => say(heard));
  };
  const sendFrame = (body: readonly number[]) => {
    const framed = [end];
    for (const byte of body) {
      if (byte === end) framed.push(escape, escapedEnd);
      else if (byte === escape) framed.push(escape, escapedEscape);
      else framed.push(byte);
    }
    framed.push(end);
    send(Uint8Array.from(framed));
  };
  const answer = (
    of: number,
    { value = 0, data = [], error = 0 }: { value?: number; data?: number[]; error?: number } = {},
  ) => {
    const status = error ? [1, error] : [0, 0];
    const body = [...data, ...status, ...(mode === 'stub' ? [] : [0, 0])];
    const word = [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
    sendFrame([1, of, body.length & 255, body.length >> 8, ...word, ...body]);
  };

  function boot(intoLoader: boolean): void {
    [chipBaud, memory, write, frame] = [115_200, null, null, null];
    mode = intoLoader && !silent ? 'loader' : 'program';
    const words =
      mode === 'loader'
        ? 'boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\nwaiting for download\r\n'
        : 'boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n';
    send(new TextEncoder().encode(`ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),${words}`));
  }

  function obey(packet: Uint8Array): void {
    if (packet.length < 8 || packet[0] !== 0) return;
    const of = packet[1]!;
    const data = packet.subarray(8);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const word = (i: number) => (view.byteLength >= 4 * i + 4 ? view.getUint32(4 * i, true) : 0);
    const payload = data.subarray(16, 16 + word(0));
    const sound = () => payload.length === word(0) && payload.reduce((sum, byte) => sum ^ byte, 0xef) === packet[4];
    switch (of) {
      case op.sync:
        for (let i = 0; i < 8; i++) answer(of, { value: mode === 'stub' ? 0 : 0x20120707 });
        return;
      case op.security:
        if (chip === 'ESP32') for (let i = 0; i < 8; i++) answer(0, { error: invalid });
        else answer(of, { data: [...new Array<number>(12).fill(0), chips[chip].id, 0, 0, 0, 0, 0, 0, 0] });
        return;
      case op.readReg:
        return answer(of, { value: registers.get(word(0)) ?? 0 });
      case op.writeReg:
      case op.attach:
      case op.flashEnd:
        return answer(of);
      case op.memBegin:
        memory = { left: word(0) };
        return answer(of);
      case op.memData:
        if (!memory || !sound()) return answer(of, { error: 7 });
        memory.left -= payload.length;
        return answer(of, memory.left < 0 ? { error: invalid } : {});
      case op.memEnd:
        answer(of);
        if (word(0) === 0 && memory?.left === 0) {
          mode = 'stub';
          sendFrame([...'OHAI'].map((letter) => letter.charCodeAt(0)));
        }
        return;
      case op.baud:
        answer(of);
        queueMicrotask(() => (chipBaud = word(0)));
        return;
      case op.begin:
        return answer(of, beginWrite({ bytes: word(0), at: word(3) }) ? {} : { error: invalid });
      case op.data:
        if (!write || !sound() || word(1) !== write.seq) return answer(of, { error: 7 });
        write.seq++;
        blocks++;
        write.unzip.push(payload.slice(), false);
        return answer(of);
      case op.end:
        return answer(of, !write || write.left > 0 ? { error: invalid } : {});
      case op.md5: {
        const sum = crypto
          .createHash('md5')
          .update(flash.subarray(word(0), word(0) + word(1)))
          .digest();
        return answer(of, { data: mode === 'stub' ? [...sum] : [...Buffer.from(sum.toString('hex'))] });
      }
      case op.erase:
        if (mode !== 'stub') return answer(of, { error: invalid });
        flash.fill(0xff);
        erased = true;
        return answer(of);
      default:
        return answer(of, { error: invalid });
    }
  }
  function beginWrite({ bytes, at }: { bytes: number; at: number }): boolean {
    if (at + bytes > flash.length) return false;
    flash.fill(0xff, at - (at % sector), Math.min(flash.length, Math.ceil((at + bytes) / sector) * sector));
    const begun = { at, left: bytes, seq: 0, unzip: new Unzlib() };
    begun.unzip.ondata = (chunk) => {
      flash.set(chunk, begun.at);
      if (badCell !== null && badCell >= begun.at && badCell < begun.at + chunk.length) flash[badCell]! ^= 0x10;
      begun.at += chunk.length;
      begun.left -= chunk.length;
    };
    write = begun;
    return true;
  }

  return {
    flash,
    get mode() {
      return mode;
    },
    get blocks() {
      return blocks;
    },
    get erased() {
      return erased;
    },
    bauds,
    receive(bytes) {
      if ((mode !== 'loader' && mode !== 'stub') || hostBaud !== chipBaud) return;
      for (const byte of bytes) {
        if (byte === end) {
          if (frame && frame.length > 0) {
            obey(Uint8Array.from(frame));
            frame = null;
          } else frame = [];
        } else if (!frame) continue;
        else if (escaping) {
          frame.push(byte === escapedEnd ? end : escape);
          escaping = false;
        } else if (byte === escape) escaping = true;
        else frame.push(byte);
      }
    },
    setBaud(baud) {
      hostBaud = baud;
      bauds.push(baud);
    },
    setSignals(signals) {
      const inReset = rts && !dtr;
      dtr = signals.dtr ?? dtr;
      rts = signals.rts ?? rts;
      if (nativeUsb) {
        if (!inReset && rts && !dtr) boot(wantsLoader);
        if (!rts) wantsLoader = dtr;
        return;
      }
      if (inReset && !(rts && !dtr)) boot(dtr && !rts);
      else if (!inReset && rts && !dtr) mode = 'off';
    },
  };
}
