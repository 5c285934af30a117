// Robot4 programs: AssemblyScript is compiled as in the browser, and drives the same world; what misbehaves is ended with a sentence.
import fs from 'node:fs';
import path from 'node:path';
import compiler from 'assemblyscript/asc';
import { expect, test } from 'vitest';
import { compileAssemblyScript, type AssemblyScript } from './assemblyScript.ts';
import { openRobot4 } from './robot4.ts';
import { createWorld, placeRobot, stepWorld, type World } from './world.ts';

const compile = async (source: string) => {
  const made = await compileAssemblyScript({
    compiler: compiler as unknown as AssemblyScript,
    source,
    name: 'test.ts',
  });
  if (!made.ok) throw new Error(made.text);
  return made.wasm;
};

/** 60 updates a second in a world of 100 ticks a second. */
function drive({ bytes, world, seconds, steps }: { bytes: Uint8Array; world: World; seconds: number; steps?: number }) {
  const said: string[] = [];
  const program = openRobot4({
    bytes,
    world,
    steps,
    print: (text) => said.push(text),
    sleep(ms) {
      for (let left = ms; left > 0; left -= 10) stepWorld(world);
      return true;
    },
  });
  const frames = seconds * 60;
  const from = world.ticks;
  for (let frame = 0; frame < frames; frame++) {
    program.update();
    while (world.ticks < from + ((frame + 1) * 100) / 60) stepWorld(world);
  }
  return said;
}

test('[VB11] the sample follows the line once around the oval, and around the figure of eight', async () => {
  const source = fs.readFileSync(path.join(import.meta.dirname, '../../samples/lab/bench/follow.ts'), 'utf8');
  const bytes = await compile(source);
  expect(bytes.length).toBeLessThan(10_000);
  for (const map of ['oval', 'eight'] as const) {
    const world = createWorld(map);
    let far = 0;
    let back = false;
    const said = drive({ bytes, world, seconds: 2 });
    expect(said[0]).toBe('following the line');
    expect(world.led).toEqual([0, 255, 0]);
    for (let i = 0; i < 180 && !back; i++) {
      drive({ bytes, world, seconds: 0.25 });
      far = Math.max(far, Math.hypot(world.x, world.y));
      back = far > 3 && Math.hypot(world.x, world.y) < 0.3;
      expect(world.led).toEqual([0, 255, 0]);
    }
    expect(back, map).toBe(true);
  }
}, 60_000);

test('[VB11] the memory map: each sensor is where a program of the original reads it', async () => {
  const bytes = await compile(`
    @external("env", "trace") declare function trace(text: usize): void;
    @external("env", "random") declare function random(): u32;
    @external("env", "tone") declare function tone(frequency: u32, duration: u32, volume: u32): void;
    function say(text: string): void { trace(changetype<usize>(String.UTF8.encode(text, true))); }
    export function update(): void {
      store<i16>(0, 30); store<i16>(2, -200);
      store<u8>(0x19, 9); store<u8>(0x1a, 8); store<u8>(0x1b, 7);
      store<u8>(0x2c, 1);
      tone(440, 50, 100);
      say(load<i32>(4).toString() + " " + load<i32>(8).toString() + " " + load<u8>(0x18).toString() + " " +
        load<u8>(0x1c).toString() + " " + load<u8>(0x1c + 5).toString() + " " + load<u8>(0x24 + 2).toString() + " " +
        load<u8>(0x29).toString() + " " + load<u8>(0x2b).toString() + " " + load<u32>(0x30).toString() + " " +
        load<i16>(0x10).toString() + " " + load<u8>(0x1000 + 60 * 160 + 80).toString() + " " + (random() != random()).toString());
    }`);
  const world = createWorld('oval');
  placeRobot(world, { x: 4.4, y: 3, rotation: 0 });
  world.encoderLeft = -70_000;
  world.ticks = 100;
  const program = (said: string[]) => openRobot4({ bytes, world, print: (text) => said.push(text), sleep: () => true });
  const said: string[] = [];
  const running = program(said);
  running.update();
  running.update();
  // 80 cm to the wall, nothing behind, the line beside the sensors, no bumper; the picture is there at the second update
  expect(said[0]).toBe('-70000 0 100 80 255 0 0 0 1000 1000 0 true');
  const [, , , , , , , camera, , , bright] = said[1]!.split(' ').map(Number);
  expect(camera).toBe(2);
  expect(bright).toBeGreaterThan(150);
  expect(world).toMatchObject({ left: 30, right: -200, led: [9, 8, 7], tone: 440 });
});

test('[VB11] a program without an end, one that grows, one that floods and one that asks for more are ended or bounded', async () => {
  const world = createWorld('oval');
  const loop = await compile('export function update(): void { while (true) {} }');
  expect(() => drive({ bytes: loop, world, seconds: 1 })).toThrow(/too many steps/);

  const deep = await compile(
    'function f(n: i32): i32 { return n == 0 ? 0 : f(n + 1) + 1; } export function update(): void { store<i32>(0x5000, f(1)); }',
  );
  expect(() => drive({ bytes: deep, world, seconds: 1 })).toThrow(/too many steps|The program failed/);

  const grow = await compile('export function update(): void { if (memory.grow(300) >= 0) unreachable(); }');
  drive({ bytes: grow, world, seconds: 0.1 });

  const flood = await compile(
    '@external("env", "trace") declare function trace(text: usize): void; export function update(): void { for (let i = 0; i < 100; i++) trace(0x5f00); }',
  );
  expect(drive({ bytes: flood, world, seconds: 0.9 }).length).toBe(51);

  const fetching = await compile(
    '@external("env", "fetch") declare function get(): void; export function update(): void { get(); }',
  );
  expect(() => drive({ bytes: fetching, world, seconds: 1 })).toThrow(/asks for env.fetch/);
  const trap = await compile('export function update(): void { store<u8>(0x7fffffff, 1); }');
  expect(() => drive({ bytes: trap, world, seconds: 1 })).toThrow(/The program failed: .*out of bounds/);
  for (const bytes of [new Uint8Array(), Uint8Array.of(0, 1, 2), new TextEncoder().encode('\0asm\x01\0\0\0')])
    expect(() => openRobot4({ bytes, world, print: () => undefined, sleep: () => true })).toThrow();
}, 30_000);

test('[VB11] delay_ms lets the world move on; Ctrl-C during it ends the program', async () => {
  const bytes = await compile(
    '@external("env", "delay_ms") declare function delay(ms: u32): void; export function update(): void { store<i16>(0, 100); store<i16>(2, 100); delay(500); store<i16>(0, 0); store<i16>(2, 0); }',
  );
  const world = createWorld('arena');
  const program = openRobot4({
    bytes,
    world,
    print: () => undefined,
    sleep: (ms) => {
      for (let left = ms; left > 0; left -= 10) stepWorld(world);
      return true;
    },
  });
  expect(program.update()).toBe('done');
  expect(world.x).toBeCloseTo(0.5, 1);
  expect(world.left).toBe(0);
  const ended = openRobot4({ bytes, world, print: () => undefined, sleep: () => false });
  expect(ended.update()).toBe('interrupted');
});

test('[VB11] what does not compile is told with its line', async () => {
  const made = await compileAssemblyScript({
    compiler: compiler as unknown as AssemblyScript,
    source: 'export function update(): void {\n  drive(1);\n}',
    name: 'mine.ts',
  });
  expect(made).toMatchObject({
    ok: false,
    text: expect.stringMatching(/Cannot find name 'drive'[\s\S]*mine\.ts\(2,3\)/),
  });
});
