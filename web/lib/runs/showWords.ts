// Words of a model in an element of the page that Svelte leaves alone.

/** Puts markdown into an element and leaves the blocks that are equal alone: the one way of the preview, handed in by the page. */
export type Paint = (element: HTMLElement, text: string) => void;

/** As markdown once there is a way to; a text that the renderer cannot take is still a text. */
export function showWords(element: HTMLElement, text: string, paint: Paint | null): void {
  try {
    if (!paint) throw new TypeError('no renderer yet');
    if (element.firstChild?.nodeType === Node.TEXT_NODE) element.replaceChildren();
    paint(element, text);
  } catch {
    element.textContent = text;
  }
}
