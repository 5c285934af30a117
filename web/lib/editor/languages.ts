// What a file is written in, by its name. Grammars are fetched when a file or a fenced block needs them: the text is there first.
import { LanguageDescription, LanguageSupport, LRLanguage } from '@codemirror/language';
import type { Extension } from '@codemirror/state';

const described = (name: string, alias: string[], extensions: string[], load: () => Promise<LanguageSupport>) =>
  LanguageDescription.of({ name, alias, extensions, load });

/**
 * The grammar alone. lang-html would bring CSS and JavaScript, and since lang-markdown names it too, the bundler would then put all
 * three beside the editor, where every page loads them first.
 */
async function loadHtml(): Promise<LanguageSupport> {
  const { parser } = await import('@lezer/html');
  return new LanguageSupport(LRLanguage.define({ name: 'html', parser }));
}

const languages = [
  described('javascript', ['js', 'jsx', 'mjs'], ['js', 'mjs', 'cjs', 'jsx'], async () =>
    (await import('@codemirror/lang-javascript')).javascript({ jsx: true }),
  ),
  described('typescript', ['ts', 'tsx'], ['ts', 'mts', 'cts', 'tsx'], async () =>
    (await import('@codemirror/lang-javascript')).javascript({ jsx: true, typescript: true }),
  ),
  described('python', ['py', 'micropython'], ['py', 'pyi'], async () =>
    (await import('@codemirror/lang-python')).python(),
  ),
  described('json', ['json5', 'jsonc'], ['json'], async () => (await import('@codemirror/lang-json')).json()),
  described('css', [], ['css'], async () => (await import('@codemirror/lang-css')).css()),
  described('html', [], ['html', 'htm', 'svg', 'xml'], loadHtml),
  described('yaml', ['yml'], ['yaml', 'yml'], async () => (await import('./yamlLanguage.ts')).yamlSupport()),
];

export type FileKind = 'markdown' | 'code' | 'plain';

const extension = (path: string) => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';

export function kindOf(path: string): FileKind {
  const end = extension(path);
  if (end === 'md' || end === 'markdown') return 'markdown';
  return languages.some((language) => language.extensions.includes(end)) ? 'code' : 'plain';
}

export async function languageOf(path: string): Promise<Extension> {
  if (kindOf(path) === 'markdown') return (await import('./markdownLanguage.ts')).markdownWithHeader(languages);
  const found = languages.find((language) => language.extensions.includes(extension(path)));
  return found ? found.load() : [];
}
