// What the header of an open markdown file says while somebody writes: its faults at their lines once the typing rests, and, where the
// file defines something, completion of keys and names, and names that open what they name. Lives with the pane that calls it.
import { onMount } from 'svelte';
import type { Definition } from '#shared/definition.ts';
import { kindByPath } from '#shared/definitionKind.ts';
import { placeAddress } from '#lib/workspace/place.ts';
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';
import { headerOf } from './headerOf.ts';
import { kindOf } from './languages.ts';
import type { OpenFile } from './openFile.svelte.ts';
import type { TextEditor } from './textEditor.ts';

/** After the last key, before the header is read. */
const restMs = 700;

type Around = {
  workspace: Pick<Workspace, 'api' | 'show'>;
  file: () => OpenFile;
  editor: () => TextEditor | null;
  /** Counts up when the text changes. */ revision: () => number;
};

export function checkHeader({ workspace, file, editor, revision }: Around) {
  let definition = $state.raw<Definition | null>(null);
  const path = $derived(file().path);
  const volume = $derived(file().detail?.volume ?? null);
  const isMarkdown = $derived(kindOf(path) === 'markdown');
  const definesSomething = $derived(isMarkdown && kindByPath(path) !== 'plain');
  const text = () => file().live?.rope.toString() ?? '';

  let checking: ReturnType<typeof setTimeout> | undefined;
  $effect(() => {
    void [revision(), file().live?.loaded];
    if (!editor() || !isMarkdown) return;
    clearTimeout(checking);
    checking = setTimeout(async () => {
      const next = await headerOf(text());
      if (!file().live || !editor()) return;
      definition = next;
      editor()?.setDiagnostics(next.diagnostics);
      if (!definesSomething || volume === null || next.header === null) return;
      const { namesFrom, remarksOn } = await import('./definitionHelp.ts');
      const names = await namesFrom(workspace.api, volume);
      if (!file().live || definition !== next) return;
      definition = { ...next, diagnostics: remarksOn(path, text(), names) };
      editor()?.setDiagnostics(definition.diagnostics);
    }, restMs);
  });
  onMount(() => () => clearTimeout(checking));

  $effect(() => {
    const [opened, from] = [editor(), volume];
    if (!opened || !definesSomething || from === null) return;
    void import('./definitionHelp.ts').then(
      ({ definitionHelp, namesFrom }) =>
        opened.setDefinitionHelp(
          definitionHelp({
            path: () => path,
            names: () => namesFrom(workspace.api, from),
            open: (target) => workspace.show(placeAddress({ volume: target.volume, path: target.path })),
          }),
        ),
      () => {}, // writing goes on without help
    );
    return () => opened.setDefinitionHelp([]);
  });

  return {
    get definition(): Definition | null {
      return definition;
    },
    /** The preview reads the header sooner. */
    set definition(read) {
      definition = read;
    },
  };
}
