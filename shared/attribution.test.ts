import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attribute, type Layer } from './attribution.ts';
import { countLines, linesOf, openWorld, play, seededRandom, type World } from './testWorld.ts';

const rounds = Number(process.env['FUZZ_WINDOWS'] ?? 300);
const people = ['Ann', 'Bob', 'Cyd', 'Dan', 'Eve'];

const firstIn = (layers: Layer[], line: string) =>
  layers.find((layer) => linesOf(layer.text).includes(line))?.person ?? null;

function two(base: string) {
  const world = openWorld({ base, people: ['Ann', 'Bob'] });
  return { world, ann: world.clients[0]!, bob: world.clients[1]! };
}

function credit(world: World) {
  world.settle();
  const { layers } = attribute({ base: world.state, rows: world.log });
  return { layers, who: (line: string) => firstIn(layers, line) };
}

test(
  `[GI3] ${rounds} windows with delays, undo, paste and resends: the layers end in the exact text, and each line has its typist`,
  { timeout: 1_800_000 },
  () => {
    let [credited, mixed] = [0, 0];
    const window = fc.record({
      seed: fc.nat(),
      undo: fc.boolean(),
      gcBase: fc.boolean(),
      empty: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(window, ({ seed, undo, gcBase, empty }) => {
        const random = seededRandom(seed);
        const baseLines = Array.from({ length: 1 + random(8) }, (_, i) => `base ${i} text é😀 here`);
        const base = empty === 0 ? '' : baseLines.join('\n') + (random(2) ? '\n' : '');
        const world = openWorld({ base, people: people.slice(0, 2 + random(4)), gcBase });
        play(world, random, 10 + random(60), { undo });
        const final = world.clients[0]!.text.toString();
        const { before, after, layers } = attribute({ base: world.state, rows: world.log });
        expect(before).toBe(base);
        expect(after).toBe(final);
        expect(layers.at(-1)?.text ?? base).toBe(final);
        if (undo) return;
        const [known, all] = [new Set(linesOf(base)), linesOf(final)];
        for (const line of countLines(world)) {
          const repeated = known.has(line.text) || all.filter((other) => other === line.text).length > 1;
          if (!line.who || line.tie || repeated) continue;
          credited++;
          if (line.mixed) mixed++;
          expect(firstIn(layers, line.text)).toBe(line.who);
        }
      }),
      { numRuns: rounds },
    );
    expect(credited).toBeGreaterThan(rounds / 2);
    expect(mixed).toBeGreaterThan(rounds / 10);
  },
);

test('[GI3] two people alternate characters in one line: the majority has the line, the other is co-author', () => {
  const { world, ann, bob } = two('top\nend\n');
  for (const [k, letter] of [...'abcdefghi'].entries()) {
    (k % 3 === 2 ? bob : ann).text.insert(4 + k, letter);
    world.settle();
  }
  ann.text.insert(13, '\n');
  expect(credit(world).layers).toEqual([{ person: 'Ann', text: 'top\nabcdefghi\nend\n', coAuthors: ['Bob'] }]);
});

test('[GI3] layers are stacked in the order of first edits, each with its own lines only', () => {
  const { world, ann, bob } = two('top\nend\n');
  bob.text.insert(4, 'bob\n');
  world.settle();
  ann.text.insert(0, 'ann\n');
  expect(credit(world).layers).toEqual([
    { person: 'Bob', text: 'top\nbob\nend\n', coAuthors: [] },
    { person: 'Ann', text: 'ann\ntop\nbob\nend\n', coAuthors: [] },
  ]);
});

test('[GI3] several files of one pause are stacked in one order', () => {
  const { world, ann, bob } = two('top\nend\n');
  bob.text.insert(4, 'bob\n');
  world.settle();
  ann.text.insert(0, 'ann\n');
  world.settle();
  expect(attribute({ base: world.state, rows: world.log, order: ['Cyd', 'Ann'] }).layers).toEqual([
    { person: 'Ann', text: 'ann\ntop\nend\n', coAuthors: [] },
    { person: 'Bob', text: 'ann\ntop\nbob\nend\n', coAuthors: [] },
  ]);
});

test('[GI3] a tie goes to who typed last', () => {
  const { world, ann, bob } = two('x\n');
  ann.text.insert(0, 'aa');
  world.settle();
  bob.text.insert(2, 'bb');
  expect(credit(world).who('aabbx\n')).toBe('Bob');
});

test('[GI3] nothing typed: who deleted most has the line', () => {
  const { world, ann, bob } = two('one two three four\n');
  ann.text.delete(0, 4);
  world.settle();
  bob.text.delete(0, 6);
  expect(credit(world).layers).toEqual([{ person: 'Bob', text: 'ree four\n', coAuthors: [] }]);
});

test('[GI3] only Enter: who pressed it', () => {
  const { world, ann } = two('onetwo\n');
  ann.text.insert(3, '\n');
  expect(credit(world).layers).toEqual([{ person: 'Ann', text: 'one\ntwo\n', coAuthors: [] }]);
});

test('[GI3] Enter in the middle of another line keeps that line its owner', () => {
  const { world, ann, bob } = two('');
  bob.text.insert(0, 'hello world\n');
  world.settle();
  ann.text.insert(5, '\n');
  const { who } = credit(world);
  expect([who('hello\n'), who(' world\n')]).toEqual(['Bob', 'Bob']);
});

test('[GI3] Enter at the end of an old line does not touch the old line', () => {
  const { world, ann } = two('one\ntwo\n');
  ann.text.insert(3, '\nnew');
  const { layers, who } = credit(world);
  expect(who('new\n')).toBe('Ann');
  expect(layers).toHaveLength(1);
});

test('[GI3] undo of a deletion gives the line back to who typed it', () => {
  const { world, ann, bob } = two('one\n');
  bob.text.insert(4, 'bobs words\n');
  world.settle();
  ann.text.delete(4, 11);
  world.settle();
  ann.undo.undo();
  const { layers, who } = credit(world);
  expect(who('bobs words\n')).toBe('Bob');
  expect(layers).toHaveLength(1);
});

test('[GI2] undo of a deletion of old text makes no layer', () => {
  const { world, ann } = two('one\ntwo\n');
  ann.text.delete(0, 4);
  world.settle();
  ann.undo.undo();
  expect(credit(world).layers).toEqual([]);
});

test('[GI3] a row that arrives before what it needs', () => {
  const { world, ann, bob } = two('one\n');
  ann.text.insert(4, 'a\n');
  world.settle();
  bob.text.insert(6, 'b\n');
  world.settle();
  world.log.reverse();
  const { layers } = attribute({ base: world.state, rows: world.log });
  expect(layers.at(-1)!.text).toBe('one\na\nb\n');
  expect([firstIn(layers, 'a\n'), firstIn(layers, 'b\n')]).toEqual(['Ann', 'Bob']);
});

test("[GI3] a program without a person has a layer of its own and is nobody's co-author", () => {
  const { world, ann, bob } = two('one\ntwo\n');
  ann.text.insert(3, ' by a program');
  world.settle();
  bob.text.insert(3, ' bob wrote quite a lot more');
  bob.text.insert(bob.text.length, 'bob\n');
  world.settle();
  const rows = world.log.map((row) => ({ ...row, person: row.person === 'Ann' ? null : row.person }));
  const { layers } = attribute({ base: world.state, rows });
  expect(layers).toEqual([{ person: 'Bob', text: world.clients[0]!.text.toString(), coAuthors: [] }]);
  ann.text.insert(0, 'machine\n');
  world.settle();
  const more = world.log.map((row) => ({ ...row, person: row.person === 'Ann' ? null : row.person }));
  expect(attribute({ base: world.state, rows: more }).layers.map((layer) => layer.person)).toEqual([null, 'Bob']);
});
