// What stands between lines without being text: a diagnostic under its line, a conflict card under the words it is about. Anchors
// move with the text; the cards never take part in it.
import { StateEffect, StateField, type EditorState, type Extension, type Range } from '@codemirror/state';
import { Decoration, EditorView, WidgetType, type DecorationSet } from '@codemirror/view';
import type { Diagnostic } from '#shared/definition.ts';
import type { Conflict } from '#shared/api.ts';

/** A conflict with its words found in the text as it is now. */
export type PlacedConflict = { conflict: Conflict; from: number; to: number };

/** Puts a card into `element`; gives what takes it away. */
export type DrawConflict = (element: HTMLElement, placed: { conflict: Conflict; line: number }) => () => void;

export const setDiagnostics = StateEffect.define<Diagnostic[]>();
export const setConflicts = StateEffect.define<PlacedConflict[]>();

type Blocks = { diagnostics: Diagnostic[]; conflicts: PlacedConflict[]; decorations: DecorationSet };

export function blocks(draw: DrawConflict): Extension {
  const field = StateField.define<Blocks>({
    create: () => ({ diagnostics: [], conflicts: [], decorations: Decoration.none }),
    update(value, transaction) {
      let { diagnostics, conflicts } = value;
      let changed = transaction.docChanged && (diagnostics.length > 0 || conflicts.length > 0);
      if (changed) {
        const at = (position: number, side: -1 | 1) =>
          transaction.changes.mapPos(Math.min(position, transaction.startState.doc.length), side);
        diagnostics = diagnostics.map((one) => ({ ...one, from: at(one.from, 1), to: at(one.to, -1) }));
        conflicts = conflicts.map((one) => ({ ...one, from: at(one.from, -1), to: at(one.to, 1) }));
      }
      for (const effect of transaction.effects) {
        if (effect.is(setDiagnostics)) [diagnostics, changed] = [effect.value, true];
        if (effect.is(setConflicts)) [conflicts, changed] = [effect.value, true];
      }
      return changed
        ? { diagnostics, conflicts, decorations: decorate(transaction.state, diagnostics, conflicts, draw) }
        : value;
    },
    provide: (self) => EditorView.decorations.from(self, (value) => value.decorations),
  });
  return field;
}

function decorate(
  state: EditorState,
  diagnostics: Diagnostic[],
  conflicts: PlacedConflict[],
  draw: DrawConflict,
): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  const end = state.doc.length;
  for (const { from, to, message } of diagnostics) {
    const start = Math.min(from, end);
    const line = state.doc.lineAt(start);
    const stop = Math.min(Math.max(to, start), line.to);
    if (stop > start)
      ranges.push(
        Decoration.mark({ class: 'cm-lintRange-warning', attributes: { title: message } }).range(start, stop),
      );
    ranges.push(Decoration.widget({ widget: new DiagnosticWidget(message), block: true, side: 1 }).range(line.to));
  }
  for (const { conflict, from, to } of conflicts) {
    const [start, stop] = [Math.min(from, end), Math.min(Math.max(from, to), end)];
    if (stop > start) ranges.push(Decoration.mark({ class: 'cm-conflict-words' }).range(start, stop));
    const line = state.doc.lineAt(stop);
    ranges.push(
      Decoration.widget({ widget: new ConflictWidget(conflict, line.number, draw), block: true, side: 2 }).range(
        line.to,
      ),
    );
  }
  return Decoration.set(ranges, true);
}

class DiagnosticWidget extends WidgetType {
  readonly message: string;
  constructor(message: string) {
    super();
    this.message = message;
  }
  override eq(other: DiagnosticWidget) {
    return other.message === this.message;
  }
  toDOM() {
    const element = document.createElement('div');
    element.className = 'cm-diagnostic-line';
    element.append(document.createElement('div'));
    element.firstElementChild!.textContent = this.message;
    return element;
  }
}

class ConflictWidget extends WidgetType {
  readonly conflict: Conflict;
  readonly line: number;
  readonly draw: DrawConflict;
  constructor(conflict: Conflict, line: number, draw: DrawConflict) {
    super();
    this.conflict = conflict;
    this.line = line;
    this.draw = draw;
  }
  override eq(other: ConflictWidget) {
    return other.conflict.id === this.conflict.id && other.draw === this.draw;
  }
  toDOM() {
    const element = document.createElement('div');
    element.className = 'cm-conflict-card';
    element.contentEditable = 'false';
    takeAway.set(element, this.draw(element, { conflict: this.conflict, line: this.line }));
    return element;
  }
  override destroy(element: HTMLElement) {
    takeAway.get(element)?.();
  }
  override get estimatedHeight() {
    return 180;
  }
  override ignoreEvent() {
    return true;
  }
}

const takeAway = new WeakMap<HTMLElement, () => void>();
