// Two rendered markdown texts side by side: blocks that are the same stand beside each other, others are marked as removed or added.
// Each item of a list is a block of its own.
import { diffUnits } from '#shared/diff.ts';

/** `key`: what makes two blocks the same; the number of an item does not. HTML of a whole block, already sanitised. */
export type Block = { key: string; html: string };
/** One row: the same block on both sides, or what was removed beside what was added. */
export type BlockRow = { kind: 'same' | 'changed'; before: string[]; after: string[] };

export function pairBlocks(before: Block[], after: Block[]): BlockRow[] {
  const rows: BlockRow[] = [];
  let [i, j] = [0, 0];
  const same = (until: number) => {
    for (; i < until; i++, j++) rows.push({ kind: 'same', before: [before[i]!.html], after: [after[j]!.html] });
  };
  const [keysBefore, keysAfter] = [before, after].map((blocks) => blocks.map(({ key }) => key));
  for (const [aFrom, aTo, bFrom, bTo] of diffUnits(keysBefore!, keysAfter!)) {
    same(aFrom);
    const html = (blocks: Block[]) => blocks.map((block) => block.html);
    rows.push({ kind: 'changed', before: html(before.slice(aFrom, aTo)), after: html(after.slice(bFrom, bTo)) });
    [i, j] = [aTo, bTo];
  }
  same(before.length);
  return rows;
}

/** The blocks of a rendered text. */
export function blocksOf(rendered: ParentNode): Block[] {
  return [...rendered.children].flatMap(partsOf).map((part) => {
    for (const inner of [part, ...part.querySelectorAll('[data-line]')]) inner.removeAttribute('data-line');
    const html = part.outerHTML;
    for (const list of [part, ...part.querySelectorAll('ol')]) list.removeAttribute('start');
    return { key: part.outerHTML, html };
  });
}

const isList = (element: Element | null): boolean => element?.tagName === 'OL' || element?.tagName === 'UL';

/** A list as lists of one item each, those inside of an item as well, at their depth; anything else as it is. */
function partsOf(element: Element): Element[] {
  if (!isList(element)) return [element.cloneNode(true) as Element];
  const first = Number(element.getAttribute('start') ?? 1);
  return [...element.children].flatMap((item, at) => {
    const list = (content: Element): Element => {
      const one = element.cloneNode(false) as Element;
      if (one.tagName === 'OL') one.setAttribute('start', String(first + at));
      one.classList.add('rd-item');
      one.append(content);
      return one;
    };
    const own = item.cloneNode(true) as Element;
    const inner: Element[] = [];
    for (let last = own.lastElementChild; isList(last) && !wordsAfter(last!); last = own.lastElementChild) {
      last!.remove();
      inner.unshift(last!);
    }
    const deeper = inner.flatMap(partsOf).map((part) => {
      const around = item.cloneNode(false) as Element;
      around.className = 'rd-around';
      around.append(part);
      return list(around);
    });
    return [list(own), ...deeper];
  });
}

const wordsAfter = (element: Element): boolean => (element.nextSibling?.textContent ?? '').trim() !== '';

/** The header of a definition stands apart: it is not prose. */
export function headerAndBody(text: string): { header: string | null; body: string } {
  const found = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)([\s\S]*)$/.exec(text);
  return found ? { header: found[1]!, body: found[2]! } : { header: null, body: text };
}
