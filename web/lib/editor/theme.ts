// The look of text: the design's tokens, read as CSS variables, so that a change of theme needs nothing of us.
import { yamlLanguage } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting, syntaxTree } from '@codemirror/language';
import type { Extension, Range } from '@codemirror/state';
import { Decoration, EditorView, ViewPlugin, type DecorationSet } from '@codemirror/view';
import { tags as t } from '@lezer/highlight';

const now = 'color-mix(in srgb, var(--color-hover) 55%, transparent)';

const look = EditorView.theme({
  '&': {
    height: '100%',
    backgroundColor: 'var(--color-surface)',
    color: 'var(--color-ink)',
    fontSize: 'var(--text-code)',
  },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'var(--font-mono)',
    lineHeight: 'var(--text-code--line-height)',
    fontFeatureSettings: '"calt" 0',
    fontVariantLigatures: 'none',
    overscrollBehavior: 'contain',
  },
  '.cm-content': { padding: '6px 0', caretColor: 'var(--color-ink)' },
  '.cm-content:focus-visible': { boxShadow: 'none', borderRadius: '0' },
  '.cm-plain-value, .cm-plain-value *': { color: 'var(--color-syntax-number)' },
  '.cm-line': { padding: '0 12px 0 0', overflowWrap: 'anywhere' },
  '.cm-gutters': {
    backgroundColor: 'transparent',
    color: 'var(--color-ink-3)',
    border: 'none',
    fontSize: 'var(--text-2xs)',
    fontVariantNumeric: 'tabular-nums',
    userSelect: 'none',
  },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '44px', padding: '0 12px 0 8px', textAlign: 'right' },
  '.cm-activeLine': { backgroundColor: now, boxShadow: `-6px 0 0 ${now}` },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--color-ink)' },
  '.cm-cursor': { borderLeft: '2px solid var(--color-ink)', marginLeft: '-1px' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--color-accent-soft)',
  },
  '&:not(.cm-focused) .cm-activeLine': { backgroundColor: 'transparent', boxShadow: 'none' },
  '.cm-selectionMatch': { backgroundColor: 'var(--color-hover)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--color-active)', outline: 'none' },
  '.cm-searchMatch': { backgroundColor: 'var(--color-warn-soft)', boxShadow: '0 0 0 1px var(--color-warn-line)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--color-warn-line)' },
  '.cm-foldPlaceholder': {
    border: 'none',
    backgroundColor: 'var(--color-hover)',
    color: 'var(--color-ink-3)',
    padding: '0 6px',
  },
  '.cm-lintRange-warning, .cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--color-warn-solid) 1px',
    textUnderlineOffset: '3px',
    textDecorationSkipInk: 'none',
  },
  '.cm-lintRange-error': { textDecorationColor: 'var(--color-danger-solid)' },

  '.cm-tooltip': {
    border: 'none',
    borderRadius: '6px',
    backgroundColor: 'var(--color-raised)',
    color: 'var(--color-ink)',
    boxShadow: 'var(--shadow-popover)',
    font: '400 var(--text-xs)/17px var(--font-sans)',
  },
  '.cm-tooltip-lint .cm-diagnostic': { border: 'none', padding: '6px 9px' },
  '.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--font-mono)', maxHeight: '240px' },
  '.cm-tooltip-autocomplete > ul > li': { padding: '3px 9px', lineHeight: '20px' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--color-accent-soft)',
    color: 'var(--color-ink)',
  },

  '.cm-panels': {
    backgroundColor: 'var(--color-canvas)',
    color: 'var(--color-ink)',
    font: '400 var(--text-xs)/16px var(--font-sans)',
  },
  '.cm-panels-top': { borderBottom: '1px solid var(--color-line)' },
  '.cm-panel.cm-search': {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '4px 6px',
    padding: '6px 32px 6px 12px',
    fontFamily: 'var(--font-sans)',
  },
  '.cm-panel.cm-search br': { flexBasis: '100%', height: '0' },
  '.cm-panel.cm-search .cm-textfield': {
    margin: '0',
    height: '24px',
    padding: '0 8px',
    width: '220px',
    border: '1px solid var(--color-line-control)',
    borderRadius: '5px',
    backgroundColor: 'var(--color-surface)',
    color: 'var(--color-ink)',
    font: '400 var(--text-xs)/16px var(--font-mono)',
  },
  '.cm-panel.cm-search .cm-textfield:focus': {
    borderColor: 'var(--color-accent)',
    boxShadow: '0 0 0 1px var(--color-accent)',
  },
  '.cm-panel.cm-search .cm-button': {
    margin: '0',
    height: '24px',
    padding: '0 8px',
    border: '1px solid var(--color-line-strong)',
    borderRadius: '5px',
    background: 'var(--color-surface)',
    color: 'var(--color-ink)',
    font: '500 var(--text-xs)/16px var(--font-sans)',
    textTransform: 'none',
  },
  '.cm-panel.cm-search .cm-button:hover': { background: 'var(--color-hover)' },
  '.cm-panel.cm-search label': {
    display: 'inline-flex',
    alignItems: 'center',
    gap: '4px',
    margin: '0',
    color: 'var(--color-ink-2)',
    fontSize: 'var(--text-2xs)',
    whiteSpace: 'nowrap',
  },
  '.cm-panel.cm-search label input': { margin: '0', accentColor: 'var(--color-accent-fill)' },
  '.cm-panel.cm-search [name=close]': {
    position: 'absolute',
    right: '8px',
    top: '6px',
    width: '24px',
    height: '24px',
    borderRadius: '5px',
    color: 'var(--color-ink-3)',
    fontSize: '16px',
    textAlign: 'center',
  },

  // between lines
  // a block's height is measured without its margins, so the space around it is padding
  '.cm-diagnostic-line': { padding: '2px 12px 4px 0' },
  '.cm-diagnostic-line > div': {
    padding: '4px 8px',
    borderRadius: '5px',
    backgroundColor: 'var(--color-warn-soft)',
    color: 'var(--color-ink)',
    font: '400 var(--text-xs)/18px var(--font-sans)',
  },
  '.cm-conflict-card': {
    padding: '4px 12px 8px 0',
    font: '400 var(--text-sm)/20px var(--font-sans)',
    whiteSpace: 'normal',
  },
  '.cm-conflict-words': { backgroundColor: 'var(--color-warn-soft)', boxShadow: '0 1px 0 var(--color-warn-line)' },

  // other people
  '.cm-others-carets': { pointerEvents: 'none' },
  '.rs': { backgroundColor: 'color-mix(in srgb, var(--p) 22%, transparent)', borderRadius: '2px' },
  '.rc': { position: 'absolute', width: '2px', marginLeft: '-1px' },
  '.rc::before': {
    content: '""',
    position: 'absolute',
    left: '0',
    top: '-1px',
    bottom: '-1px',
    width: '2px',
    backgroundColor: 'var(--p)',
    borderRadius: '1px',
  },
  '.rc::after': {
    content: '""',
    position: 'absolute',
    left: '-2px',
    top: '-3px',
    width: '6px',
    height: '4px',
    backgroundColor: 'var(--p)',
    borderRadius: '1px',
    opacity: '0',
    transition: 'opacity var(--duration-base) var(--ease-out)',
  },
  '.rc > b': {
    position: 'absolute',
    left: '0',
    bottom: '100%',
    padding: '0 5px',
    height: '15px',
    borderRadius: '3px 3px 3px 0',
    backgroundColor: 'var(--p)',
    color: 'var(--pon)',
    font: '600 10.5px/15px var(--font-sans)',
    whiteSpace: 'nowrap',
    zIndex: '2',
    transition: 'opacity var(--duration-base) var(--ease-out)',
  },
  '.rc.below > b': { bottom: 'auto', top: '100%', borderRadius: '0 3px 3px 3px' },
  '.rc.eol > b': { left: '5px', bottom: '1px', borderRadius: '3px' },
  '.rc.quiet > b': { opacity: '0' },
  '.rc.quiet::after': { opacity: '1' },
});

const syntax = HighlightStyle.define([
  {
    tag: [
      t.propertyName,
      t.definition(t.propertyName),
      t.tagName,
      t.attributeName,
      t.keyword,
      t.modifier,
      t.controlKeyword,
      t.typeName,
      t.className,
    ],
    color: 'var(--color-syntax-key)',
  },
  {
    tag: [t.string, t.special(t.string), t.regexp, t.attributeValue, t.character, t.escape, t.monospace],
    color: 'var(--color-syntax-string)',
  },
  { tag: [t.number, t.bool, t.null, t.atom, t.unit, t.color, t.constant(t.name)], color: 'var(--color-syntax-number)' },
  { tag: t.heading, fontWeight: '700', color: 'var(--color-ink)' },
  { tag: t.strong, fontWeight: '700', color: 'var(--color-ink)' },
  { tag: t.emphasis, fontStyle: 'italic', color: 'var(--color-ink)' },
  { tag: t.strikethrough, textDecoration: 'line-through' },
  {
    tag: t.link,
    color: 'var(--color-ink)',
    textDecoration: 'underline',
    textDecorationColor: 'var(--color-line-control)',
    textUnderlineOffset: '3px',
  },
  { tag: t.url, color: 'var(--color-syntax-mark)', textDecoration: 'none' },
  { tag: t.comment, fontStyle: 'italic' },
  // last, so that the marks of a heading or of bold words stay quiet
  {
    tag: [
      t.punctuation,
      t.separator,
      t.bracket,
      t.operator,
      t.meta,
      t.comment,
      t.processingInstruction,
      t.contentSeparator,
      t.labelName,
    ],
    color: 'var(--color-syntax-mark)',
    fontWeight: '400',
  },
  { tag: t.invalid, color: 'var(--color-danger)' },
]);

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

export const theme: Extension = [look, syntaxHighlighting(syntax), syntaxHighlighting(yamlSyntax), plainValues];
