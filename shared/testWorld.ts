// For tests only: people with their own replicas, a server that only logs and forwards, and queues with delays on both ways.
import * as Y from 'yjs';
import type { Row } from './attribution.ts';
import { contentRoot } from './room.ts';

/** A reproducible source of whole numbers below n. */
export function seededRandom(seed: number): (n: number) => number {
  return (n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
}

export type World = ReturnType<typeof openWorld>;

export function openWorld({ base, people, gcBase = false }: { base: string; people: string[]; gcBase?: boolean }) {
  const seed = new Y.Doc({ gc: gcBase });
  const seedText = seed.getText(contentRoot);
  // a base that has a past: characters that were deleted in it
  seedText.insert(0, base + 'gone');
  seedText.delete(base.length, 4);
  seedText.insert(0, 'zz');
  seedText.delete(0, 2);
  const state = Y.encodeStateAsUpdate(seed);
  const log: Row[] = [];
  const clients = people.map((person) => openClient({ person, state, log }));
  const settle = () => {
    for (const client of clients) client.send();
    for (const client of clients) client.receive();
  };
  return { state, log, clients, settle };
}

function openClient({ person, state, log }: { person: string; state: Uint8Array; log: Row[] }) {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const text = doc.getText(contentRoot);
  const outbox: Uint8Array[] = [];
  let seen = 0;
  const undo = new Y.UndoManager(text, { captureTimeout: 0 });
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'net') outbox.push(update);
  });
  return {
    person,
    doc,
    text,
    undo,
    send(count = Infinity) {
      for (const update of outbox.splice(0, count)) log.push({ person, update });
    },
    receive(count = Infinity) {
      for (let k = 0; k < count && seen < log.length; k++) Y.applyUpdate(doc, log[seen++]!.update, 'net');
    },
    /** A client that comes back sends all it has, also what others typed. */
    resend() {
      log.push({ person, update: Y.encodeStateAsUpdate(doc) });
    },
  };
}

export const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Everybody types, deletes, pastes, undoes, sends and receives at random; at the end all have everything. */
export function play(world: World, random: (n: number) => number, steps: number, { undo = true } = {}): void {
  for (let k = 0; k < steps; k++) {
    const client = world.clients[random(world.clients.length)]!;
    const { text } = client;
    const length = text.length;
    const word = client.person[0]!.toLowerCase() + k.toString(36);
    const what = random(12);
    if (what < 5) text.insert(random(3) ? random(length + 1) : length, random(4) ? ' ' + word : word + '\n');
    else if (what < 6) text.insert(random(length + 1), `${word} one\n${word} two\n`);
    else if (what < 8 && length) {
      const at = random(length);
      text.delete(at, Math.min(length - at, 1 + random(12)));
    } else if (what < 9 && length) {
      const lines = linesOf(text.toString());
      const i = random(lines.length);
      text.delete(lines.slice(0, i).join('').length, lines[i]!.length);
    } else if (what < 10 && length > 8) {
      const at = random(length - 6);
      text.insert(
        random(length),
        text
          .toString()
          .slice(at, at + 6)
          .toWellFormed(),
      );
    } else if (what < 11 && undo) {
      if (random(2)) client.undo.undo();
      else client.undo.redo();
    } else if (what === 11 && random(6) === 0) {
      client.send();
      client.resend();
    }
    if (random(3) === 0) client.send(1 + random(3));
    if (random(2)) world.clients[random(world.clients.length)]!.receive(1 + random(5));
  }
  world.settle();
}

/** An independent count: who owns the visible characters of each line, by client id. */
export function countLines(world: World) {
  const first = world.clients[0]!;
  const people = new Map(world.clients.map((client) => [client.doc.clientID, client.person]));
  const result: { text: string; who: string | null; tie: boolean; mixed: boolean }[] = [];
  let text = '';
  let counts = new Map<string, number>();
  const end = () => {
    const best = [...counts].sort((a, b) => b[1] - a[1]);
    const tie = best.length > 1 && best[0]![1] === best[1]![1];
    result.push({ text, who: best[0]?.[0] ?? null, tie, mixed: best.length > 1 });
    [text, counts] = ['', new Map()];
  };
  for (let item = (first.text as unknown as { _start: Y.Item | null })._start; item; item = item.right) {
    if (item.deleted || !(item.content instanceof Y.ContentString)) continue;
    for (const character of item.content.str) {
      text += character;
      const person = people.get(item.id.client);
      if (character !== '\n' && person) counts.set(person, (counts.get(person) ?? 0) + character.length);
      if (character === '\n') end();
    }
  }
  if (text) end();
  return result;
}
