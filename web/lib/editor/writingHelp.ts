// What helps while writing and looks for words: brackets that close, completion, search. Reading needs none of it, so the editor
// fetches it when it first has the focus.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import type { Extension } from '@codemirror/state';
import { keymap } from '@codemirror/view';

export const writingHelp: Extension = [
  closeBrackets(),
  autocompletion({ icons: false }),
  highlightSelectionMatches({ minSelectionLength: 2 }),
  search({ top: true }),
  keymap.of([...closeBracketsKeymap, ...searchKeymap, ...completionKeymap]),
];
