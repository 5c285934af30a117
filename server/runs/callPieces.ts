// Calls come in pieces: by index, with ids and names once, in every piece, or never. Here they become whole calls, in the order in which
// they began. Ids that are missing or were there before get one of ours, so that each has exactly one result (RU3).
import { ModelFailure, type ModelPart } from '../platform/model.ts';

export type WrittenCall = { id: string; name: string; args: string };
type Piece = Extract<ModelPart, { type: 'call' }>;
type Begun = { id: string | null; name: string | null; args: string };

export const callLimits = { perTurn: 64, bytes: 4 * 1024 * 1024 };

export class CallPieces {
  private readonly calls: Begun[] = [];
  private readonly current = new Map<number, Begun>();
  private size = 0;

  add(piece: Piece): void {
    this.size += piece.args.length;
    if (this.size > callLimits.bytes) throw new ModelFailure('broken', 'The model wrote more than 4 MiB of calls.');
    const open = this.current.get(piece.index);
    if (!open || isAnother(open, piece)) {
      if (this.calls.length >= callLimits.perTurn)
        throw new ModelFailure('broken', `The model made more than ${callLimits.perTurn} calls at once.`);
      const begun: Begun = { id: piece.id || null, name: piece.name || null, args: piece.args };
      this.calls.push(begun);
      this.current.set(piece.index, begun);
      return;
    }
    open.id ??= piece.id || null;
    open.name ??= piece.name || null;
    open.args += piece.args;
  }

  /** `used`: the ids of the run so far; those of these calls are added. */
  whole({ step, used }: { step: number; used: Set<string> }): WrittenCall[] {
    return this.calls.map(({ id, name, args }, i) => {
      let own = id !== null && /^[\w.:-]{1,128}$/.test(id) && !used.has(id) ? id : `call_${step}_${i + 1}`;
      for (let n = 2; used.has(own); n++) own = `call_${step}_${i + 1}_${n}`;
      used.add(own);
      return { id: own, name: name ?? '', args };
    });
  }
}

/** Some providers give every call the index 0: another id, or a new name after arguments that are whole, is another call. */
function isAnother(open: Begun, piece: Piece): boolean {
  if (piece.id && open.id && piece.id !== open.id) return true;
  if (!piece.name || (piece.id === open.id && piece.id)) return false;
  return isWhole(open.args) && (piece.name !== open.name || piece.args.trimStart().startsWith('{'));
}

function isWhole(args: string): boolean {
  if (!args.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(args);
    return true;
  } catch {
    return false;
  }
}
