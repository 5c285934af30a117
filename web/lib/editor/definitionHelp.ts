// Help for definitions inside the editor: completion of keys and names, and names that open what they name. Fetched when a file that
// defines something is first edited; the names come from the library and are asked for again after a while.
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { EditorState, type Extension } from '@codemirror/state';
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view';
import type { LibraryName } from '#shared/api/library.ts';
import { isProblem } from '#shared/errors.ts';
import type { Api } from '#lib/api.ts';
import { contextAt, keyChoices, linksIn, remarksOn, valueChoices, type HelpNames, type Link } from './headerHelp.ts';

export { remarksOn };

const freshMs = 20_000;
const kept = new Map<string, { at: number; names: Promise<HelpNames | null> }>();

/** What the library has, seen from a volume. Null: it cannot be asked now. */
export function namesFrom(api: Api, volume: string): Promise<HelpNames | null> {
  const known = kept.get(volume);
  if (known && Date.now() - known.at < freshMs) return known.names;
  const names = api('GET /library/names', { query: { volume } }).catch((error: unknown) => {
    kept.delete(volume);
    if (!isProblem(error)) throw error;
    return null;
  });
  kept.set(volume, { at: Date.now(), names });
  return names;
}

export function definitionHelp({
  path,
  names,
  open,
}: {
  path: () => string;
  names: () => Promise<HelpNames | null>;
  open: (target: LibraryName) => void;
}): Extension {
  async function complete(context: CompletionContext): Promise<CompletionResult | null> {
    const text = context.state.doc.toString();
    const place = contextAt(text, context.pos);
    if (!place) return null;
    if (place.at === 'key') {
      if (!context.explicit && place.from === context.pos) return null;
      return {
        from: place.from,
        options: keyChoices(path(), text).map(({ label, detail }) => ({
          label, detail, type: 'property', apply: `${label}: `,
        })),
        validFor: /^[\w-]*$/,
      }; // prettier-ignore
    }
    const help = await names();
    const choices = help ? valueChoices(place.key, help) : [];
    if (choices.length === 0) return null;
    return {
      from: place.from,
      options: choices.map(({ label, detail }) => ({ label, detail: detail.slice(0, 160), type: 'constant' })),
      validFor: /^[^\s,[\]]*$/,
    };
  }

  const links = ViewPlugin.fromClass(
    class {
      links: Link[] = [];
      decorations: DecorationSet = Decoration.none;
      timer: ReturnType<typeof setTimeout> | undefined;
      closed = false;
      readonly view: EditorView;

      constructor(view: EditorView) {
        this.view = view;
        void this.find();
      }
      update(update: ViewUpdate) {
        if (!update.docChanged) return;
        this.decorations = this.decorations.map(update.changes);
        const map = (position: number, side: number) => update.changes.mapPos(position, side);
        this.links = this.links.map((link) => ({ ...link, from: map(link.from, 1), to: map(link.to, -1) }));
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.find(), 600);
      }
      async find() {
        const help = await names();
        if (this.closed || !help) return;
        const { doc } = this.view.state;
        this.links = doc.length > 300_000 ? [] : linksIn(path(), doc.toString(), help);
        this.decorations = Decoration.set(
          this.links
            .filter(({ from, to }) => to > from)
            .map(({ from, to, target }) =>
              Decoration.mark({
                class: 'cm-definition-link',
                attributes: { title: `${target.name}, ${target.volume}/${target.path}. Ctrl click opens it.` },
              }).range(from, to),
            ),
          true,
        );
        this.view.dispatch({});
      }
      destroy() {
        this.closed = true;
        clearTimeout(this.timer);
      }
      at(position: number): Link | null {
        return this.links.find(({ from, to }) => from <= position && position <= to) ?? null;
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );

  const openAt = (view: EditorView, position: number): boolean => {
    const link = view.plugin(links)?.at(position);
    if (link) open(link.target);
    return link !== null && link !== undefined;
  };

  return [
    EditorState.languageData.of(() => [{ autocomplete: complete }]),
    links,
    EditorView.domEventHandlers({
      mousedown(event, view) {
        if (event.button !== 0 || !(event.ctrlKey || event.metaKey)) return false;
        const position = view.posAtCoords({ x: event.clientX, y: event.clientY });
        return position !== null && openAt(view, position);
      },
      keydown(event, view) {
        return event.key === 'F12' && openAt(view, view.state.selection.main.head)
          ? (event.preventDefault(), true)
          : false;
      },
    }),
    EditorView.baseTheme({
      '.cm-definition-link': { textDecoration: 'underline dotted', textUnderlineOffset: '3px' },
      '.cm-definition-link:hover': { textDecorationStyle: 'solid' },
    }),
  ];
}
