// A button that opens something: the listeners and the words for a screen reader, to be spread on it. They are attached and not
// given as `onclick`, so that a button that also shows a tooltip keeps both.
import { createAttachmentKey } from 'svelte/attachments';
import { on } from 'svelte/events';

export type Opener = {
  popup: 'menu' | 'dialog';
  isOpen: () => boolean;
  /** The pointer or the focus is on it. */
  near: () => void;
  toggle: (how: { byKeyboard: boolean }) => void;
  attached: (element: HTMLElement) => void;
};

const key = createAttachmentKey();

/** The attributes change with `isOpen`: read it where Svelte sees it. */
export function openerProps(opener: Opener): Record<string | symbol, unknown> {
  return {
    'aria-haspopup': opener.popup,
    'aria-expanded': opener.isOpen(),
    'data-state': opener.isOpen() ? 'open' : 'closed',
  };
}

export function openerAttachment({ popup, isOpen, near, toggle, attached }: Opener): Record<symbol, unknown> {
  return {
    [key]: (element: HTMLElement) => {
      attached(element);
      const ends = [
        on(element, 'pointerenter', near),
        on(element, 'focusin', near),
        // a click by Enter or Space has no count
        on(element, 'click', (event) => toggle({ byKeyboard: event.detail === 0 })),
        on(element, 'keydown', (event) => {
          if (popup !== 'menu' || event.key !== 'ArrowDown' || isOpen()) return;
          event.preventDefault();
          toggle({ byKeyboard: true });
        }),
      ];
      return () => ends.forEach((end) => end());
    },
  };
}
