// Who wrote what in a window of edits (GI3). The server keeps no document: it has the state at the last checkpoint and the log
// rows since then (seq, person, update). Replayed in a worker with gc off, every character has the person of the first row that
// carried it, and every deletion the person of the first row that named it. Client ids are never looked up anywhere.
//
// Credit is given by whole lines, because git blames lines: a line belongs to who typed most of what is new in it (a tie: who
// typed last; nothing typed: who deleted most; only Enter: who pressed it). The others who typed in it become co-authors of
// that person's version.
import * as Y from 'yjs';
import type { Item } from 'yjs';
import { contentRoot } from './room.ts';

/** Null: a program without a person. */
export type Person = string | null;
export type Row = { person: Person; update: Uint8Array };
export type Layer = { person: Person; text: string; coAuthors: string[] };
/** `row`: who put it there, `deletedBy`: who took it away; both as rows, or one of the two signs below. */
type Piece = { text: string; row: number; deletedBy: number };
const inBaseAlready = -1;
const notDeleted = -2;

type Tally = Map<Person, { amount: number; last: number }>;
/** A line that did not change is `kept`; else one of the old text (`base`) or of the new one (`final`). */
type Line = { text: string; kind: 'kept' | 'base' | 'final'; person: Person | undefined; others: Person[] };

/**
 * One layer per person: the whole text as it is with their lines and those of the layers before. The last layer is the text, byte
 * for byte; a layer that changes nothing is left out. `base` is the state at the last checkpoint, as one update. People come in the
 * order of their first edit here, those in `order` before: several files of one pause are stacked in the same order.
 */
export function attribute({ base, rows, order = [] }: { base: Uint8Array; rows: Row[]; order?: Person[] }) {
  const { pieces, before, after } = replay(base, rows);
  const lines = readLines(pieces, rows);
  const layers: Layer[] = [];
  const done = new Set<Person | undefined>();
  let previous = before;
  const typists = new Set(rows.map((row) => row.person));
  for (const person of new Set([...order.filter((somebody) => typists.has(somebody)), ...typists])) {
    done.add(person);
    const shown = lines.filter((line) => line.kind === 'kept' || (line.kind === 'final') === done.has(line.person));
    const text = joinLines(shown);
    if (text === previous) continue;
    const own = shown.filter((line) => line.kind === 'final' && line.person === person);
    const others = new Set(own.flatMap((line) => line.others));
    layers.push({ person, text, coAuthors: [...others].filter((other) => other !== null) });
    previous = text;
  }
  return { before, after, layers };
}

/** An unfinished layer may put a line behind the file's last one, which has no newline of its own. */
function joinLines(lines: Line[]): string {
  const isOpen = (line: Line, i: number) => i < lines.length - 1 && !line.text.endsWith('\n');
  return lines.map((line, i) => (isOpen(line, i) ? line.text + '\n' : line.text)).join('');
}

function replay(base: Uint8Array, rows: Row[]) {
  const doc = new Y.Doc({ gc: false });
  Y.applyUpdate(doc, base);
  const text = doc.getText(contentRoot);
  const before = text.toString(); // now: an insert between two surrogates will break the old character in place
  const owners = readOwners(doc, rows);
  // one transaction, row by row: several times faster than a transaction each, and ten times faster than Y.mergeUpdates
  doc.transact(() => {
    for (const { update } of rows) Y.applyUpdate(doc, update);
  });
  const pieces = readPieces(text, owners);
  returnUndone(pieces, rows);
  const after = text.toString();
  doc.destroy();
  return { pieces: pieces.filter((piece) => piece.deletedBy !== inBaseAlready), before, after };
}

type Owners = { typed: Ranges; deleted: Ranges };

function readOwners(doc: Y.Doc, rows: Row[]): Owners {
  const [typed, deleted] = [new Ranges(), new Ranges()];
  const addDeleted = (clients: Map<number, { clock: number; len: number }[]>, row: number) => {
    for (const [client, ranges] of clients)
      for (const { clock, len } of ranges) deleted.add(client, clock, clock + len, row);
  };
  for (const [client, clock] of Y.decodeStateVector(Y.encodeStateVector(doc)))
    typed.add(client, 0, clock, inBaseAlready);
  addDeleted(Y.snapshot(doc).ds.clients, inBaseAlready);
  for (const [row, { update }] of rows.entries()) {
    const { structs, ds } = Y.decodeUpdate(update);
    for (const struct of structs) {
      const { client, clock } = struct.id;
      if (!(struct instanceof Y.Skip)) typed.add(client, clock, clock + struct.length, row);
    }
    addDeleted(ds.clients, row);
  }
  return { typed, deleted };
}

/** The characters of the document, also deleted ones, in order, cut where the owner of either kind changes. */
function readPieces(text: Y.Text, { typed, deleted }: Owners): Piece[] {
  const pieces: Piece[] = [];
  // Yjs offers no public walk over deleted characters; `_start` and `right` are what its own undo walks
  for (let item = (text as unknown as { _start: Item | null })._start; item; item = item.right) {
    if (!(item.content instanceof Y.ContentString)) continue;
    const { client, clock } = item.id;
    for (let at = 0; at < item.length;) {
      const by = typed.at(client, clock + at);
      const gone = item.deleted ? deleted.at(client, clock + at) : { row: notDeleted, to: Infinity };
      const to = Math.min(item.length, by.to - clock, gone.to - clock);
      pieces.push({ text: item.content.str.slice(at, to), row: by.row, deletedBy: gone.row });
      at = to;
    }
  }
  return pieces;
}

/** Undo of a deletion is a copy that Yjs puts right before what was deleted: it belongs to who typed it first. */
function returnUndone(pieces: Piece[], rows: Row[]): void {
  for (let i = pieces.length - 2; i >= 0; i--) {
    const [copy, gone] = [pieces[i]!, pieces[i + 1]!];
    if (copy.row < 0 || gone.deletedBy < 0 || gone.row < 0 || copy.text !== gone.text) continue;
    if (rows[copy.row]!.person === rows[gone.deletedBy]!.person) copy.row = gone.row;
  }
}

type Span = { from: number; to: number; row: number };

/** Ranges of clocks per client, each owned by the first row that claimed it. */
class Ranges {
  private readonly clients = new Map<number, Span[]>();

  add(client: number, from: number, to: number, row: number): void {
    let spans = this.clients.get(client);
    if (!spans) this.clients.set(client, (spans = []));
    for (let i = firstEndingAfter(spans, from); from < to; i++) {
      const next = spans[i];
      if (next && next.from <= from) {
        from = Math.max(from, next.to);
        continue;
      }
      const end = Math.min(to, next ? next.from : to);
      const last = spans[i - 1];
      if (last && last.to === from && last.row === row) {
        last.to = end;
        i--;
      } else spans.splice(i, 0, { from, to: end, row });
      from = end;
    }
  }

  at(client: number, clock: number): { row: number; to: number } {
    const spans = this.clients.get(client) ?? [];
    const span = spans[firstEndingAfter(spans, clock)];
    return span && span.from <= clock ? span : { row: inBaseAlready, to: span ? span.from : Infinity };
  }
}

function firstEndingAfter(spans: Span[], clock: number): number {
  let [low, high] = [0, spans.length];
  if (high > 0 && spans[high - 1]!.to <= clock) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.to <= clock) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A line of the new text while its pieces are read. */
class FinalLine {
  text = '';
  readonly typed: Tally = new Map();
  readonly deleted: Tally = new Map();
  readonly line: Line = { text: '', kind: 'final', person: undefined, others: [] };
  /** Who typed the newline before this line; undefined: it is old. */
  private readonly startedBy: Person | undefined;

  constructor(startedBy: Person | undefined) {
    this.startedBy = startedBy;
  }

  close(newlineBy: Person | undefined): void {
    this.line.text = this.text;
    this.line.person = first(winner(this.typed), winner(this.deleted), newlineBy, this.startedBy);
    this.line.others = [...this.typed.keys()].filter((person) => person !== this.line.person);
  }
}

class BaseLine {
  text = '';
  /** How many of its characters are in which line of the new text. */
  readonly shares = new Map<FinalLine, number>();
  readonly deleters: Tally = new Map();
  readonly line: Line = { text: '', kind: 'base', person: undefined, others: [] };
}

/** Lines of the base and lines of the result, in the order of the document. */
function readLines(pieces: Piece[], rows: Row[]): Line[] {
  const lines: Line[] = [];
  const baseLines: BaseLine[] = [];
  let [now, old] = [new FinalLine(undefined), new BaseLine()];

  const endFinal = (newlineBy: Person | undefined) => {
    now.close(newlineBy);
    lines.push(now.line);
    now = new FinalLine(newlineBy);
  };
  const endBase = () => {
    old.line.text = old.text;
    lines.push(old.line);
    baseLines.push(old);
    old = new BaseLine();
  };
  for (const { text, row, deletedBy } of pieces) {
    const [inBase, inFinal] = [row < 0, deletedBy === notDeleted];
    if (!inBase && !inFinal) continue; // typed and deleted in one window: in the log, but in no version
    for (const part of partsOf(text)) {
      const newline = part.endsWith('\n');
      const letters = part.length - (newline ? 1 : 0);
      if (inBase) old.text += part;
      if (inFinal) now.text += part;
      if (inBase && inFinal) old.shares.set(now, (old.shares.get(now) ?? 0) + part.length);
      if (!inBase && letters > 0) count(now.typed, rows[row]!.person, letters, row);
      if (!inFinal) {
        count(now.deleted, rows[deletedBy]!.person, part.length, deletedBy);
        count(old.deleters, rows[deletedBy]!.person, part.length, deletedBy);
      }
      if (newline && inFinal) endFinal(inBase ? undefined : rows[row]!.person);
      if (newline && inBase) endBase();
      // a whole line went: the next one is not touched by that
      if (newline && !inFinal && now.text === '' && now.typed.size === 0) now.deleted.clear();
    }
  }
  if (now.text) endFinal(undefined);
  if (old.text) endBase();
  giveAway(lines, baseLines, rows[0]?.person);
  return lines.filter((line) => line.text !== '');
}

/** Each old line leaves with the line that took most of it over; a line that nobody can be named for goes to `anyone`. */
function giveAway(lines: Line[], baseLines: BaseLine[], anyone: Person | undefined): void {
  for (const { line, shares, deleters } of baseLines) {
    const heir = [...shares].sort((a, b) => b[1] - a[1])[0]?.[0].line;
    if (heir?.kind === 'final' && heir.text === line.text) {
      heir.kind = 'kept';
      line.text = ''; // the heir stands for both
    } else line.person = first(heir?.person, winner(deleters), anyone);
  }
  for (const line of lines) if (line.kind === 'final') line.person = first(line.person, anyone);
  // Only one line can be last without a newline: the old one leaves in the layer in which the new one comes.
  const open = lines.filter((line) => line.text && !line.text.endsWith('\n'));
  const ending = open.find((line) => line.kind === 'final');
  if (ending) for (const line of open) line.person = ending.person;
}

const partsOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

const first = (...people: (Person | undefined)[]): Person | undefined => people.find((person) => person !== undefined);

function count(tally: Tally, person: Person, amount: number, row: number): void {
  const entry = tally.get(person) ?? { amount: 0, last: row };
  tally.set(person, { amount: entry.amount + amount, last: Math.max(entry.last, row) });
}

function winner(tally: Tally): Person | undefined {
  const [best] = [...tally].sort(([, a], [, b]) => b.amount - a.amount || b.last - a.last);
  return best?.[0];
}
