// A few words about what the pointer or the focus is on. One at a time; gone with Esc, a press, or the end of the hover.
import { mount, unmount } from 'svelte';
import { on } from 'svelte/events';
import Tip from './Tip.svelte';

export type TipSide = 'top' | 'bottom' | 'left' | 'right';
export type TipWords = { text: string; keys?: string | undefined; side: TipSide };

/** How long the pointer rests before they show; and for how long after one was read the next shows at once. */
const patience = 400;
const stillReading = 300;

let shown: { of: HTMLElement; hide: () => void } | null = null;
let readAt = -Infinity;

/** Words are asked for as they are shown, so they may change meanwhile. Gives a way to stop. */
export function tip(element: HTMLElement, words: () => TipWords): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const show = () => {
    clearTimeout(waiting);
    if (shown?.of === element || !element.isConnected) return;
    shown?.hide();
    const part = mount(Tip, {
      target: document.getElementById('floating') ?? document.body,
      props: { of: element, words },
    });
    const deaf = on(document, 'keydown', (event) => event.key === 'Escape' && hide(), { capture: true });
    shown = {
      of: element,
      hide() {
        shown = null;
        readAt = performance.now();
        deaf();
        void unmount(part);
      },
    };
  };
  const hide = () => {
    clearTimeout(waiting);
    if (shown?.of === element) shown.hide();
  };
  const ends = [
    on(element, 'pointerenter', (event) => {
      if (event.pointerType === 'touch') return;
      if (shown || performance.now() - readAt < stillReading) show();
      else waiting = setTimeout(show, patience);
    }),
    on(element, 'pointerleave', hide),
    on(element, 'pointerdown', hide),
    on(element, 'focusin', () => element.matches(':focus-visible') && show()),
    on(element, 'focusout', hide),
  ];
  return () => {
    hide();
    for (const end of ends) end();
  };
}
