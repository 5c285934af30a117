// Who else is in the file: their carets and selections drawn in layers over the text, so that no line is laid out anew when
// somebody moves; my own caret and what I look at, told to them; and following one person. Only those in view are drawn.
import { EditorSelection, StateEffect, type Extension } from '@codemirror/state';
import {
  EditorView,
  layer,
  RectangleMarker,
  ViewPlugin,
  type LayerMarker,
  type PluginValue,
  type ViewUpdate,
} from '@codemirror/view';
import * as Y from 'yjs';
import type { LiveDocument } from './liveDocument.ts';
import { readPeople, type Person } from './people.ts';

/** A flag folds to a cap this long after its caret last moved. */
export const flagShownFor = 3_000;

const moved = StateEffect.define<null>();

type Caret = { person: Person; anchor: number; head: number; movedAt: number; resolved: boolean; cursor: string };

class Others implements PluginValue {
  carets = new Map<number, Caret>();
  readonly view: EditorView;
  readonly live: LiveDocument;
  readonly options: FollowOptions;
  #published = '';
  #publishing = false;
  #topTimer: ReturnType<typeof setTimeout> | undefined;
  #fold: ReturnType<typeof setTimeout> | undefined;

  constructor(view: EditorView, live: LiveDocument, options: FollowOptions) {
    this.view = view;
    this.live = live;
    this.options = options;
    live.awareness.on('change', this.#onAwareness);
    view.scrollDOM.addEventListener('scroll', this.#onScroll, { passive: true });
    queueMicrotask(() => this.#read());
  }

  update(update: ViewUpdate): void {
    if (update.docChanged) {
      for (const caret of this.carets.values()) {
        const length = update.startState.doc.length;
        caret.anchor = update.changes.mapPos(Math.min(caret.anchor, length), 1);
        caret.head = update.changes.mapPos(Math.min(caret.head, length), 1);
      }
      if ([...this.carets.values()].some((caret) => !caret.resolved)) queueMicrotask(() => this.#read());
    }
    if (update.docChanged || update.selectionSet || update.focusChanged) this.#publishSoon();
  }

  destroy(): void {
    this.live.awareness.off('change', this.#onAwareness);
    this.view.scrollDOM.removeEventListener('scroll', this.#onScroll);
    clearTimeout(this.#topTimer);
    clearTimeout(this.#fold);
    this.#gone = true;
  }
  #gone = false;

  /** Scrolls to where a person is now. */
  goTo(personId: string): void {
    const person = readPeople(this.live.awareness).find((one) => one.face.id === personId);
    if (!person) return;
    const top = person.top === null ? null : this.#absolute(person.top);
    const caret = [...this.carets.values()].find((one) => one.person.face.id === personId);
    if (top !== null) this.view.dispatch({ effects: EditorView.scrollIntoView(top, { y: 'start', yMargin: 0 }) });
    else if (caret) this.view.dispatch({ effects: EditorView.scrollIntoView(caret.head, { y: 'center' }) });
  }

  readonly #onAwareness = ({ added, updated, removed }: { added: number[]; updated: number[]; removed: number[] }) => {
    const mine = this.live.doc.clientID;
    if ([...added, ...updated, ...removed].some((id) => id !== mine)) queueMicrotask(() => this.#read());
  };

  #read(): void {
    if (this.#gone) return;
    const now = Date.now();
    const followed = this.options.following();
    let follow = false;
    const next = new Map<number, Caret>();
    for (const person of readPeople(this.live.awareness)) {
      if (person.face.id === followed) follow = true;
      if (!person.cursor) continue;
      const before = this.carets.get(person.clientId);
      const cursor = JSON.stringify(person.cursor);
      if (before && before.cursor === cursor && before.resolved) {
        before.person = person;
        next.set(person.clientId, before);
        continue;
      }
      const anchor = this.#absolute(person.cursor.anchor);
      const head = this.#absolute(person.cursor.head);
      if (anchor === null || head === null) {
        // their caret is in words that are still on the way here
        if (before) next.set(person.clientId, { ...before, person, resolved: false });
        continue;
      }
      next.set(person.clientId, { person, anchor, head, movedAt: now, resolved: true, cursor });
    }
    this.carets = next;
    this.view.dispatch({ effects: moved.of(null) });
    clearTimeout(this.#fold);
    this.#fold = setTimeout(() => !this.#gone && this.view.dispatch({ effects: moved.of(null) }), flagShownFor + 20);
    if (follow && followed) this.goTo(followed);
  }

  #absolute(position: unknown): number | null {
    try {
      const found = Y.createAbsolutePositionFromRelativePosition(
        Y.createRelativePositionFromJSON(position),
        this.live.doc,
      );
      return found && found.type === this.live.text ? Math.min(found.index, this.view.state.doc.length) : null;
    } catch {
      return null; // another client's invention
    }
  }

  #publishSoon(): void {
    if (this.#publishing) return;
    this.#publishing = true;
    queueMicrotask(() => {
      this.#publishing = false;
      if (this.#gone || !this.view.hasFocus) return;
      const { anchor, head } = this.view.state.selection.main;
      const at = (index: number) =>
        Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(this.live.text, index));
      const cursor = { anchor: at(anchor), head: at(head) };
      const words = JSON.stringify(cursor);
      if (words === this.#published) return;
      this.#published = words;
      this.live.awareness.setLocalStateField('cursor', cursor);
    });
  }

  readonly #onScroll = () => {
    this.#topTimer ??= setTimeout(() => {
      this.#topTimer = undefined;
      const block = this.view.lineBlockAtHeight(this.view.scrollDOM.scrollTop);
      const top = Y.relativePositionToJSON(
        Y.createRelativePositionFromTypeIndex(this.live.text, Math.min(block.from, this.live.text.length)),
      );
      this.live.awareness.setLocalStateField('top', top);
    }, 150);
  };
}

/** One caret of another person: a 2 px bar, and a flag beside it at the end of a line, else above it. */
class CaretMarker implements LayerMarker {
  readonly rect: RectangleMarker;
  readonly caret: Caret;
  readonly place: 'eol' | 'above' | 'below';
  readonly quiet: boolean;

  constructor(rect: RectangleMarker, caret: Caret, place: 'eol' | 'above' | 'below', quiet: boolean) {
    this.rect = rect;
    this.caret = caret;
    this.place = place;
    this.quiet = quiet;
  }
  get #class() {
    return `rc p${this.caret.person.face.colour} ${this.place}${this.quiet ? ' quiet' : ''}`;
  }
  eq(other: CaretMarker): boolean {
    return (
      this.rect.eq(other.rect) &&
      this.#class === other.#class &&
      this.caret.person.face.name === other.caret.person.face.name
    );
  }
  draw(): HTMLElement {
    const element = document.createElement('div');
    element.append(document.createElement('b'));
    this.#fill(element);
    return element;
  }
  update(element: HTMLElement): boolean {
    this.#fill(element);
    return true;
  }
  #fill(element: HTMLElement): void {
    element.className = this.#class;
    element.style.cssText = `left:${this.rect.left}px;top:${this.rect.top}px;height:${this.rect.height}px`;
    element.firstElementChild!.textContent = this.caret.person.face.name.split(' ')[0] ?? '';
  }
}

const isNews = (update: ViewUpdate) =>
  update.docChanged ||
  update.viewportChanged ||
  update.geometryChanged ||
  update.transactions.some((t) => t.effects.some((e) => e.is(moved)));

export type FollowOptions = {
  following: () => string | null;
  /** The person scrolled, clicked or typed: they lead again. */
  unfollow: () => void;
};

export function others(live: LiveDocument, options: FollowOptions) {
  const plugin = ViewPlugin.define((view) => new Others(view, live, options));
  const inView = (view: EditorView): Caret[] => {
    const { from, to } = view.viewport;
    return [...(view.plugin(plugin)?.carets.values() ?? [])].filter(
      (c) => Math.max(c.head, c.anchor) >= from && Math.min(c.head, c.anchor) <= to,
    );
  };
  const extension: Extension = [
    plugin,
    layer({
      above: false,
      class: 'cm-others-selections',
      update: isNews,
      markers: (view) =>
        inView(view).flatMap((caret) =>
          caret.anchor === caret.head
            ? []
            : RectangleMarker.forRange(
                view,
                `rs p${caret.person.face.colour}`,
                EditorSelection.range(caret.anchor, caret.head),
              ),
        ),
    }),
    layer({
      above: true,
      class: 'cm-others-carets',
      update: isNews,
      markers: (view) =>
        inView(view).flatMap((caret) => {
          const [rect] = RectangleMarker.forRange(view, '', EditorSelection.cursor(caret.head, -1));
          if (!rect) return [];
          const name = caret.person.face.name.split(' ')[0] ?? '';
          const room = view.scrollDOM.clientWidth - rect.left > name.length * 7 + 24;
          const place =
            view.state.doc.lineAt(caret.head).to === caret.head && room ? 'eol' : rect.top < 18 ? 'below' : 'above';
          return [new CaretMarker(rect, caret, place, Date.now() - caret.movedAt >= flagShownFor)];
        }),
    }),
    EditorView.domEventHandlers({
      wheel: () => (options.unfollow(), false),
      touchmove: () => (options.unfollow(), false),
      mousedown: () => (options.unfollow(), false),
      keydown: (event) => {
        if (!options.following() || ['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return false;
        options.unfollow();
        return event.key === 'Escape';
      },
    }),
  ];
  return { extension, goTo: (view: EditorView, personId: string) => view.plugin(plugin)?.goTo(personId) };
}
