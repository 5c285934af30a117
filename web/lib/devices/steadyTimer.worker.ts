// The other half of steadyTimer.ts: says the number of a timer when it is due.
const timers = new Map<number, ReturnType<typeof setTimeout>>();

self.onmessage = ({ data: { id, ms } }: MessageEvent<{ id: number; ms: number | null }>) => {
  clearTimeout(timers.get(id));
  timers.delete(id);
  if (ms === null) return;
  const due = () => {
    timers.delete(id);
    self.postMessage(id);
  };
  timers.set(id, setTimeout(due, ms));
};
