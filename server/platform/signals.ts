// A clean stop: on the first signal everything that was opened is closed, last opened first. A second signal, if a person sent it, does not wait.
import { say, type Log } from './log.ts';

export type Stopping = {
  /** Registers what must be closed; `name` is for the log. */
  last: (name: string, close: () => Promise<unknown> | void) => void;
  stop: () => Promise<void>;
  /** Something happened after which this server must not go on: says why, stops, and ends the process with 1. */
  fail: (sentence: string) => void;
};

/** `patience`: milliseconds after which the process ends anyway. */
export function stopOnSignal({
  log,
  patience = 20_000,
  exit = (code) => process.exit(code),
}: {
  log: Log;
  patience?: number;
  exit?: (code: number) => void;
}): Stopping {
  const closings: { name: string; close: () => Promise<unknown> | void }[] = [];
  let stopping: Promise<void> | null = null;
  let since = 0;

  const run = async () => {
    for (const { name, close } of closings.reverse()) {
      try {
        await close();
      } catch (error) {
        log.error({ err: error, part: name }, 'stop.failed');
      }
    }
    log.info('server.stopped');
  };
  const stop = () => (stopping ??= run());

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // npm and the terminal may each pass on the same Ctrl C
      if (stopping) return Date.now() - since > 500 ? exit(130) : undefined;
      since = Date.now();
      setTimeout(() => exit(1), patience).unref();
      void stop().then(() => exit(0));
    });
  }
  // `npm start` holds a channel to us: when it breaks, what started us is gone
  if (process.channel) {
    process.channel.unref();
    process.once('disconnect', () => {
      setTimeout(() => exit(1), patience).unref();
      void stop().then(() => exit(0));
    });
  }
  const fail = (sentence: string) => {
    log.fatal({ reason: sentence }, 'server.failed');
    say(`LLMos stops. ${sentence}`);
    setTimeout(() => exit(1), patience).unref();
    void stop().then(() => exit(1));
  };
  return { fail, last: (name, close) => void closings.push({ name, close }), stop };
}
