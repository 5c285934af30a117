// Markdown for the editor. `markdown()` of lang-markdown would bring HTML, CSS and JavaScript along for tags inside of a text, 60 kB
// that every page would load first; so its parts are put together here, and fenced blocks fetch their language when they are there.
import { markdownKeymap, markdownLanguage, pasteURLAsLink } from '@codemirror/lang-markdown';
import { yamlFrontmatter } from '@codemirror/lang-yaml';
import { Language, LanguageDescription, LanguageSupport, ParseContext } from '@codemirror/language';
import { Prec, type Extension } from '@codemirror/state';
import { keymap } from '@codemirror/view';
import { parseCode, type MarkdownParser } from '@lezer/markdown';
import { yamlLook } from './yamlLanguage.ts';

/** With its YAML header, as definitions have it. */
export const markdownWithHeader = (codeLanguages: readonly LanguageDescription[]): Extension => [
  yamlFrontmatter({ content: markdownSupport(codeLanguages) }),
  yamlLook,
];

/** `codeLanguages`: what a fenced block may be written in, by the word behind its fence. */
function markdownSupport(codeLanguages: readonly LanguageDescription[]): LanguageSupport {
  const codeParser = (info: string) => {
    const name = /^\S*/.exec(info)![0];
    const found = name && LanguageDescription.matchLanguageName(codeLanguages, name, true);
    if (!found) return null;
    return found.support ? found.support.language.parser : ParseContext.getSkippingParser(found.load());
  };
  const parser = (markdownLanguage.parser as MarkdownParser).configure(parseCode({ codeParser }));
  const language = new Language(markdownLanguage.data, parser, [], 'markdown');
  return new LanguageSupport(language, [pasteURLAsLink, Prec.high(keymap.of([...markdownKeymap]))]);
}
