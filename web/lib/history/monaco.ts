// Monaco, fetched when the first diff is opened: its core and the languages that volumes hold, each with its own chunk. It takes
// colours as hex only, so the tokens are read now and again whenever the theme changes.
import type * as MonacoModule from 'monaco-editor';

export type Monaco = typeof MonacoModule;

let loading: Promise<Monaco> | null = null;

export function loadMonaco(): Promise<Monaco> {
  loading ??= load().catch((error: unknown) => {
    loading = null; // the next try may have a network
    throw error;
  });
  return loading;
}

/** Monaco's own words for two places that we name otherwise; all others keep theirs. Keys are places in its table of messages. */
const words: Record<number, string> = {
  140: '{0} lines the same',
  146: '{0} lines the same',
  145: 'Show {0} lines that are the same',
};

async function load(): Promise<Monaco> {
  Object.assign(globalThis, { _VSCODE_NLS_MESSAGES: Object.assign([], words) });
  const [{ default: EditorWorker }, monaco] = await Promise.all([
    import('monaco-editor/editor/editor.worker.js?worker'),
    import('monaco-editor/editor/editor.api.js') as unknown as Promise<Monaco>,
    import('monaco-editor/features/codicon/register.js'),
    import('monaco-editor/features/diffEditor/register.js'),
    import('monaco-editor/features/find/register.js'),
    import('monaco-editor/features/clipboard/register.js'),
    import('monaco-editor/features/unicodeHighlighter/register.js'),
    import('monaco-editor/languages/definitions/python/register.js'),
    import('monaco-editor/languages/definitions/javascript/register.js'),
    import('monaco-editor/languages/definitions/typescript/register.js'),
    import('monaco-editor/languages/definitions/css/register.js'),
    import('monaco-editor/languages/definitions/html/register.js'),
    import('monaco-editor/languages/definitions/yaml/register.js'),
    import('monaco-editor/languages/definitions/xml/register.js'),
    import('monaco-editor/languages/definitions/shell/register.js'),
    import('monaco-editor/languages/definitions/cpp/register.js'),
    import('monaco-editor/languages/definitions/ini/register.js'),
  ]);
  Object.assign(globalThis, { MonacoEnvironment: { getWorker: () => new EditorWorker() } });
  registerMarkdown(monaco);
  paint(monaco);
  window.addEventListener('themechange', () => paint(monaco));
  return monaco;
}

const byExtension: Record<string, string> = {
  md: 'markdown',
  markdown: 'markdown',
  py: 'python',
  pyi: 'python',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  json: 'javascript',
  ts: 'typescript',
  mts: 'typescript',
  tsx: 'typescript',
  app: 'typescript',
  css: 'css',
  html: 'html',
  htm: 'html',
  svg: 'xml',
  xml: 'xml',
  yaml: 'yaml',
  yml: 'yaml',
  sh: 'shell',
  bash: 'shell',
  c: 'cpp',
  h: 'cpp',
  cpp: 'cpp',
  hpp: 'cpp',
  ino: 'cpp',
  ini: 'ini',
  toml: 'ini',
};

export const languageOf = (path: string): string =>
  byExtension[/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'plaintext';

/** Markdown as our editor shows it: headings stand out, signs step back, the header at the top is YAML. */
function registerMarkdown(monaco: Monaco): void {
  monaco.languages.register({ id: 'markdown', extensions: ['.md', '.markdown'] });
  monaco.languages.setMonarchTokensProvider('markdown', {
    tokenizer: {
      root: [
        [/^---\s*$/, { token: 'mark', next: '@header' }],
        [/^/, { token: '', next: '@body' }],
      ],
      header: [
        [/^---\s*$/, { token: 'mark', switchTo: '@body' }],
        [/^\s*[\w.-]+(?=\s*:)/, 'type'],
        [/"[^"]*"|'[^']*'/, 'string'],
        [/\b\d[\d.]*\b/, 'number'],
        [/[:,[\]{}]|^\s*-\s/, 'mark'],
        [/#.*$/, 'comment'],
      ],
      body: [
        [/^\s{0,3}(```|~~~).*$/, { token: 'mark', next: '@code' }],
        [/^(\s{0,3}#{1,6}\s)(.*)$/, ['mark', 'heading']],
        [/^\s*([-*+]|\d+[.)])(?=\s)/, 'mark'],
        [/^\s*>+/, 'mark'],
        [/`[^`]+`/, 'string'],
        [/(\*\*|__)(?=\S)[^*_]+\1/, 'strong'],
        [/(!?\[)([^\]]*)(\]\([^)]*\))/, ['mark', '', 'mark']],
        [/\\./, ''],
      ],
      code: [
        [/^\s{0,3}(```|~~~)\s*$/, { token: 'mark', next: '@pop' }],
        [/.+/, 'string'],
      ],
    },
  });
}

function paint(monaco: Monaco): void {
  const style = getComputedStyle(document.documentElement);
  // a build shortens #ffffff to #fff, which Monaco does not read
  const hex = (token: string) =>
    style
      .getPropertyValue(`--color-${token}`)
      .trim()
      .replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3');
  const bare = (token: string) => hex(token).replace('#', '');
  const dark = document.documentElement.dataset['theme'] === 'dark';
  monaco.editor.defineTheme('llmos', {
    base: dark ? 'vs-dark' : 'vs',
    inherit: false,
    rules: [
      { token: '', foreground: bare('ink'), background: bare('surface') },
      { token: 'keyword', foreground: bare('syntax-key') },
      { token: 'heading', fontStyle: 'bold' },
      { token: 'mark', foreground: bare('syntax-mark') },
      ...['type', 'tag', 'attribute.name', 'metatag', 'variable.predefined'].map((token) => ({
        token,
        foreground: bare('syntax-key'),
      })),
      ...['string', 'attribute.value', 'string.link'].map((token) => ({ token, foreground: bare('syntax-string') })),
      ...['number', 'constant'].map((token) => ({ token, foreground: bare('syntax-number') })),
      ...['comment', 'delimiter', 'keyword.table'].map((token) => ({ token, foreground: bare('syntax-mark') })),
      { token: 'strong', fontStyle: 'bold' },
      { token: 'emphasis', fontStyle: 'italic' },
    ],
    colors: {
      'editor.background': hex('surface'),
      'editor.foreground': hex('ink'),
      'editorLineNumber.foreground': hex('ink-3'),
      'editorLineNumber.activeForeground': hex('ink'),
      'editorCursor.foreground': hex('ink'),
      'editor.selectionBackground': hex('accent-line'),
      'editor.inactiveSelectionBackground': hex('accent-soft'),
      'editor.findMatchBackground': hex('warn-line'),
      'editor.findMatchHighlightBackground': hex('warn-soft'),
      'editorWidget.background': hex('raised'),
      'editorWidget.border': hex('line-strong'),
      'diffEditor.insertedTextBackground': hex('diff-add-word'),
      'diffEditor.removedTextBackground': hex('diff-del-word'),
      'diffEditor.insertedLineBackground': hex('diff-add'),
      'diffEditor.removedLineBackground': hex('diff-del'),
      'diffEditorGutter.insertedLineBackground': hex('diff-add'),
      'diffEditorGutter.removedLineBackground': hex('diff-del'),
      'diffEditor.border': hex('line'),
      'diffEditor.unchangedRegionBackground': hex('sunken'),
      'diffEditor.unchangedRegionForeground': hex('ink-3'),
      'diffEditor.unchangedRegionShadow': hex('surface'),
      'diffEditor.unchangedCodeBackground': hex('surface'),
      'scrollbar.shadow': '#00000000',
      'scrollbarSlider.background': hex('active'),
      'scrollbarSlider.hoverBackground': hex('line-strong'),
      'scrollbarSlider.activeBackground': hex('line-strong'),
      focusBorder: hex('accent'),
    },
  });
  monaco.editor.setTheme('llmos');
}
