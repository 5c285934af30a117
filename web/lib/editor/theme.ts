// The look of text: the design's tokens, read as CSS variables, so that a change of theme needs nothing of us.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags as t } from '@lezer/highlight';

const now = 'color-mix(in srgb, var(--color-hover) 55%, transparent)';

const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--color-surface)', color: 'var(--color-ink)', fontSize: 'var(--text-code)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: 'var(--text-code--line-height)', fontFeatureSettings: '"calt" 0', fontVariantLigatures: 'none', overscrollBehavior: 'contain' },
  '.cm-content': { padding: '6px 0', caretColor: 'var(--color-ink)' },
  '.cm-line': { padding: '0 12px 0 0', overflowWrap: 'anywhere' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--color-ink-3)', border: 'none', fontSize: 'var(--text-2xs)', fontVariantNumeric: 'tabular-nums', userSelect: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '44px', padding: '0 12px 0 8px', textAlign: 'right' },
  '.cm-activeLine': { backgroundColor: now, boxShadow: `-6px 0 0 ${now}` },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--color-ink)' },
  '.cm-cursor': { borderLeft: '2px solid var(--color-ink)', marginLeft: '-1px' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { backgroundColor: 'var(--color-accent-soft)' },
  '&:not(.cm-focused) .cm-activeLine': { backgroundColor: 'transparent', boxShadow: 'none' },
  '.cm-selectionMatch': { backgroundColor: 'var(--color-hover)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--color-active)', outline: 'none' },
  '.cm-searchMatch': { backgroundColor: 'var(--color-warn-soft)', boxShadow: '0 0 0 1px var(--color-warn-line)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--color-warn-line)' },
  '.cm-foldPlaceholder': { border: 'none', backgroundColor: 'var(--color-hover)', color: 'var(--color-ink-3)', padding: '0 6px' },
  '.cm-lintRange-warning, .cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--color-warn-solid) 1px', textUnderlineOffset: '3px', textDecorationSkipInk: 'none' },
  '.cm-lintRange-error': { textDecorationColor: 'var(--color-danger-solid)' },

  '.cm-tooltip': { border: 'none', borderRadius: '6px', backgroundColor: 'var(--color-raised)', color: 'var(--color-ink)', boxShadow: 'var(--shadow-popover)', font: '400 var(--text-xs)/17px var(--font-sans)' },
  '.cm-tooltip-lint .cm-diagnostic': { border: 'none', padding: '6px 9px' },
  '.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--font-mono)', maxHeight: '240px' },
  '.cm-tooltip-autocomplete > ul > li': { padding: '3px 9px', lineHeight: '20px' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--color-accent-soft)', color: 'var(--color-ink)' },

  '.cm-panels': { backgroundColor: 'var(--color-canvas)', color: 'var(--color-ink)', font: '400 var(--text-xs)/16px var(--font-sans)' },
  '.cm-panels-top': { borderBottom: '1px solid var(--color-line)' },

  // other people
  '.cm-others-carets': { pointerEvents: 'none' },
  '.rs': { backgroundColor: 'color-mix(in srgb, var(--p) 22%, transparent)', borderRadius: '2px' },
  '.rc': { position: 'absolute', width: '0' },
  '.rc::before': { content: '""', position: 'absolute', left: '-1px', top: '-1px', bottom: '-1px', width: '2px', backgroundColor: 'var(--p)', borderRadius: '1px' },
  '.rc::after': { content: '""', position: 'absolute', left: '-3px', top: '-3px', width: '6px', height: '4px', backgroundColor: 'var(--p)', borderRadius: '1px', opacity: '0', transition: 'opacity var(--duration-base) var(--ease-out)' },
  '.rc > b': { position: 'absolute', left: '-1px', bottom: '100%', padding: '0 5px', height: '15px', borderRadius: '3px 3px 3px 0', backgroundColor: 'var(--p)', color: 'var(--pon)', font: '600 10.5px/15px var(--font-sans)', whiteSpace: 'nowrap', zIndex: '2', transition: 'opacity var(--duration-base) var(--ease-out)' },
  '.rc.below > b': { bottom: 'auto', top: '100%', borderRadius: '0 3px 3px 3px' },
  '.rc.eol > b': { left: '4px', bottom: '1px', borderRadius: '3px' },
  '.rc.quiet > b': { opacity: '0' },
  '.rc.quiet::after': { opacity: '1' },
});

const syntax = HighlightStyle.define([
  { tag: [t.propertyName, t.definition(t.propertyName), t.tagName, t.attributeName, t.keyword, t.modifier, t.controlKeyword, t.typeName, t.className], color: 'var(--color-syntax-key)' },
  { tag: [t.string, t.special(t.string), t.regexp, t.attributeValue, t.content, t.character, t.escape], color: 'var(--color-syntax-string)' },
  { tag: [t.number, t.bool, t.null, t.atom, t.unit, t.color, t.constant(t.name)], color: 'var(--color-syntax-number)' },
  { tag: [t.punctuation, t.separator, t.bracket, t.operator, t.meta, t.comment, t.processingInstruction, t.contentSeparator, t.labelName], color: 'var(--color-syntax-mark)' },
  { tag: t.comment, fontStyle: 'italic' },
  { tag: t.heading, fontWeight: '700', color: 'var(--color-ink)' },
  { tag: t.strong, fontWeight: '700', color: 'var(--color-ink)' },
  { tag: t.emphasis, fontStyle: 'italic', color: 'var(--color-ink)' },
  { tag: t.strikethrough, textDecoration: 'line-through' },
  { tag: t.link, color: 'var(--color-ink)', textDecoration: 'underline', textDecorationColor: 'var(--color-line-control)', textUnderlineOffset: '3px' },
  { tag: t.url, color: 'var(--color-syntax-mark)' },
  { tag: t.monospace, color: 'var(--color-syntax-string)' },
  { tag: t.invalid, color: 'var(--color-danger)' },
]);

export const theme: Extension = [look, syntaxHighlighting(syntax)];
