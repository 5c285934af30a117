// CodeMirror and Y.Text, kept the same in both directions, with undo of one's own edits only (SY9). Own code rather than a
// library's, for three things that lose words or connections otherwise: carriage returns keep their place, a large paste or a
// replace-all leaves in pieces that the server takes (512 KiB and 5,000 items an update), and a batch of transactions is read whole.
import { Annotation, EditorState, Prec, Text, Transaction, type ChangeSet, type Extension } from '@codemirror/state';
import { EditorView, ViewPlugin, type PluginValue, type ViewUpdate } from '@codemirror/view';
import * as Y from 'yjs';
import type { LiveDocument } from './liveDocument.ts';

/** A change that came from the Y.Text: typed elsewhere, or undone here. */
const fromText = Annotation.define<true>();

/** Half a character, as keyboards send that type an emoji in two steps, and zero: in nobody else's text they would be the same. */
const unwritable = /\0|\p{Cs}/gu;

/** Shows the person who writes such a thing what everybody will see. */
export const onlyText = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || transaction.annotation(fromText)) return transaction;
  const changes: { from: number; to: number; insert: Text }[] = [];
  let isText = true;
  transaction.changes.iterChanges((from, to, _from, _to, inserted) => {
    const written = inserted.sliceString(0, inserted.length, '\n');
    const words = written.replace(unwritable, '\ufffd'); // as long as before: places stay what they are
    isText &&= words === written;
    changes.push({ from, to, insert: Text.of(words.split('\n')) });
  });
  if (isText) return transaction;
  const { newSelection: selection, effects, scrollIntoView } = transaction;
  const userEvent = transaction.annotation(Transaction.userEvent);
  return { changes, selection, effects, scrollIntoView, ...(userEvent === undefined ? {} : { userEvent }) };
});

/** Most characters, and most changes, that one update carries. */
const piece = { characters: 2 ** 16, changes: 1_000 };

type Step = { at: number; remove: number; insert: string };

/** A change set as edits of the text as it is after the edits before, small enough to be sent one by one. */
export function* readSteps(changes: ChangeSet): Generator<Step> {
  const steps: Step[] = [];
  let shift = 0;
  changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    const insert = inserted.sliceString(0, inserted.length, '\n');
    steps.push({ at: fromA + shift, remove: toA - fromA, insert });
    shift += insert.length - (toA - fromA);
  });
  for (const { at, remove, insert } of steps) {
    let from = 0;
    do {
      let to = Math.min(from + piece.characters, insert.length);
      if (to < insert.length && isHighSurrogate(insert.charCodeAt(to - 1))) to -= 1;
      yield { at: at + from, remove: from === 0 ? remove : 0, insert: insert.slice(from, to) };
      from = to;
    } while (from < insert.length);
  }
}

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;

export function applySteps(text: Y.Text, changes: ChangeSet, origin: unknown): void {
  let batch: Step[] = [];
  let size = 0;
  const flush = () => {
    text.doc!.transact(() => {
      for (const { at, remove, insert } of batch) {
        if (remove > 0) text.delete(at, remove);
        if (insert) text.insert(at, insert);
      }
    }, origin);
    batch = [];
    size = 0;
  };
  for (const step of readSteps(changes)) {
    if (batch.length > 0 && (batch.length >= piece.changes || size + step.insert.length > piece.characters)) flush();
    batch.push(step);
    size += step.insert.length;
  }
  if (batch.length > 0) flush();
}

export function readDelta(delta: Y.YTextEvent['delta']): { from: number; to?: number; insert?: string }[] {
  const changes: { from: number; to?: number; insert?: string }[] = [];
  let at = 0;
  for (const part of delta) {
    if (part.retain !== undefined) at += part.retain;
    else if (part.delete !== undefined) {
      changes.push({ from: at, to: at + part.delete });
      at += part.delete;
    } else if (typeof part.insert === 'string') changes.push({ from: at, insert: part.insert });
  }
  return changes;
}

type RelativeSelection = { anchor: Y.RelativePosition; head: Y.RelativePosition };

/** Which of the views of one text wrote last: they share its undo. */
const lastWriters = new WeakMap<Y.UndoManager, Collab>();

class Collab implements PluginValue {
  readonly view: EditorView;
  readonly live: LiveDocument;
  #selectionBefore: RelativeSelection | null = null;
  /** What is written now comes from this view; the same file beside itself has another one. */
  #writing = false;
  /** The caret was put elsewhere since the last edit of this view. */
  #moved = false;

  constructor(view: EditorView, live: LiveDocument) {
    this.view = view;
    this.live = live;
    live.text.observe(this.#observe);
    live.undo.on('stack-item-added', this.#added);
    live.undo.on('stack-item-popped', this.#popped);
  }

  update(update: ViewUpdate): void {
    for (const transaction of update.transactions) {
      if (transaction.isUserEvent('select')) this.#moved = true;
      if (!transaction.docChanged || transaction.annotation(fromText)) continue;
      this.#beginStep();
      this.#selectionBefore = this.#relative(transaction.startState.selection.main);
      this.#writing = true;
      try {
        applySteps(this.live.text, transaction.changes, this.live.typing);
      } finally {
        this.#writing = false;
      }
    }
  }

  /** Typing on is one step of undo; typing somewhere else, or on the other side, is the next, however quickly it follows. */
  #beginStep(): void {
    if (this.#moved || lastWriters.get(this.live.undo) !== this) this.live.undo.stopCapturing();
    this.#moved = false;
    lastWriters.set(this.live.undo, this);
  }

  destroy(): void {
    this.live.text.unobserve(this.#observe);
    this.live.undo.off('stack-item-added', this.#added);
    this.live.undo.off('stack-item-popped', this.#popped);
  }

  readonly #observe = (event: Y.YTextEvent) => {
    if (this.#writing) return;
    this.view.dispatch({
      changes: readDelta(event.delta),
      annotations: [fromText.of(true), Transaction.remote.of(true), Transaction.addToHistory.of(false)],
    });
  };

  readonly #added = ({ stackItem, type }: { stackItem: { meta: Map<unknown, unknown> }; type: 'undo' | 'redo' }) => {
    if (type === 'undo' && this.#selectionBefore && !stackItem.meta.has(Collab))
      stackItem.meta.set(Collab, this.#selectionBefore);
    this.#selectionBefore = null; // of this edit only: the next one may be of the view beside
  };

  readonly #popped = ({ stackItem }: { stackItem: { meta: Map<unknown, unknown> } }) => {
    const before = stackItem.meta.get(Collab) as RelativeSelection | undefined;
    const anchor = before && this.#absolute(before.anchor);
    const head = before && this.#absolute(before.head);
    if (anchor === undefined || head === undefined) return;
    this.view.dispatch({ selection: { anchor, head }, scrollIntoView: true });
  };

  #relative({ anchor, head }: { anchor: number; head: number }): RelativeSelection {
    const at = (index: number) => Y.createRelativePositionFromTypeIndex(this.live.text, index);
    return { anchor: at(anchor), head: at(head) };
  }

  #absolute(position: Y.RelativePosition): number | undefined {
    const found = Y.createAbsolutePositionFromRelativePosition(position, this.live.doc);
    return found && found.type === this.live.text ? Math.min(found.index, this.view.state.doc.length) : undefined;
  }
}

/** The view's first document must be the text as it is: `EditorState.create({ doc: live.rope })`. */
export function collab(live: LiveDocument): Extension {
  const undo = () => (live.readOnly ? false : (live.undo.undo(), true));
  const redo = () => (live.readOnly ? false : (live.undo.redo(), true));
  return [
    onlyText,
    ViewPlugin.define((view) => new Collab(view, live)),
    Prec.high(
      EditorView.domEventHandlers({
        // not a keymap: with Caps Lock the letter and the shift key contradict each other, and redo became undo
        keydown(event) {
          if (event.altKey || !(event.ctrlKey || event.metaKey) || event.isComposing) return false;
          const key = event.key.toLowerCase();
          const wanted =
            key === 'z'
              ? event.shiftKey
                ? redo
                : undo
              : key === 'y' && !event.metaKey && !event.shiftKey
                ? redo
                : null;
          if (!wanted) return false;
          event.preventDefault();
          wanted();
          return true;
        },
      }),
    ),
    // the browser's own undo (menu, phone keyboards) goes the same way
    EditorView.domEventHandlers({
      beforeinput(event) {
        if (event.inputType === 'historyUndo') undo();
        else if (event.inputType === 'historyRedo') redo();
        else return false;
        event.preventDefault();
        return true;
      },
    }),
  ];
}
