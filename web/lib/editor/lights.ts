// The four lights (SY7), one state machine without a clock of its own: what happened goes in, four true statements come out.
// Shapes as the design names them: done (filled circle), busy (half), wait (ring), late (amber diamond), stop (red square).

export type Shape = 'done' | 'busy' | 'wait' | 'late' | 'stop';
export type Light = { name: string; shape: Shape; sentence: string };

/** Unacknowledged edits are called late after this, and stopped after that (SY7). */
export const lateAfter = 5_000;
export const stopAfter = 60_000;

export type LightsEvent =
  /** How many edits the server has not confirmed, after each edit and each acknowledgement. */
  | { type: 'unsent'; count: number }
  | { type: 'connection'; state: 'open' | 'closed' }
  /** The room's content arrived on this connection. */
  | { type: 'synced' }
  /** A final close code: nothing will be sent any more. */
  | { type: 'ended'; title: string }
  /** Whether this browser keeps an offline copy that survives a closed tab. */
  | { type: 'kept'; here: boolean }
  | { type: 'typed' }
  | { type: 'pending'; authors: string[]; due: number | null; held: boolean }
  | { type: 'committed'; oid: string | null }
  /** A remote repository, if the volume has one; null without. */
  | { type: 'remote'; name: string; behind: number | null };

export type LightsState = {
  reader: boolean;
  kept: boolean;
  unsent: number;
  /** When the oldest unconfirmed edit was made. */
  unsentSince: number | null;
  connection: 'open' | 'closed';
  closedSince: number | null;
  synced: boolean;
  ended: string | null;
  commit: { authors: string[]; due: number | null; held: boolean } | null;
  oid: string | null;
  remote: { name: string; behind: number | null } | null;
};

export const firstState = ({ reader, now }: { reader: boolean; now: number }): LightsState => ({
  reader,
  kept: true,
  unsent: 0,
  unsentSince: null,
  connection: 'closed',
  closedSince: now,
  synced: false,
  ended: null,
  commit: null,
  oid: null,
  remote: null,
});

export function afterEvent(state: LightsState, event: LightsEvent, now: number): LightsState {
  switch (event.type) {
    case 'unsent': {
      // Fewer than before: what is left is younger than what was confirmed; its exact age is not known, so the clock starts again.
      const since =
        event.count === 0 ? null : state.unsentSince === null || event.count < state.unsent ? now : state.unsentSince;
      return { ...state, unsent: event.count, unsentSince: since };
    }
    case 'connection':
      return event.state === state.connection
        ? state
        : { ...state, connection: event.state, synced: false, closedSince: event.state === 'closed' ? now : null };
    case 'synced':
      return { ...state, synced: true };
    case 'ended':
      return {
        ...state,
        ended: event.title,
        connection: 'closed',
        synced: false,
        closedSince: state.closedSince ?? now,
      };
    case 'kept':
      return { ...state, kept: event.here };
    case 'typed':
      return state.commit ? state : { ...state, commit: { authors: [], due: null, held: false } };
    case 'pending':
      return { ...state, commit: { authors: event.authors, due: event.due, held: event.held } };
    case 'committed':
      return { ...state, commit: null, oid: event.oid ?? state.oid };
    case 'remote':
      return { ...state, remote: { name: event.name, behind: event.behind } };
  }
}

/** In this order: Here, Server, Commit, and the remote where there is one. Readers have typed nothing: no Here. */
export function readLights(state: LightsState, now: number): Light[] {
  const lights = [server(state, now), commit(state, now)];
  if (!state.reader) lights.unshift(here(state));
  if (state.remote) lights.push(remote(state.remote));
  return lights;
}

/** What a screen reader should be told: only when a light is late or stopped. */
export const spoken = (lights: Light[]): string =>
  lights
    .filter((light) => light.shape === 'late' || light.shape === 'stop')
    .map((light) => `${light.name}: ${light.sentence}`)
    .join(' ');

/** Time alone can change the lights while words wait, a connection is missing or a version is due. */
export const changesWithTime = (state: LightsState): boolean =>
  state.unsent > 0 || state.connection === 'closed' || state.commit !== null;

function here(state: LightsState): Light {
  const name = 'Here';
  if (!state.kept)
    return { name, shape: 'late', sentence: 'This browser keeps no copy. Leave the tab open until Server is lit.' };
  return { name, shape: 'done', sentence: 'What you typed is kept in this browser, also if you close the tab.' };
}

function server(state: LightsState, now: number): Light {
  const name = 'Server';
  const edits = count(state.unsent, 'edit');
  if (state.ended)
    return {
      name,
      shape: 'stop',
      sentence: `${state.ended} ${state.unsent ? `${edits} kept here and not sent.` : 'Nothing of yours is waiting.'}`,
    };
  if (state.unsent > 0) {
    const age = now - (state.unsentSince ?? now);
    const words = `${edits} not confirmed for ${span(age)}`;
    if (age >= stopAfter)
      return { name, shape: 'stop', sentence: `${words}. Your text is kept here: copy it to be safe.` };
    if (age >= lateAfter) return { name, shape: 'late', sentence: `${words}.` };
    return { name, shape: 'busy', sentence: 'On its way to the server.' };
  }
  if (state.connection === 'open' && state.synced) {
    return {
      name,
      shape: 'done',
      sentence: state.reader ? 'You see what is kept on the server.' : 'Everything you typed is kept on the server.',
    };
  }
  const away = now - (state.closedSince ?? now);
  if (state.connection === 'closed' && away >= lateAfter) {
    return {
      name,
      shape: 'late',
      sentence: `No connection for ${span(away)}. ${state.reader ? '' : 'Nothing of yours is waiting. '}You do not see what others type.`,
    };
  }
  return { name, shape: 'busy', sentence: 'Connecting.' };
}

function commit(state: LightsState, now: number): Light {
  const name = 'Commit';
  if (state.commit?.held)
    return { name, shape: 'late', sentence: 'Held back from versions: it looks as if it holds a key.' };
  if (state.unsent > 0 && (state.ended || now - (state.unsentSince ?? now) >= lateAfter))
    return { name, shape: 'wait', sentence: 'Not yet: your words must reach the server first.' };
  if (state.connection === 'closed' || !state.synced)
    return { name, shape: 'wait', sentence: 'Not known without a connection.' };
  if (!state.commit && state.unsent === 0) {
    return {
      name,
      shape: 'done',
      sentence: state.oid ? `Every word is in version ${state.oid.slice(0, 7)}.` : 'Every word is in a version.',
    };
  }
  const { authors = [], due = null } = state.commit ?? {};
  const when =
    due === null
      ? 'Next version after a pause'
      : due <= now
        ? 'Next version now'
        : `Next version in ${span(due - now)} at the latest`;
  return {
    name,
    shape: 'busy',
    sentence:
      authors.length === 0 ? `${when}.` : `${when}. ${list(authors)}${authors.length > 1 ? ': one commit each' : ''}.`,
  };
}

function remote({ name, behind }: { name: string; behind: number | null }): Light {
  if (behind === null) return { name, shape: 'wait', sentence: 'Not connected to a remote.' };
  if (behind === 0) return { name, shape: 'done', sentence: 'Every version is pushed.' };
  return { name, shape: 'wait', sentence: `${count(behind, 'version')} not pushed yet.` };
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;

function list(names: string[]): string {
  if (names.length > 4) return `${names.slice(0, 3).join(', ')} and ${names.length - 3} others`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `7 s`, `2 min`, `3 h`: whole and rounded down, so that it never claims more than is true. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
