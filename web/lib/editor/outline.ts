// The headings of a markdown text, with their lines. Fenced code and the header hold none.
export type Heading = { level: number; words: string; line: number };

export function readOutline(text: string, { from = 0, firstLine = 1 } = {}): Heading[] {
  const headings: Heading[] = [];
  let fence: string | null = null;
  text
    .slice(from)
    .split('\n')
    .forEach((line, i) => {
      const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
      if (mark && (fence === null || (mark[0] === fence[0] && mark.length >= fence.length)))
        fence = fence === null ? mark : null;
      const found = fence === null && /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*\r?$/.exec(line);
      if (found && found[2])
        headings.push({ level: found[1]!.length, words: found[2].replaceAll(/[*_`]/g, ''), line: i + firstLine });
    });
  return headings;
}

/** Words as people count them; characters of scripts without spaces count as one each. */
export function countWords(text: string): number {
  let words = 0;
  for (const part of text.match(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}][\p{L}\p{M}\p{N}'’_-]*/gu,
  ) ?? [])
    if (part) words += 1;
  return words;
}
