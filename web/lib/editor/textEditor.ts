// The editor of one file: CodeMirror over a live document. It knows text and people; the bar, the preview and what a key means to
// the rest of the workspace come from outside.
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, foldKeymap, indentOnInput } from '@codemirror/language';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from '@codemirror/view';
import * as Y from 'yjs';
import type { Conflict } from '#shared/api.ts';
import { blocks, setConflicts, setDiagnostics, type DrawConflict } from './blocks.ts';
import { collab } from './collab.ts';
import { kindOf, languageOf } from './languages.ts';
import type { LiveDocument } from './liveDocument.ts';
import { others } from './others.ts';
import type { Diagnostic } from '#shared/definition.ts';
import type { Edit } from '#shared/diff.ts';
import { typeAhead } from '#lib/ui/typedAhead.ts';
import { theme } from './theme.ts';

export type TextEditorOptions = {
  parent: HTMLElement;
  live: LiveDocument;
  path: string;
  drawConflict: DrawConflict;
  following: () => string | null;
  unfollow: () => void;
  /** After each change of the text, mine or another's. */
  changed: () => void;
  /** Where I am: line and column from 1, and how many characters are selected. */
  moved: (place: { line: number; column: number; selected: number }) => void;
  scrolled: () => void;
  save: () => void;
};

export type TextEditor = ReturnType<typeof openTextEditor>;

export function openTextEditor(options: TextEditorOptions) {
  const { live } = options;
  const language = new Compartment();
  const writing = new Compartment();
  const label = new Compartment();
  const help = new Compartment();
  const definitions = new Compartment();
  const people = others(live, { following: options.following, unfollow: options.unfollow });
  let closed = false;
  let path = options.path;

  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: live.rope,
      extensions: [
        EditorState.lineSeparator.of('\n'), // a carriage return is a character of its line, or every place after it would be off by one
        EditorState.tabSize.of(2),
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightSpecialChars({
          specialChars:
            /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202d\u202e\u2066\u2067\u2069\ufeff\ufff9-\ufffc]/g,
        }),
        drawSelection(),
        dropCursor(),
        EditorState.allowMultipleSelections.of(true),
        indentOnInput(),
        bracketMatching(),
        rectangularSelection(),
        crosshairCursor(),
        highlightActiveLine(),
        EditorView.lineWrapping,
        EditorView.clipboardInputFilter.of((text) => text.replaceAll(/\r\n?/g, '\n')),
        keymap.of([{ key: 'Mod-s', run: () => (options.save(), true), preventDefault: true }]),
        help.of([]),
        definitions.of([]),
        keymap.of([
          ...defaultKeymap,
          ...foldKeymap,
          indentWithTab,
          { key: 'Mod-f', run: () => (void findWords(), true), preventDefault: true }, // until the help is there
        ]),
        EditorView.domEventHandlers({ focus: () => void fetchHelp().catch(() => {}) }), // asked for again with the next focus
        collab(live),
        people.extension,
        blocks(options.drawConflict),
        theme,
        language.of([]),
        writing.of(writable(live.readOnly)),
        label.of(named(path)),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.changed();
          if (update.docChanged || update.selectionSet) tellPlace();
        }),
      ],
    }),
  });
  view.scrollDOM.addEventListener('scroll', options.scrolled, { passive: true });
  void setLanguage();
  tellPlace();

  function tellPlace() {
    const { state } = view;
    const { head, from, to } = state.selection.main;
    const line = state.doc.lineAt(head);
    options.moved({ line: line.number, column: head - line.from + 1, selected: to - from });
  }

  let helping = false;
  async function fetchHelp() {
    const part = await import('./writingHelp.ts');
    if (!helping && !closed) view.dispatch({ effects: help.reconfigure(part.writingHelp) });
    helping = true;
  }
  async function findWords() {
    const keys = typeAhead();
    try {
      const [{ openSearchPanel }] = await Promise.all([import('@codemirror/search'), fetchHelp()]);
      if (!closed && !keys.cancelled) openSearchPanel(view);
      await keys.giveTo(() => view.dom.querySelector('.cm-search [main-field]'));
    } finally {
      keys.drop();
    }
  }

  async function setLanguage() {
    const mine = path;
    const extension = await languageOf(mine);
    if (!closed && mine === path)
      view.dispatch({ effects: language.reconfigure([extension, kindOf(mine) === 'markdown' ? markdownHabits : []]) });
  }

  return {
    view,
    setReadOnly: (readOnly: boolean) => view.dispatch({ effects: writing.reconfigure(writable(readOnly)) }),
    /** A rename keeps the session: only the language and the label follow. */
    setPath(next: string) {
      if (next === path) return;
      path = next;
      view.dispatch({ effects: label.reconfigure(named(next)) });
      void setLanguage();
    },
    setDiagnostics: (diagnostics: Diagnostic[]) => view.dispatch({ effects: setDiagnostics.of(diagnostics) }),
    /** Completion and links of a file that defines something. */
    setDefinitionHelp: (extension: Extension) => {
      if (!closed) view.dispatch({ effects: definitions.reconfigure(extension) });
    },
    setConflicts: (conflicts: Conflict[]) =>
      view.dispatch({ effects: setConflicts.of(conflicts.flatMap((conflict) => place(live, conflict) ?? [])) }),
    goTo: (personId: string) => people.goTo(view, personId),
    goToLine(line: number, { focus = true } = {}) {
      const at = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines)).from;
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'start', yMargin: 40 }) });
      if (focus) view.focus();
    },
    /** The line at the top of the screen, with the part of it that is scrolled away. */
    topLine(): number {
      const block = view.lineBlockAtHeight(view.scrollDOM.scrollTop);
      const inside = block.height > 0 ? (view.scrollDOM.scrollTop - block.top) / block.height : 0;
      return view.state.doc.lineAt(block.from).number + Math.min(Math.max(inside, 0), 1);
    },
    scrollToLine(line: number) {
      const whole = Math.min(Math.max(1, Math.floor(line)), view.state.doc.lines);
      const block = view.lineBlockAt(view.state.doc.line(whole).from);
      view.scrollDOM.scrollTop = block.top + (line - whole) * block.height;
    },
    /** Edits at offsets of the text as it is now, as one step of my undo. */
    change: (edits: Edit[]) =>
      view.dispatch({
        changes: edits.map(({ at, remove, insert }) => ({ from: at, to: at + remove, insert })),
        userEvent: 'input',
      }),
    focus: () => view.focus(),
    close() {
      closed = true;
      view.destroy();
    },
  };
}

const writable = (readOnly: boolean) => [
  EditorState.readOnly.of(readOnly),
  EditorView.editable.of(true),
  EditorView.contentAttributes.of(readOnly ? { 'aria-readonly': 'true' } : {}),
];
const named = (path: string) =>
  EditorView.contentAttributes.of({ 'aria-label': path, tabindex: '0', spellcheck: 'false', autocapitalize: 'off' });

const markdownHabits = EditorState.languageData.of(() => [{ closeBrackets: { brackets: ['(', '[', '{', '`', '"'] } }]);

function place(live: LiveDocument, conflict: Conflict): { conflict: Conflict; from: number; to: number } | null {
  const at = (words: string) => {
    const bytes = Uint8Array.from(atob(words), (sign) => sign.charCodeAt(0));
    const found = Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(bytes), live.doc);
    return found && found.type === live.text ? found.index : null;
  };
  try {
    const from = at(conflict.from);
    const to = at(conflict.to);
    return from === null ? null : { conflict, from, to: Math.max(from, to ?? from) };
  } catch {
    return null;
  }
}
