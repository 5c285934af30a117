// One act for news that come together: a moment after the last of them, and now and then while they go on for minutes.

/** So many times the wait, and it is done although news still come. */
const patience = 5;

/** Runs `act` once `waitMs` after the last `poke`, and at most 5 times that after the first. */
export function gather(act: () => void, waitMs: number): { poke: () => void; stop: () => void } {
  let since: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = () => {
    since = null;
    act();
  };
  return {
    poke() {
      since ??= performance.now();
      clearTimeout(timer);
      timer = setTimeout(run, Math.min(waitMs, Math.max(0, since + patience * waitMs - performance.now())));
    },
    stop: () => clearTimeout(timer),
  };
}
