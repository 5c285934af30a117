// YAML, in a file of its own and in the header of a definition, and how it looks beyond its grammar.
import { yaml, yamlLanguage } from '@codemirror/lang-yaml';
import { HighlightStyle, LanguageSupport, syntaxHighlighting, syntaxTree } from '@codemirror/language';
import type { Extension, Range } from '@codemirror/state';
import { Decoration, EditorView, ViewPlugin, type DecorationSet } from '@codemirror/view';
import { tags as t } from '@lezer/highlight';

/** In YAML plain words are values; in markdown the same tag is the text itself. */
const yamlSyntax = HighlightStyle.define([{ tag: t.content, color: 'var(--color-syntax-string)' }], {
  scope: yamlLanguage,
});

/** YAML's parser has one kind of plain value: numbers, dates, versions and words like null are told apart here. */
const plainValue = /^(?:[-+]?\d[\d_.:eE+TZ-]*|true|false|null|~)$/i;
const valueMark = Decoration.mark({ class: 'cm-plain-value' });
const plainValues = ViewPlugin.define(
  (view) => ({
    decorations: markValues(view),
    update(update) {
      if (update.docChanged || update.viewportChanged || syntaxTree(update.startState) !== syntaxTree(update.state))
        this.decorations = markValues(update.view);
    },
  }),
  { decorations: (plugin) => plugin.decorations },
);

function markValues(view: EditorView): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter(node) {
        if (node.name !== 'Literal' || node.to - node.from > 40 || node.node.parent?.name === 'Key') return;
        if (plainValue.test(view.state.sliceDoc(node.from, node.to))) ranges.push(valueMark.range(node.from, node.to));
      },
    });
  }
  return Decoration.set(ranges, true);
}

export const yamlLook: Extension = [syntaxHighlighting(yamlSyntax), plainValues];

export const yamlSupport = (): LanguageSupport => new LanguageSupport(yaml().language, yamlLook);
