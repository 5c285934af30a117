// What the server says: to programs one JSON line per event on standard error, named `noun.past-participle` (`server.started`),
// and to people a few plain lines on standard output. Never document text, prompts, keys, cookies or tokens.
import pino, { type Logger } from 'pino';

export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & {
  child: (fields: Record<string, unknown>) => Log;
};

/** Call as `log.info({ file: id }, 'room.opened')`. Errors go in as `{ err }`. */
export function createLog({ level, write }: { level: string; write?: (line: string) => void }): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['*.password', '*.cookie', '*.authorization', '*.token'],
  };
  return pino(options, write ? { write } : pino.destination({ fd: 2, sync: true }));
}

/** A line for the person who started the server. */
export function say(line: string): void {
  console.log(line);
}

/** For tests, and wherever nobody listens. */
export const silentLog: Log = createLog({ level: 'silent', write: () => undefined });
