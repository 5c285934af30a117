// Which of this browser's edits the server holds durably. The server acknowledges by number: "the first n sync messages with
// content of this connection are durable" (docs/PROTOCOL.md, message 100). Pure bookkeeping between the socket and the lights.

export type Ledger = {
  /** An edit was made here; it is not sent yet. */
  edited(): void;
  /** A new connection: its messages are counted from one. */
  opened(): void;
  /** A message left: `everything` (SyncStep2) holds all that was typed so far, `latest` (update) only the last edit. */
  sent(content: 'everything' | 'latest'): void;
  acknowledged(messages: number): void;
  readonly unsent: number;
  /** Edits since the document was opened. */
  readonly typed: number;
};

export function createLedger(): Ledger {
  let typed = 0;
  let durable = 0;
  /** For each message of this connection: how many edits exist that it, or one before it, holds. */
  let messages: { content: 'everything' | 'latest'; typed: number }[] = [];
  let settled = 0;
  let reach = 0;
  /** Edits made before the connection are on the server, so single updates continue a complete row. */
  let complete = true;

  return {
    edited: () => void typed++,
    opened() {
      messages = [];
      settled = 0;
      reach = 0;
      complete = durable === typed;
    },
    sent: (content) => void messages.push({ content, typed }),
    acknowledged(count) {
      for (; settled < Math.min(count, messages.length); settled++) {
        const message = messages[settled]!;
        complete ||= message.content === 'everything';
        reach = Math.max(reach, message.typed);
      }
      if (complete) durable = Math.max(durable, reach);
    },
    get unsent() {
      return typed - durable;
    },
    get typed() {
      return typed;
    },
  };
}
