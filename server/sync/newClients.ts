// Client ids that people began to use: each costs every reader of the file a little for ever, so there is a limit by the hour.
// Kept beside the rooms, not in them: leaving a room does not give new ones.

export class NewClients {
  private readonly times = new Map<string, number[]>();
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** False: too many in the last hour. */
  allow(person: string, fileId: string): boolean {
    const now = performance.now();
    const key = `${person} ${fileId}`;
    const recent = (this.times.get(key) ?? []).filter((time) => now - time < 3_600_000);
    if (recent.length >= this.most) return false;
    recent.push(now);
    this.times.delete(key);
    this.times.set(key, recent); // at the end: the first is the one that was quiet for longest
    for (const [other, times] of this.times) {
      if (now - times.at(-1)! < 3_600_000) break;
      this.times.delete(other);
    }
    return true;
  }
}
