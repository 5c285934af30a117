// The page's own worker: the source of an applet in, a script and its style sheet out. It never runs what it compiles.
import { transform } from 'sucrase';
import { compile } from 'tailwindcss';
import preflight from 'tailwindcss/preflight.css?raw';
import theme from 'tailwindcss/theme.css?raw';
import utilities from 'tailwindcss/utilities.css?raw';

export type CompileJob = { id: number; code: string };
export type Compiled =
  { id: number; ok: true; code: string; css: string } | { id: number; ok: false; message: string; line: number | null };

const sheets: Record<string, string> = {
  'tailwindcss/theme.css': theme,
  'tailwindcss/preflight.css': preflight,
  'tailwindcss/utilities.css': utilities,
};
const input = `@layer theme, base, components, utilities;
@import 'tailwindcss/theme.css' layer(theme);
@import 'tailwindcss/preflight.css' layer(base);
@import 'tailwindcss/utilities.css' layer(utilities);
@custom-variant dark (&:where([data-theme=dark], [data-theme=dark] *));
@layer base {
  body { padding: 12px; font: 14px/1.5 Inter, system-ui, sans-serif; color: #1b1c1f; }
  [data-theme=dark] body { color: #e8e8e6; }
  :focus-visible { outline: 2px solid #5b8def; outline-offset: 2px; }
}`;

/** Whatever might be a class: names of Tailwind never have these characters outside of brackets. */
const candidates = (code: string): string[] => [
  ...new Set(
    [...code.split(/[\s"'`]+/), ...code.split(/[\s"'`{}()<>;=,]+/)].filter((word) => word && word.length < 200),
  ),
];

const prepare = () =>
  compile(input, { loadStylesheet: async (name, base) => ({ path: name, base, content: sheets[name] ?? '' }) });
/** Tailwind has read its sheets before somebody waits for it. What it built once stays in it, so each source has its own. */
let prepared: ReturnType<typeof prepare> | null = prepare();

async function work({ id, code }: CompileJob): Promise<Compiled> {
  try {
    const { code: script } = transform(code, {
      transforms: ['typescript', 'jsx', 'imports'],
      jsxRuntime: 'automatic',
      production: true,
      filePath: 'applet.tsx',
    });
    const mine = prepared ?? prepare();
    prepared = null;
    const { build } = await mine;
    return { id, ok: true, code: script, css: build(candidates(code)) };
  } catch (error) {
    const { message = String(error), loc } = error as Error & { loc?: { line?: number } };
    return {
      id,
      ok: false,
      message: message.replace(/^Error transforming applet\.tsx: /, ''),
      line: loc?.line ?? null,
    };
  }
}

self.onmessage = ({ data }: MessageEvent<CompileJob>) => {
  void work(data).then((done) => {
    self.postMessage(done);
    setTimeout(() => (prepared ??= prepare()));
  });
};
