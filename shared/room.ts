// Names that both ends of /sync agree on. The wire protocol is in docs/PROTOCOL.md.

/** The name of the Y.Text that holds a file's text. No other root type is accepted. */
export const contentRoot = 'content';

/** Our addition to y-websocket's protocol: `varuint 100, varuint n` says that n sync messages of this connection are durable. */
export const messageAcknowledged = 100;

/** `epoch` of a file starts at 1; a client of another epoch is closed with 4410 (SY5). */
export type RoomAddress = { url: string; room: string; epoch: number };
