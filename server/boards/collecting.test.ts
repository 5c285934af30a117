// What a long-running program makes is cleaned while it runs, as on a chip; nothing that is still in use is taken away.
import { expect, test } from 'vitest';
import { withCollector } from './collecting.ts';
import { openTestBoard } from './testBoard.ts';

test('[VB12] a program that makes objects for ever has memory for ever, and can see how much', async () => {
  const { raw, run } = openTestBoard();
  await raw();
  const [free, used, threshold] = (await run('import gc\nprint(gc.mem_free(), gc.mem_alloc(), gc.threshold())'))
    .split(' ')
    .map(Number);
  expect(free! + used!).toBeGreaterThan(7.5 * 2 ** 20);
  expect(free! + used!).toBeLessThanOrEqual(8 * 2 ** 20);
  expect(used!).toBeLessThan(100_000);
  expect(threshold, 'when the heap is full, as on an ESP32').toBe(-1);
  // forty times the heap, in small things and in large ones
  const made = await run(`
most=0
text=''
for i in range(400000):
    line=[i, str(i), {'n': i}]
    if i % 1000 == 0: most=max(most, gc.mem_alloc())
for i in range(2000):
    block=bytearray(100000)
    text=text[-500:]+'x'*500
print(most <= 8<<20, len(text), line[1], len(block))`);
  expect(made).toBe('True 1000 399999 100000');
  expect(await run('line=block=text=None\ngc.collect()\nprint(gc.mem_alloc() < 150000)')).toBe('True');
}, 120_000);

test('[VB12] a robot that runs on asyncio does not grow', async () => {
  const { raw, run } = openTestBoard();
  await raw();
  // a low threshold stands for hours: each round makes tasks, events and texts, and thousands of collections run beside them
  const used = await run(`
import asyncio, gc, robot
gc.threshold(20000)
seen=[]
async def sense(queue):
    while True:
        queue.append((robot.distance('front'), 'line %r' % robot.line()))
        await asyncio.sleep_ms(0)
async def steer(queue):
    for n in range(4000):
        while queue: last=queue.pop(0)
        robot.drive(40 + n % 5, 40)
        await asyncio.gather(asyncio.sleep_ms(0), asyncio.sleep_ms(0))
        if n % 500 == 499:
            gc.collect()
            seen.append(gc.mem_alloc())
async def main():
    queue=[]
    task=asyncio.create_task(sense(queue))
    await steer(queue)
    task.cancel()
asyncio.run(main())
robot.stop()
print(seen[0], seen[-1])`);
  const [first, last] = used.split(' ').map(Number);
  expect(last! - first!).toBeLessThan(4000);
}, 120_000);

test('[VB12] a program that keeps everything gets MemoryError and the prompt, and the next one has it all again', async () => {
  const { raw, run } = openTestBoard();
  await raw();
  const kept = await run('k=[]\ntry:\n while True: k.append(bytearray(10000))\nexcept MemoryError: print(len(k))');
  expect(Number(kept)).toBeGreaterThan(700);
  expect(Number(kept)).toBeLessThan(840);
  expect(await run('k=None\nprint(len(bytearray(7000000)))')).toBe('7000000');
}, 60_000);

// A collection at each single allocation: whatever C holds only in a local variable while Python or another allocation runs would be gone.
test('[VB12] a collection in any place takes nothing that is in use', async () => {
  const program = `
import json, re, struct, binascii, hashlib, io, collections
class Point:
    def __init__(self, x, y):
        self.x=x; self=None; self=[str(i) for i in range(5)]; self=None
        made.append('p%d' % y)
    def __repr__(self): return '<' + ''.join([c for c in 'point']) + '>'
    def __lt__(self, other): return str([self.x]) < str([other.x])
    def __getattr__(self, name): return name + '!' * 3
    def __call__(self, *a, **k): return [a, k]
made=[]
def numbers(n):
    for i in range(n):
        yield str(i) + 'z' * (i % 7)
def deep(n): return [n, deep(n - 1)] if n else []
out=[]
out.append(list(numbers(30)))
out.append(sorted(numbers(30), key=lambda s: s[1:] + 'k' + s))
out.append(''.join(sorted(numbers(20), reverse=True)))
out.append(dict((k, k * 2) for k in numbers(10))['9zz'])
out.append(sum(len(s + 'a') for s in numbers(40)))
out.append(max(numbers(20), key=lambda s: s + s)); out.append(any(s == '5zzzzz' for s in numbers(9)))
out.append(list(map(lambda a, b: a + b, numbers(5), numbers(5)))); out.append(list(zip(numbers(4), filter(lambda s: len(s) > 2, numbers(20)))))
p=Point(1, 2); out.append(repr([p, p])); out.append(p.other); out.append(p(1, *[str(x) for x in range(3)], **{'k' + str(1): 'v'}))
out.append(repr(sorted([Point(i * 7 % 5, i) for i in range(6)])))
out.append(json.loads(json.dumps({'a': [1, 2.5, None, {'b': list(numbers(6))}], 'c': 'x' * 50})))
out.append(re.sub('z+', lambda m: '<' + m.group(0) + '>', 'a'.join(numbers(9))))
out.append('{:>8} {!r} %s'.format(*[str(i) * 3 for i in range(2)]) % ('%d-%s' % (5, [str(7)])))
out.append(struct.unpack('<HI', struct.pack('<HI', 7, 70000))); out.append(binascii.hexlify(hashlib.sha256(b'x' * 100).digest()))
out.append(2 ** 200 // 3 ** 50 % 10 ** 30); out.append([1.5 * i for i in range(20)]); out.append(deep(12))
try:
    try: raise ValueError('first ' + str(1))
    finally: junk=[str(i) for i in range(20)]
except ValueError as e: out.append(repr(e) + str(e.args))
f=io.StringIO(); print('a', 'b' * 20, *numbers(3), sep='-', file=f); out.append(f.getvalue())
exec(compile('def g(a, *b, c=[str(1)], **d):\\n return [a, b, c, d]\\nout.append(g(1, *numbers(3), e="f" * 3))', 'made', 'exec'))
d=collections.OrderedDict((k, [k]) for k in numbers(25)); d.update((k + 'u', k) for k in numbers(9)); out.append(list(d.items())[-3:])
s=set(numbers(15)); s |= set(x + 'q' for x in numbers(15)); out.append(sorted(s)); out.append(sorted(s - set(numbers(7))))
a=[str(i) for i in range(9)]; a[2:5]=[x + '#' for x in numbers(4)]; out.append(a); out.append(b''.join(bytes([i]) * 3 for i in range(9)))
import robot; out.append(robot.line()); out.append(made)
print(hashlib.sha256(repr(out).encode()).digest().hex(), len(repr(out)))`;
  const { raw, run } = openTestBoard();
  await raw();
  const calm = await run(program);
  expect(calm).toMatch(/^[0-9a-f]{64} \d{4}$/);
  expect(await run(`import gc\ngc.threshold(1)\n${program}\ngc.threshold(-1)`)).toBe(calm);
}, 120_000);

test('another MicroPython than the known one is refused, not guessed at', async () => {
  await expect(withCollector(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).rejects.toThrow(/not the MicroPython/);
});
