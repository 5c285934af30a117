// Two texts in Monaco's diff editor, and who wrote the newer lines in a column between them. Monaco comes from outside, because the
// editor's part of the app loads it.
import type * as MonacoModule from 'monaco-editor';
import type { Change } from './changes.ts';
import { markWords, type Piece } from './wordMarks.ts';
import { hueOf, type Stretch } from './blameLines.ts';

export type Monaco = typeof MonacoModule;
export type Texts = { before: string; after: string; language: string };
type Options = {
  parent: HTMLElement;
  monaco: Monaco;
  inline: boolean;
  label: { before: string; after: string };
  /** Null while they are being looked for: in a worker, which takes its time on a busy computer. */
  onchanges: (changes: Change[] | null) => void;
  /** The line of the newer text that one looks at. */
  online: (line: number) => void;
};

const blameWidth = 106;

export type DiffEditor = ReturnType<typeof openDiffEditor>;

export function openDiffEditor({ parent, monaco, inline, label, onchanges, online }: Options) {
  const diff = monaco.editor.createDiffEditor(parent, {
    automaticLayout: true,
    editContext: false, // the older way takes our label
    readOnly: true,
    domReadOnly: true,
    originalEditable: false,
    renderSideBySide: !inline,
    useInlineViewWhenSpaceIsLimited: false,
    splitViewDefaultRatio: 1 / 2.28,
    hideUnchangedRegions: { enabled: true, contextLineCount: 3, minimumLineCount: 4, revealLineCount: 20 },
    diffAlgorithm: 'advanced',
    ignoreTrimWhitespace: false,
    renderOverviewRuler: false,
    renderGutterMenu: false,
    renderMarginRevertIcon: false,
    diffWordWrap: 'on',
    wordWrap: 'on',
    fontFamily: 'JetBrains Mono Variable, ui-monospace, monospace',
    fontLigatures: false,
    fontSize: 12,
    lineHeight: 20,
    lineNumbersMinChars: 4,
    lineDecorationsWidth: 22,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    glyphMargin: false,
    folding: false,
    stickyScroll: { enabled: false },
    renderLineHighlight: 'none',
    occurrencesHighlight: 'off',
    selectionHighlight: false,
    contextmenu: false,
    links: false,
    renderFinalNewline: 'off',
    overviewRulerLanes: 0,
    overviewRulerBorder: false,
    hideCursorInOverviewRuler: true,
    guides: { indentation: false },
    bracketPairColorization: { enabled: false },
    matchBrackets: 'never',
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
    padding: { top: 0, bottom: 16 },
  });
  const newer = diff.getModifiedEditor();
  /** The diff editor forgets what its sides are called whenever an option of it changes. */
  const nameSides = () => {
    diff.getOriginalEditor().updateOptions({ ariaLabel: label.before });
    newer.updateOptions({ ariaLabel: label.after });
  };
  nameSides();
  const models: MonacoModule.editor.ITextModel[] = [];
  let stretches: Stretch[] = [];
  let blamed = false;

  const column = document.createElement('div');
  column.className = 'blame-column';
  column.setAttribute('aria-hidden', 'true');
  newer.getContainerDomNode().append(column);

  function drawStretch({ owner, who, time }: Stretch, top: number, height: number): HTMLElement {
    const row = document.createElement('div');
    row.className = `blame-row ${hueOf(owner?.author ?? null)}`;
    row.style.top = `${top}px`;
    row.style.height = `${height}px`;
    const when = owner?.at ? new Date(owner.at).toLocaleString('en-GB') : '';
    if (owner) row.title = `${owner.message.split('\n', 1)[0]}\n${owner.author?.name ?? 'LLMos'}, ${when}`;
    const name = document.createElement('b');
    name.textContent = who;
    row.append(name, ` ${time}`);
    return row;
  }

  /** Draws the names that are in sight. */
  function drawBlame() {
    column.replaceChildren();
    column.hidden = !blamed;
    const model = newer.getModel();
    if (!blamed || !model) return;
    const { lineNumbersLeft, height } = newer.getLayoutInfo();
    const scroll = newer.getScrollTop();
    column.style.left = `${lineNumbersLeft}px`;
    // what is folded away has no place; a stretch that goes over a fold is drawn on both sides of it
    const seen = newer
      .getVisibleRanges()
      .map((range) => ({ from: range.startLineNumber - 1, to: range.endLineNumber }));
    for (const { from: first, to: last } of seen) {
      for (const stretch of stretches) {
        const [from, to] = [Math.max(stretch.from, first), Math.min(stretch.to, last)];
        if (from >= to) continue;
        const top = newer.getTopForLineNumber(from + 1) - scroll;
        const bottom = newer.getBottomForLineNumber(to) - scroll;
        if (bottom > 0 && top < height) column.append(drawStretch(stretch, top, bottom - top));
      }
    }
  }
  let frame = 0;
  const draw = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(drawBlame);
  };

  const marks = {
    before: diff.getOriginalEditor().createDecorationsCollection(),
    after: newer.createDecorationsCollection(),
  };

  /** Our own marks of changed words: Monaco's go letter by letter, and over the borders of lines. */
  function drawWords(found: MonacoModule.editor.ILineChange[]) {
    const model = diff.getModel();
    if (!model) return;
    const drawn: Record<'before' | 'after', MonacoModule.editor.IModelDeltaDecoration[]> = { before: [], after: [] };
    const sign = (side: 'before' | 'after', first: number, count: number) => {
      for (let line = first; line < first + count; line++)
        drawn[side].push({
          range: new monaco.Range(line, 1, line, 1),
          options: { firstLineDecorationClassName: side === 'before' ? 'sign-del' : 'sign-add' },
        });
    };
    const put = (side: 'before' | 'after', first: number, lines: Piece[][]) => {
      for (const [i, pieces] of lines.entries()) {
        let column = 1;
        for (const { text, changed } of pieces) {
          const range = new monaco.Range(first + i, column, first + i, (column += text.length));
          if (changed)
            drawn[side].push({ range, options: { inlineClassName: side === 'before' ? 'word-del' : 'word-add' } });
        }
      }
    };
    for (const change of found) {
      const [dels, adds] = [
        linesOf(model.original, change.originalStartLineNumber, change.originalEndLineNumber),
        linesOf(model.modified, change.modifiedStartLineNumber, change.modifiedEndLineNumber),
      ];
      const { dels: before, adds: after } = markWords(dels, adds);
      sign('before', change.originalStartLineNumber, dels.length);
      sign('after', change.modifiedStartLineNumber, adds.length);
      put('before', change.originalStartLineNumber, before);
      put('after', change.modifiedStartLineNumber, after);
    }
    marks.before.set(drawn.before);
    marks.after.set(drawn.after);
  }

  const tellChanges = () => {
    const found = diff.getLineChanges();
    drawWords(found ?? []);
    onchanges(
      found &&
        found.map(({ modifiedStartLineNumber: from, modifiedEndLineNumber: to }) => ({ from, to: Math.max(from, to) })),
    );
    draw();
  };
  const stops = [
    diff.onDidUpdateDiff(tellChanges),
    newer.onDidScrollChange(drawBlame),
    newer.onDidLayoutChange(draw),
    newer.onDidChangeHiddenAreas(draw),
    newer.onDidContentSizeChange(draw),
    newer.onDidChangeCursorPosition(({ position }) => online(position.lineNumber)),
  ];

  return {
    show({ before, after, language }: Texts) {
      const scroll = newer.getScrollTop();
      const old = models.splice(0);
      const original = monaco.editor.createModel(before, language);
      const modified = monaco.editor.createModel(after, language);
      models.push(original, modified);
      diff.setModel({ original, modified });
      newer.setScrollTop(scroll);
      for (const model of old) model.dispose();
    },
    /** The same two versions, with words typed since: nothing moves. */
    follow(after: string) {
      const model = newer.getModel();
      if (model && model.getValue() !== after) model.pushEditOperations([], minimalEdit(model, after), () => null);
    },
    setInline(inline: boolean) {
      diff.updateOptions({ renderSideBySide: !inline });
      nameSides();
    },
    setBlame(next: Stretch[] | null) {
      stretches = next ?? [];
      if (blamed !== (next !== null)) {
        blamed = next !== null;
        const chars = blamed
          ? 4 +
            Math.ceil(blameWidth / newer.getOption(monaco.editor.EditorOption.fontInfo).typicalHalfwidthCharacterWidth)
          : 4;
        newer.updateOptions({ lineNumbersMinChars: chars });
      }
      draw();
    },
    goTo(change: Change) {
      newer.setPosition({ lineNumber: Math.max(1, change.from), column: 1 });
      newer.revealLinesInCenterIfOutsideViewport(
        Math.max(1, change.from),
        Math.max(1, change.to),
        monaco.editor.ScrollType.Immediate,
      );
    },
    close() {
      cancelAnimationFrame(frame);
      for (const stop of stops) stop.dispose();
      diff.dispose();
      for (const model of models) model.dispose();
      column.remove();
    },
  };

  function minimalEdit(model: MonacoModule.editor.ITextModel, after: string) {
    const before = model.getValue();
    let head = 0;
    while (head < before.length && head < after.length && before[head] === after[head]) head++;
    let tail = 0;
    while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail))
      tail++;
    const [from, to] = [model.getPositionAt(head), model.getPositionAt(before.length - tail)];
    return [
      {
        range: new monaco.Range(from.lineNumber, from.column, to.lineNumber, to.column),
        text: after.slice(head, after.length - tail),
      },
    ];
  }
}

/** Monaco says 0 for the end of a side that has no lines. */
function linesOf(model: MonacoModule.editor.ITextModel, first: number, last: number): string[] {
  return last < first ? [] : Array.from({ length: last - first + 1 }, (_, i) => model.getLineContent(first + i));
}
