// Pieces of calls as providers stream them: some give no index, some index 0 to all, some repeat an id or give one to several calls.
// Out come pieces under an index that is right, with an id only where it names this call alone.

type Piece = {
  index?: number | null;
  id?: string | null;
  function?: { name?: string | null; arguments?: unknown } | null;
};
export type CallPiece = { index: number; id: string | null; name: string | null; args: string };

export function createCallPieces(): { read(piece: Piece): CallPiece; count(): number } {
  const calls: { told: number | null; id: string | null; name: string | null; args: string }[] = [];

  function place(told: number | null, id: string | null, name: string | null): number {
    const same = calls.findLastIndex((call) => (told === null ? true : call.told === told));
    const before = calls[same];
    const isAnother =
      !before ||
      (id !== null && before.id !== null && id !== before.id) ||
      // without an id, a name after whole arguments begins the next call
      (id === null && name !== null && isWhole(before.args));
    if (!isAnother) return same;
    const known = id === null ? -1 : calls.findIndex((call) => call.id === id && (told === null || call.told === told));
    if (known >= 0) return known;
    calls.push({ told, id: null, name: null, args: '' });
    return calls.length - 1;
  }

  return {
    read({ index = null, id = null, function: given }) {
      const name = given?.name || null;
      const args = textOf(given?.arguments);
      const at = place(index, id || null, name);
      const call = calls[at]!;
      const isNamedTwice = id ? calls.some((other, where) => where !== at && other.id === id) : false;
      if (id) call.id = id;
      // a name that comes with every piece is told once
      const isNew = name !== null && name !== call.name;
      if (isNew) call.name = name;
      call.args += args;
      return { index: at, id: isNamedTwice ? null : id || null, name: isNew ? name : null, args };
    },
    count: () => calls.length,
  };
}

const textOf = (args: unknown): string => (typeof args === 'string' ? args : args == null ? '' : JSON.stringify(args));

function isWhole(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}
