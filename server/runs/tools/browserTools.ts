// Code that a model writes never runs on the server: Python and applets run in the browser of the run's person. What comes back is text
// like any other; files that the code wrote are put into the volume as the person, with the person's rights.
import { transform } from 'sucrase';
import { isProblem, Problem } from '#shared/errors.ts';
import type { BrowserAnswer } from '#shared/live.ts';
import type { ResultPart } from '#shared/run.ts';
import { isOwn } from '../taint.ts';
import type { BrowserCalls, BrowserResult, Tool, ToolContext } from '../types.ts';
import { writeReach, writtenResult } from './fileTools.ts';
import type { RunFiles } from './runFiles.ts';
import { specificationOf } from './toolTable.ts';

export const browserLimits = { files: 20, appletMs: 30_000, source: 512 * 1024 };

/** `browserOf`: whose browser acts for the run now; its own person's unless somebody lends theirs, and still may. */
export function browserTools({
  files,
  browsers,
  browserOf,
  pythonMs,
}: {
  files: RunFiles;
  browsers: BrowserCalls;
  browserOf: (run: string) => Promise<string>;
  /** One call of Python, at most. */
  pythonMs: number;
}): Tool[] {
  /** `lent`: it was somebody else's browser, so the answer is that person's word. */
  async function ask(
    tool: 'python' | 'applet',
    args: Record<string, unknown>,
    paths: string[],
    context: ToolContext,
  ): Promise<BrowserResult & { lent?: boolean }> {
    const { run, call, signal, output } = context;
    const personId = await browserOf(run.id);
    const ms = tool === 'python' ? pythonMs : browserLimits.appletMs;
    const answer = await browsers.call({
      run: run.id, call, personId, tool, args, volume: run.volume, paths, ms, signal, output,
    }); // prettier-ignore
    if ('unavailable' in answer || personId === run.by.id) return answer;
    if ((await browserOf(run.id)) !== personId)
      return { unavailable: 'Whose browser ran it does not lend it any more. Call it again.' };
    return { ...answer, lent: true };
  }

  return [
    {
      ...specificationOf('execute_python'),
      reach: (args) => ({ private: Array.isArray(args['files']) && args['files'].length > 0 }),
      async act(args, context) {
        const { code, files: wanted = [] } = args as { code: string; files?: string[] };
        if (code.length > browserLimits.source) throw new Problem('too-large', 'The program is larger than 512 KiB.');
        const { paths, untrusted } = await files.check(wanted);
        const answer = await ask('python', { code }, paths, context);
        if ('unavailable' in answer) return { ok: false, text: `Python did not run. ${answer.unavailable}` };
        // the approval showed the program, not what it writes; and who lends a browser does not write what others' agents follow
        const mayDefine = isOwn(context.taint) && untrusted === null && answer.lent !== true;
        const { notes, parts } = await keepFiles({ files, answer, mayDefine });
        return {
          ok: answer.ok,
          text: [answer.text.trim() || '(It printed nothing.)', ...notes].join('\n'),
          parts: [...answer.parts, ...parts],
          ...(untrusted === null ? {} : { untrusted }),
        };
      },
    },
    {
      ...specificationOf('generate_applet'),
      reach: writeReach,
      async act(args, context) {
        const { name, code, volume } = args as { name: string; code: string; volume?: string };
        if (code.length > browserLimits.source) throw new Problem('too-large', 'The applet is larger than 512 KiB.');
        const slug = name.toLowerCase().replace(/\.(tsx|jsx|app)$/, '').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''); // prettier-ignore
        if (slug === '') throw new Problem('invalid', 'The name of an applet has letters or digits.');
        const wrong = syntaxError(code);
        if (wrong) return { ok: false, text: `The code cannot be compiled: ${wrong}` };
        const written = await files.write({
          path: `applets/${slug}.tsx`,
          volume,
          text: code,
          anyway: true,
          mayDefine: false,
        });
        const result = await writtenResult(written, context);
        const shown = await ask('applet', { path: written.part.path, volume: written.part.volume }, [], context);
        if ('unavailable' in shown) return { ...result, text: `${result.text} It was not tried: ${shown.unavailable}` };
        const parts = [...result.parts!, ...shown.parts];
        if (shown.ok) return { ...result, text: `${result.text} It runs. ${shown.text}`.trim(), parts };
        return { ok: false, text: `${result.text} It fails when it runs:\n${shown.text}`, parts };
      },
    },
  ];
}

/** Each file for itself: one that may not be written does not lose the others. */
async function keepFiles({
  files,
  answer,
  mayDefine,
}: {
  files: RunFiles;
  answer: BrowserAnswer;
  mayDefine: boolean;
}): Promise<{ notes: string[]; parts: ResultPart[] }> {
  const notes: string[] = [];
  const parts: ResultPart[] = [];
  for (const { path, text, base64 } of answer.files.slice(0, browserLimits.files)) {
    try {
      const bytes = text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text);
      const { part, waitsFor } = await files.put({ path, bytes, mayDefine });
      parts.push(part);
      notes.push(
        `Wrote ${part.path} in ${part.volume}${waitsFor ? `, not in ${waitsFor}: definitions need a person there` : ''}.`,
      );
    } catch (error) {
      if (!isProblem(error)) throw error;
      notes.push(`${path} was not kept: ${error.message}`);
    }
  }
  if (answer.files.length > browserLimits.files) notes.push(`Only ${browserLimits.files} files are kept of one call.`);
  return { notes, parts };
}

function syntaxError(code: string): string | null {
  try {
    transform(code, { transforms: ['typescript', 'jsx'], jsxRuntime: 'automatic', production: true });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 500) : 'it cannot be read';
  }
}
