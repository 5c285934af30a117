// What the browser that holds a board says of it, one message at a time. It says first what it holds; until then nothing else counts.
import type { FromHost, JobResult } from '#shared/devices.ts';
import type { Clock } from '../platform/clock.ts';
import type { Timeless } from './boardLease.ts';
import type { Note } from './boardNews.ts';
import type { Line } from './line.ts';
import type { Rate } from './limits.ts';

export type Host = {
  line: Line<FromHost>;
  flood: Rate;
  words: Rate;
  openedAt: number;
  /** Null until it has said what it holds. */
  holds: { kind: 'serial' | 'virtual'; port: string; agent: string; since: number; baud: number } | null;
};

/** What a board hears of it. */
export type Told = {
  connection: () => 'online' | 'lost' | 'offline';
  isStopping: () => boolean;
  step: (event: Timeless) => unknown;
  /** Why the board is not there; null: it is. */
  because: (why: string | null) => void;
  progressed: (message: Extract<FromHost, { type: 'job-progress' }>) => boolean;
  result: (result: JobResult) => void;
  note: (note: Note) => void;
  tellState: () => void;
  unhold: (host: Host, why: string) => void;
};

export function hearHost({
  board,
  host,
  message,
  clock,
}: {
  board: Told;
  host: Host;
  message: FromHost;
  clock: Clock;
}): void {
  // prettier-ignore
  const { line } = host;
  const { name } = line.face;
  const by = { person: line.face, run: null };
  if (!host.holds && message.type !== 'hosting' && message.type !== 'leave')
    return line.end('invalid', 'Say first what you hold.');
  const isFew = message.type === 'job-progress' || message.type === 'job-result' || host.words.allow(1);
  if (!isFew && message.type === 'port-failed') return; // a driver may cause it as often as they like
  if (!isFew) return line.end('rate-limited', 'Too many words at once.');
  const connect = (connection: 'online' | 'lost', why: string | null) => {
    board.because(connection === 'lost' ? why || 'The board is unplugged' : null);
    board.step({ type: 'connection', connection, host: line.actor.personId });
  };
  switch (message.type) {
    case 'hosting': {
      const { kind, port, agent, baud } = message;
      const wasThere = host.holds !== null;
      host.holds = { kind, port, agent, since: clock.now(), baud };
      connect('online', null);
      if (!wasThere) board.note({ kind: 'connection', by, text: `${name} shares it: ${port}` });
      return board.tellState();
    }
    case 'connection': {
      const { connection, why } = message;
      const text = connection === 'online' ? 'Plugged in again' : why || 'Unplugged';
      if (connection !== board.connection()) board.note({ kind: 'connection', by, text });
      return connect(connection, why);
    }
    case 'job-progress':
      if (board.progressed(message)) board.tellState();
      return;
    case 'job-result':
      return board.result(message.result);
    case 'stopped':
      if (!board.isStopping()) return;
      board.step({ type: 'stop-done' });
      return board.note({ kind: 'stop', by, text: message.text || 'The board is at rest' });
    case 'baud':
      host.holds!.baud = message.baud;
      return board.tellState();
    case 'port-failed': {
      const what = { signals: 'The lines DTR and RTS were not set', reset: 'The board was not reset', baud: 'The speed is as it was' }; // prettier-ignore
      const kind = message.of === 'baud' ? 'baud' : 'reset';
      return board.note({ kind, by, text: `${what[message.of]}: ${message.text}` });
    }
    case 'leave':
      board.unhold(host, `${name} shares it no longer`);
      return line.goodbye();
  }
}
