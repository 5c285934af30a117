// "Run" in the bar of the editor: a Python file, or one block of a markdown text.
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';
import { cellsOf } from './cells.svelte.ts';
import { pythonOf } from './python.svelte.ts';

export async function runShown({
  workspace,
  volume,
  path,
  text,
  line,
}: {
  workspace: Workspace;
  volume: string;
  path: string;
  text: () => string;
  line: () => number;
}): Promise<void> {
  const cells = cellsOf({ python: pythonOf(workspace.api), workspace, volume });
  if (!path.endsWith('.md')) return cells.runText({ path, code: text() });
  const block = blockAt(text(), line());
  if (!block) return void workspace.toasts.show({ text: 'There is no block of Python in this text.' });
  // empty lines before it, so that a traceback names the line of the file
  await cells.runText({ path: `${path}#${block.number}`, code: '\n'.repeat(block.from - 1) + block.code });
}

/** The Python block that a line is in, else the first one. `from`: the line its code begins on, from 1. */
export function blockAt(text: string, line: number): { code: string; from: number; number: number } | null {
  const found: { code: string; from: number; to: number; number: number }[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^ {0,3}(`{3,}|~{3,})\s*(\w*)/.exec(lines[at]!);
    if (!fence) continue;
    let end = at + 1;
    while (
      end < lines.length &&
      !new RegExp(`^ {0,3}${fence[1]![0] === '`' ? '`' : '~'}{${fence[1]!.length},}\\s*$`).test(lines[end]!)
    )
      end++;
    if (/^(python|py)$/i.test(fence[2]!))
      found.push({ code: lines.slice(at + 1, end).join('\n'), from: at + 2, to: end + 1, number: found.length + 1 });
    at = end;
  }
  return found.find((block) => line >= block.from - 1 && line <= block.to) ?? found[0] ?? null;
}
