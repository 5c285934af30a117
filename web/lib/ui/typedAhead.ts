// Typing ahead. What a person asked for by a key (the palette, a search, a dialog) may still be on its way when they type on: these
// keys are meant for it, and must not land in the file that has the focus until then. They are held, and typed into it when it is there.

/** In ms: so long somebody waits for what does not come, or came and took no focus; then keys are keys again. */
const patience = 5000;
const patienceWithFocus = 2000;

export type TypedAhead = {
  /** Esc came before it did: it is not wanted any more, and nothing is held. */
  readonly cancelled: boolean;
  /** Types what was held into the element that `find` gives as soon as it gives one. Resolves when no key is held any more. */
  giveTo: (find: () => Element | null) => Promise<void>;
  /** It did not come. What was typed is forgotten. */
  drop: () => void;
};

export type Stroke = { text: string } | { key: string };

/** Keys in the order in which they were pressed, letters that follow each other as one text. */
export function strokesOf(keys: readonly string[]): Stroke[] {
  const strokes: Stroke[] = [];
  for (const key of keys) {
    const last = strokes.at(-1);
    const isText = [...key].length === 1;
    if (isText && last && 'text' in last) last.text += key;
    else if (key === 'Backspace' && last && 'text' in last) {
      last.text = [...last.text].slice(0, -1).join('');
      if (!last.text) strokes.pop();
    } else strokes.push(isText ? { text: key } : { key });
  }
  return strokes;
}

/** Holds the keys of this window from now on, until they are given or dropped. */
export function typeAhead(): TypedAhead {
  const keys: string[] = [];
  let deadline = performance.now() + patience;
  let cancelled = false;
  let came = false;
  const hold = (event: KeyboardEvent) => {
    // what this file types itself, what an input method composes, and chords (which are no text) go their way
    if (!event.isTrusted || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState('AltGraph')) return;
    if (/^(Shift|Control|Alt|AltGraph|Meta|CapsLock|Dead|Process|F\d+)$/.test(event.key)) return;
    if (performance.now() > deadline) return drop();
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === 'Escape' && !came) {
      cancelled = true;
      drop();
    } else keys.push(event.key);
  };
  function drop() {
    keys.length = 0;
    removeEventListener('keydown', hold, true);
  }
  addEventListener('keydown', hold, true);
  return {
    get cancelled() {
      return cancelled;
    },
    drop,
    async giveTo(find) {
      came = true;
      deadline = performance.now() + patienceWithFocus;
      while (!cancelled && performance.now() < deadline) {
        const target = find();
        if (target && keys.length === 0) break;
        if (target) for (const stroke of strokesOf(keys.splice(0))) await press(stroke);
        else await nextFrame();
      }
      drop();
    },
  };
}

/** A stroke into what has the focus at its turn: a choice by Enter may have opened the next thing. */
async function press(stroke: Stroke): Promise<void> {
  const element = document.activeElement ?? document.body;
  if ('text' in stroke) insert(element, stroke.text);
  else {
    const went = element.dispatchEvent(
      new KeyboardEvent('keydown', { key: stroke.key, code: stroke.key, bubbles: true, cancelable: true }),
    );
    if (went && stroke.key === 'Enter' && element instanceof HTMLInputElement) element.form?.requestSubmit();
  }
  // what was typed is answered (a list is filtered, its first line chosen) before the next stroke
  await nextFrame();
  await nextFrame();
}

function insert(element: Element, text: string) {
  if (!(element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) return;
  element.setRangeText(text, element.selectionStart ?? 0, element.selectionEnd ?? 0, 'end');
  element.dispatchEvent(new InputEvent('input', { data: text, inputType: 'insertText', bubbles: true }));
  element.dispatchEvent(new KeyboardEvent('keyup', { key: text.at(-1)!, bubbles: true }));
}

const nextFrame = () => new Promise((done) => requestAnimationFrame(done));
