// A virtual board is a board: real MicroPython, spoken to as tools and people speak to one on a wire.
import fs from 'node:fs';
import path from 'node:path';
import compiler from 'assemblyscript/asc';
import { expect, test } from 'vitest';
import { compileAssemblyScript, type AssemblyScript } from '#shared/robot/assemblyScript.ts';
import { openTestBoard, pause } from './testBoard.ts';

test('[DE6] the friendly prompt, the raw REPL, an error, raw-paste with its window', async () => {
  const { type, until, prompt } = openTestBoard();
  expect(await prompt()).toMatch(/^\r\nMicroPython v1\.27\.0 [^\r]*\r\n[^\r]*\r\n>>> $/);
  await type('1+1\r');
  expect(await prompt()).toBe('1+1\r\n2\r\n>>> ');
  await type('\r\x03\x01');
  await until('raw REPL; CTRL-B to exit\r\n>');
  await type('print(40+2)\x04');
  expect(await until('\x04>')).toBe('OK42\r\n\x04\x04>');
  await type('1/0\x04');
  expect(await until('\x04>')).toMatch(/^OK\x04Traceback[\s\S]*ZeroDivisionError: divide by zero\r\n\x04>$/);
  await type('\x05A\x01');
  expect(await until('R\x01\x80\x00\x01')).toBe('R\x01\x80\x00\x01');
  const program = `x=0\n${'x+=1\n'.repeat(100)}print(x)`;
  await type(`${program}\x04`);
  expect(await until('\x04>')).toBe(`${'\x01'.repeat(Math.floor(program.length / 128))}\x04100\r\n\x04\x04>`);
  await type('\x05B\x01');
  expect(await until('>')).toBe('R\x00>');
  await type('\x02');
  await prompt();
});

test('[DE6] a paste that is broken off runs nothing', async () => {
  const { type, until, raw, run } = openTestBoard();
  await raw();
  await type('\x05A\x01');
  await until('R\x01\x80\x00\x01');
  await type('marker = 1\nprint("never")');
  await type('\x03');
  expect(await until('\x04>')).toMatch(/^\x04\x04Traceback[\s\S]*KeyboardInterrupt/);
  expect(await run('print("marker" in globals())')).toBe('False');
});

test('[VB5] Ctrl-C ends a tight loop, a sleep and a loop in a function within 100 ms', async () => {
  const { board, type, until, raw, untilBusy, run } = openTestBoard();
  await raw();
  await run('import time');
  for (const program of ['while True: pass', 'while True: time.sleep(30)', 'def f():\n while True:\n  x=1\nf()']) {
    await type(`${program}\x04`);
    await until('OK');
    await untilBusy();
    await pause(50);
    await type('\x03');
    expect(await until('\x04>')).toMatch(/KeyboardInterrupt/);
    expect(board.isBusy()).toBe(false);
  }
  expect(await run('for i in range(100000): pass\nprint("through")')).toBe('through'); // no Ctrl-C was left over
}, 30_000);

test('[DE6] input() and sys.stdin take what is typed, Ctrl-C ends the wait', async () => {
  const { type, until, raw } = openTestBoard();
  await raw();
  await type('import sys\nprint(repr(sys.stdin.read(3)))\x04');
  await until('OK');
  await type('abc');
  expect(await until('\x04>')).toContain("'abc'");
  await type('n=input("name? ");print(n*2)\x04');
  await until('name? ');
  await type('xyz\x7f\r');
  expect(await until('\x04>')).toContain('xyxy');
  await type('input("again? ")\x04');
  await until('again? ');
  await type('\x03');
  expect(await until('\x04>')).toContain('KeyboardInterrupt');
});

test('[VB6] a soft reset keeps files, forgets names and runs main.py; in the raw REPL it does not run it', async () => {
  const { board, type, until, raw, run, prompt } = openTestBoard();
  await raw();
  await run('import os\nos.mkdir("/lib")\nwith open("main.py","w") as f: f.write(\'print("main ran")\')\nz=1');
  await type('\x02');
  await prompt();
  await type('\x04');
  expect(await prompt()).toMatch(/MPY: soft reboot\r\n[\s\S]*main ran/);
  await type('z\r');
  expect(await prompt()).toMatch(/NameError/);
  await type('\x01');
  await until('exit\r\n>');
  await type('\x04');
  expect(await until('raw REPL; CTRL-B to exit\r\n>')).toBe('OK\r\nMPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>');
  expect(await run('import machine, os\nprint(machine.reset_cause(), sorted(os.listdir("/")))')).toBe(
    "5 ['lib', 'main.py', 'rom']",
  );
  expect([...board.files().keys()].sort()).toEqual(['/lib/', '/main.py']);
});

test('[VB6] a hard reset ends what nothing else ends, keeps files and the place of the robot, and stops its wheels', async () => {
  const { board, type, until, raw, run, untilBusy, prompt } = openTestBoard();
  await raw();
  await run('import robot, time\nopen("kept.txt","w").write("here")\nrobot.drive(100, 100)\ntime.sleep(0.3)');
  await type('import micropython\nmicropython.kbd_intr(-1)\nwhile True: pass\x04');
  await until('OK');
  await untilBusy();
  await type('\x03\x03');
  await pause(150);
  expect(board.isBusy()).toBe(true);
  expect(board.world().x).toBeGreaterThan(0.2);
  await board.hardReset();
  await prompt();
  await type('import machine; print(machine.reset_cause(), open("kept.txt").read())\r');
  expect(await prompt()).toContain('2 here');
  await pause(120);
  const { x, left } = board.world();
  expect(left).toBe(0);
  expect(x).toBeGreaterThan(0.2);
  await pause(200);
  expect(board.world().x).toBe(x);
});

test('[VB6] machine.reset(), and main.py that never ends: Ctrl-C leads to the prompt', async () => {
  const { type, prompt, until } = openTestBoard({
    files: new Map([['/main.py', Buffer.from('print("main")\nwhile True: pass\n')]]),
  });
  await until('main\r\n');
  await pause(50);
  await type('\x03');
  expect(await prompt()).toContain('KeyboardInterrupt');
  await type('import os, machine; os.remove("main.py"); machine.reset()\r');
  expect(await prompt()).toMatch(/rst:0x3[\s\S]*MicroPython/);
});

test('[VB7] timers, interrupts of pins and converters while Python runs', async () => {
  const { raw, run } = openTestBoard();
  await raw();
  await run('from machine import *\nimport time');
  const ticks = await run(
    'n=[]\nt=Timer(0)\nt.init(period=20,callback=lambda t: n.append(1))\nstart=time.ticks_ms()\nwhile time.ticks_diff(time.ticks_ms(),start)<500: pass\nt.deinit()\nprint(len(n))',
  );
  expect(Number(ticks)).toBeGreaterThanOrEqual(15);
  expect(Number(ticks)).toBeLessThanOrEqual(26);
  expect(await run('m=len(n)\ntime.sleep(0.1)\nprint(len(n)==m)')).toBe('True');
  expect(
    await run(
      'hits=[]\nPin(42).irq(lambda p: hits.append(p.value()), Pin.IRQ_FALLING)\nl=PWM(Pin(38)); r=PWM(Pin(40))\nl.duty_u16(65535); r.duty_u16(65535)\nstart=time.ticks_ms()\nwhile not hits and time.ticks_diff(time.ticks_ms(),start)<8000: pass\nprint(hits)',
    ),
  ).toBe('[0]');
  expect(
    await run(
      'print(ADC(6).read(), I2C(0).scan(), round(int.from_bytes(I2C().readfrom_mem(0x40,2,2),"big")/8*4/1000,1))',
    ),
  ).toMatch(/^0 \[64, 72\] 4\.[12]$/);
}, 30_000);

test('[VB7] asyncio: tasks take turns in time, gather, cancel, a timeout; Ctrl-C ends it', async () => {
  const { raw, run, type, until, untilBusy } = openTestBoard();
  await raw();
  const order = await run(`
import asyncio, time
said=[]
async def tell(name, ms, count):
    for i in range(count):
        said.append(name)
        await asyncio.sleep_ms(ms)
    return name
async def main():
    start=time.ticks_ms()
    print(await asyncio.gather(tell('a', 30, 4), tell('b', 50, 2)))
    took=time.ticks_diff(time.ticks_ms(), start)
    t=asyncio.create_task(tell('c', 10, 1000))
    await asyncio.sleep_ms(35)
    t.cancel()
    try:
        await asyncio.wait_for_ms(tell('d', 500, 2), 50)
    except asyncio.TimeoutError:
        said.append('late')
    print(''.join(said), 110 < took < 250, t.done())
asyncio.run(main())`);
  expect(order).toMatch(/^\['a', 'b'\]\r\nababaac{3,4}dlate True True$/);
  await type('asyncio.run(tell("x", 20, 10000))\x04');
  await until('OK');
  await untilBusy();
  await type('\x03');
  expect(await until('\x04>')).toContain('KeyboardInterrupt');
}, 30_000);

test('[VB6] the flash is full at 2 MiB, with the error that MicroPython has for it, and what is there stays readable', async () => {
  const { raw, run } = openTestBoard();
  await raw();
  const end = await run(`
block=b'x'*65536
f=open('big','wb')
count=0
try:
    while True:
        f.write(block); count+=1
except OSError as e:
    print(e.errno, count)
f.close()
open('small','w').write('y') if count<30 else None`);
  const [errno, count] = end.split(' ').map(Number);
  expect(errno).toBe(28);
  expect(count).toBeGreaterThanOrEqual(30);
  expect(count).toBeLessThanOrEqual(32);
  expect(await run('import os\nos.remove("big")\nopen("small","w").write("again")\nprint(open("small").read())')).toBe(
    'again',
  );
}, 30_000);

test('[DE6] the errors of files have their usual numbers', async () => {
  const { raw, run } = openTestBoard();
  await raw();
  expect(
    await run(
      'import os\nfor f in (lambda: open("none"), lambda: os.mkdir("/rom"), lambda: os.rmdir("none"), lambda: os.listdir("none")):\n try: f()\n except OSError as e: print(e.errno, end=" ")',
    ),
  ).toMatch(/^2 (1|17|30) 2 2$/);
});

test('[DE6] a list of files says how large each is, and how much room is left, as `mpremote ls` and `df` ask for it', async () => {
  const { raw, run } = openTestBoard({ files: new Map([['/lib/', new Uint8Array()], ['/lib/a.py', new Uint8Array(1234)]]) }); // prettier-ignore
  await raw();
  const sizes = "print(sorted((e[0], e[1], e[3]) for e in os.ilistdir('%')))";
  expect(await run(`import os\n${sizes.replace('%', '/lib')}`)).toBe("[('a.py', 32768, 1234)]");
  expect(await run(`os.chdir('/lib')\n${sizes.replace("'%'", '')}\nos.chdir('/')`)).toBe("[('a.py', 32768, 1234)]");
  expect(
    await run(
      "e = list(os.ilistdir(b'/lib'))[0]\nprint((e[0], e[3]), sorted(e[0] for e in os.ilistdir()), [e[3] for e in os.ilistdir('') if e[1] & 0x4000])",
    ),
  ).toBe("(b'a.py', 1234) ['lib', 'rom'] [0, 0]");
  const room = "s = os.statvfs('/')\nprint(s[0] * s[2], s[0] * s[3])";
  const [all, before] = (await run(room)).split(' ').map(Number);
  expect(all).toBe(2 * 2 ** 20);
  expect(all! - before!).toBeLessThanOrEqual(8192);
  await run("f=open('half','wb')\nfor i in range(16): f.write(bytes(65536))\nf.close()");
  const after = Number((await run(room)).split(' ')[1]);
  expect(before! - after).toBe(2 ** 20);
  expect(await run("print(os.statvfs('rom')[3], os.statvfs('/rom/lib')[2] > 0)"), 'nothing is written there').toBe('0 True'); // prettier-ignore
});

test('[DE6] a clock that is set, as by `mpremote rtc --set`, goes on from there, also after a reset', async () => {
  const { raw, run, type, until } = openTestBoard();
  await raw();
  const drift = `print(abs(time.time() - ${Math.floor(Date.now() / 1000)}) < 30)`;
  expect(await run(`import time\n${drift}`)).toBe('True');
  const now = 'import machine, time\nprint(machine.RTC().datetime()[:6], time.localtime()[:5], time.time_ns() // 10**9 - int(time.time()) in (0, 1))'; // prettier-ignore
  await run('import machine\nmachine.RTC().datetime((2031, 12, 25, 3, 8, 30, 15, 250000))');
  expect(await run(now)).toMatch(/^\(2031, 12, 25, 3, 8, 30\) \(2031, 12, 25, 8, 30\) True$/);
  await type('\x04');
  await until('raw REPL; CTRL-B to exit\r\n>');
  expect(await run(now)).toMatch(/^\(2031, 12, 25, 3, 8, 3[01]\) \(2031, 12, 25, 8, 3[01]\) True$/);
});

test('[DE6] modules that tools use: binascii with text, hashlib, json, struct', async () => {
  const { raw, run } = openTestBoard();
  await raw();
  expect(
    await run(
      'import binascii, hashlib, json, struct, os\nprint(binascii.a2b_base64("aGk="), binascii.unhexlify("6869"), binascii.hexlify(b"hi"), binascii.b2a_base64(b"hi"))',
    ),
  ).toBe("b'hi' b'hi' b'6869' b'aGk=\\n'");
  expect(
    await run('print(binascii.hexlify(hashlib.sha256(b"x").digest())[:8], struct.unpack("<H", b"\\x01\\x02"))'),
  ).toBe("b'2d711642' (513,)");
});

test('[VB11] a program in WebAssembly runs from the files of the board until Ctrl-C; one that fails is an error', async () => {
  const source = fs.readFileSync(path.join(import.meta.dirname, '../../samples/lab/bench/follow.ts'), 'utf8');
  const made = await compileAssemblyScript({
    compiler: compiler as unknown as AssemblyScript,
    source,
    name: 'follow.ts',
  });
  if (!made.ok) throw new Error(made.text);
  const { board, raw, run, type, until } = openTestBoard({ files: new Map([['/follow.wasm', made.wasm]]) });
  await raw();
  await type('import robot4; robot4.run("follow.wasm")\x04');
  await until('following the line\r\n');
  await pause(1500);
  const { x, y, led } = board.world();
  expect(Math.hypot(x, y)).toBeGreaterThan(0.5);
  expect(led).toEqual([0, 255, 0]);
  await type('\x03');
  expect(await until('\x04>')).toContain('KeyboardInterrupt');
  await pause(120);
  expect(board.world().left).toBe(0);
  expect(
    await run(
      'for name in ("none.wasm", "/rom/lib/robot.py"):\n try: robot4.run(name)\n except RuntimeError as e: print(e)',
    ),
  ).toMatch(/There is no file none\.wasm\.\r\n/);
}, 60_000);
