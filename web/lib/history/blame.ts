// Who wrote each line, in the gutter of the living editor. Lines keep their people while everybody types; what is typed since the
// last version says "now". Mounted from outside into any CodeMirror view, and taken out again.
import {
  Compartment,
  Prec,
  StateEffect,
  StateField,
  type ChangeDesc,
  type Extension,
  type Text,
} from '@codemirror/state';
import { EditorView, gutter, GutterMarker } from '@codemirror/view';
import { isProblem } from '#shared/errors.ts';
import type { ToBrowser } from '#shared/live.ts';
import type { Api } from '#lib/api.ts';
import { carryOwners, hueOf, ownersOf, readStretches, typeOver, type Owner, type Stretch } from './blameLines.ts';

type Blamed = { owners: Owner[]; stretches: Stretch[] };
const setOwners = StateEffect.define<Owner[]>();

const blamed = StateField.define<Blamed | null>({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setOwners)) return read(effect.value);
    if (!value || !transaction.docChanged) return value;
    const { startState, newDoc, changes } = transaction;
    return read(followChanges({ owners: value.owners, changes, before: startState.doc, after: newDoc }));
  },
});

const read = (owners: Owner[]): Blamed => ({ owners, stretches: readStretches(owners, new Date()) });

type Following = { owners: Owner[]; changes: ChangeDesc; before: Text; after: Text };

/** Lines that an edit touched belong to now; lines that it only moved keep their people, also around a new line beside them. */
export function followChanges({ owners, changes, before, after }: Following): Owner[] {
  const edits: { from: number; to: number; count: number }[] = [];
  changes.iterChangedRanges((fromA, toA, fromB, toB) => {
    let [from, to] = [before.lineAt(fromA).number - 1, before.lineAt(toA).number];
    let [first, last] = [after.lineAt(fromB).number - 1, after.lineAt(toB).number];
    while (from < to && first < last && before.line(from + 1).text === after.line(first + 1).text)
      [from, first] = [from + 1, first + 1];
    while (from < to && first < last && before.line(to).text === after.line(last).text) [to, last] = [to - 1, last - 1];
    edits.push({ from, to, count: last - first });
  });
  let followed = owners;
  let floor = Infinity;
  for (const edit of edits.reverse()) {
    // two edits of one line were counted twice: the later one has it
    const to = Math.min(edit.to, floor);
    const count = edit.count - (edit.to - to);
    followed = typeOver(followed, { from: edit.from, to: Math.max(to, edit.from), count: Math.max(count, 0) });
    floor = edit.from;
  }
  if (followed.length > after.lines) followed = followed.slice(0, after.lines);
  while (followed.length < after.lines) followed = [...followed, null];
  return followed;
}

class NameMarker extends GutterMarker {
  override elementClass: string;
  readonly #stretch: Stretch;
  readonly #first: boolean;
  constructor(stretch: Stretch, first: boolean) {
    super();
    this.#stretch = stretch;
    this.#first = first;
    this.elementClass = stretch.owner ? hueOf(stretch.owner.author) : 'cm-blame-now';
  }
  override eq(other: NameMarker): boolean {
    return (
      this.#first === other.#first &&
      this.#stretch.who === other.#stretch.who &&
      this.#stretch.time === other.#stretch.time &&
      this.elementClass === other.elementClass
    );
  }
  override toDOM(): Node {
    const { who, time, owner } = this.#stretch;
    const label = document.createElement('span');
    if (!this.#first) return label;
    const name = document.createElement('b');
    name.textContent = who;
    label.append(name, time ? ` ${time}` : '');
    if (owner)
      label.title = `${owner.message.split('\n', 1)[0]}\n${owner.author?.name ?? 'LLMos'}, ${owner.at ? new Date(owner.at).toLocaleString('en-GB') : ''}`;
    else label.title = 'Typed since the last version';
    return label;
  }
}

function stretchAt(stretches: Stretch[], line: number): Stretch | undefined {
  let [low, high] = [0, stretches.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (stretches[middle]!.from <= line) low = middle;
    else high = middle - 1;
  }
  return stretches[low];
}

const extension: Extension = [
  blamed,
  Prec.highest(
    gutter({
      class: 'cm-blame',
      renderEmptyElements: true,
      lineMarker(view, block) {
        const value = view.state.field(blamed);
        const line = view.state.doc.lineAt(block.from).number - 1;
        const stretch = value && stretchAt(value.stretches, line);
        return stretch ? new NameMarker(stretch, stretch.from === line) : null;
      },
      lineMarkerChange: (update) => update.startState.field(blamed, false) !== update.state.field(blamed, false),
    }),
  ),
  EditorView.baseTheme({
    '.cm-blame': { width: '112px' },
    '.cm-blame .cm-gutterElement': {
      padding: '0 6px 0 9px',
      borderLeft: '3px solid var(--p, transparent)',
      fontFamily: 'var(--font-sans)',
      fontSize: '11px',
      color: 'var(--color-ink-3)',
      textAlign: 'left',
      whiteSpace: 'nowrap',
      overflow: 'hidden',
      textOverflow: 'ellipsis',
    },
    '.cm-blame b': { fontWeight: '500', color: 'var(--color-ink-2)' },
    '.cm-blame .cm-blame-now b': { color: 'var(--color-accent)' },
  }),
];

export type BlamePlace = { view: EditorView; fileId: string; volume: string; path: string };
type Outside = { api: Api; listen: (listener: (message: ToBrowser) => void) => () => void };

/** Shows the gutter until it is stopped. */
export function openBlame({ view, fileId, volume, path, api, listen }: BlamePlace & Outside): () => void {
  const slot = new Compartment();
  let closed = false;
  let asked = 0;
  view.dispatch({ effects: StateEffect.appendConfig.of(slot.of(extension)) });

  async function load() {
    const mine = ++asked;
    try {
      const { oid, runs } = await api('GET /volumes/:volume/blame/*path', { params: { volume, path } });
      const before =
        oid === null
          ? ''
          : await api('GET /volumes/:volume/files/*path', { params: { volume, path }, query: { at: oid } });
      if (closed || mine !== asked) return;
      const owners =
        oid === null
          ? view.state.doc
              .toString()
              .split('\n')
              .map(() => null)
          : carryOwners({ owners: ownersOf(runs), before, after: view.state.doc.toString() });
      view.dispatch({ effects: setOwners.of(owners) });
    } catch (error) {
      if (!isProblem(error)) throw error; // the next version brings the names
    }
  }
  void load();
  const stop = listen((message) => {
    if (message.type === 'committed' && message.fileIds.includes(fileId)) void load();
  });
  return () => {
    closed = true;
    stop();
    if (view.dom.isConnected) view.dispatch({ effects: slot.reconfigure([]) });
  };
}
