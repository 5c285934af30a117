// State vectors: per client the number of clocks that are known. What a room keeps in memory instead of a document.
import { Cursor, writeUint } from './bytes.ts';
import { Refusal } from './refusal.ts';

export type StateVector = Map<number, number>;

const cursor = new Cursor();

export function readStateVector(bytes: Buffer, most = Infinity): StateVector {
  cursor.over(bytes);
  const count = cursor.uint();
  if (count > most || count * 2 > bytes.length) throw new Refusal(4400, 'the state vector is too long');
  const vector: StateVector = new Map();
  for (let i = 0; i < count; i++) {
    const client = cursor.uint();
    vector.set(client, cursor.uint());
  }
  return vector;
}

export function writeStateVector(vector: StateVector): Buffer {
  const target = Buffer.allocUnsafe(5 + vector.size * 10);
  let at = writeUint(target, 0, vector.size);
  for (const [client, clock] of vector) {
    at = writeUint(target, at, client);
    at = writeUint(target, at, clock);
  }
  return target.subarray(0, at);
}

/** Whether `vector` knows all that `other` knows. */
export const covers = (vector: StateVector, other: StateVector): boolean =>
  [...other].every(([client, clock]) => (vector.get(client) ?? 0) >= clock);
