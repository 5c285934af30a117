// The small editor of a cell: Python, its own undo, as high as its text.
import { autocompletion, closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { EditorState, Prec } from '@codemirror/state';
import { drawSelection, EditorView, keymap, placeholder } from '@codemirror/view';
import { tags as t } from '@lezer/highlight';

const look = EditorView.theme({
  '&': { backgroundColor: 'transparent', color: 'var(--color-ink)', fontSize: 'var(--text-code)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'var(--font-mono)',
    lineHeight: 'var(--text-code--line-height)',
    fontVariantLigatures: 'none',
  },
  '.cm-content': { padding: '6px 0', caretColor: 'var(--color-ink)' },
  '.cm-content:focus-visible': { boxShadow: 'none' },
  '.cm-line': { padding: '0 10px' },
  '.cm-cursor': { borderLeft: '2px solid var(--color-ink)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--color-accent-soft)',
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--color-active)', outline: 'none' },
  '.cm-placeholder': { color: 'var(--color-ink-3)' },
});
const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [t.keyword, t.self, t.null, t.bool], color: 'var(--color-syntax-key)' },
    { tag: [t.string, t.special(t.string)], color: 'var(--color-syntax-string)' },
    { tag: [t.number], color: 'var(--color-syntax-number)' },
    { tag: [t.comment], color: 'var(--color-ink-3)', fontStyle: 'italic' },
  ]),
);

export function openCellEditor({
  into,
  text,
  label,
  changed,
  run,
  leave,
}: {
  into: HTMLElement;
  text: string;
  label: string;
  changed: (text: string) => void;
  /** `next`: go on to the next cell. */ run: (next: boolean) => void;
  leave: () => void;
}): EditorView {
  const act = (next: boolean) => () => {
    run(next);
    return true;
  };
  return new EditorView({
    parent: into,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(
          keymap.of([
            { key: 'Shift-Enter', run: act(true) },
            { key: 'Mod-Enter', run: act(false) },
            {
              key: 'Escape',
              run: (view) => {
                // out of the editor, where Tab moves on
                view.contentDOM.blur();
                leave();
                return true;
              },
            },
          ]),
        ),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('    '),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ activateOnTyping: false }),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        python(),
        placeholder('Python'),
        EditorView.contentAttributes.of({ 'aria-label': label }),
        EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
        look,
        colours,
      ],
    }),
  });
}
