// The events of a run as server-sent events, for programs without a socket: each with its number as the id, so that a reader who lost
// the connection goes on from `Last-Event-ID`. A reader who does not read is not written to.
import type { Runs } from './runs.ts';

const aliveMs = 15_000;

export async function eventStream({
  runs,
  run,
  personId,
  after,
  maySee,
  signal,
}: {
  runs: Runs;
  run: string;
  personId: string;
  after: number;
  /** Asked again now and then: rights may end while the stream is open. */
  maySee: () => Promise<boolean>;
  signal: AbortSignal;
}): Promise<Response> {
  const row = await runs.row(run);
  // told to stop asking: it has all of a run that is over
  if (row.endedAt && after > 0 && after >= (await runs.store.lastSeq(run))) return new Response(null, { status: 204 });
  const utf8 = new TextEncoder();
  let close: () => void = () => undefined;
  let hungry: () => void = () => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => controller.enqueue(utf8.encode(text));
      const unfollow = runs.following.follow({
        run,
        personId,
        after,
        async send({ events, through }) {
          for (const event of events)
            write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
          const last = events.at(-1);
          if (last?.type === 'ended' && last.seq === through) return close();
          if ((controller.desiredSize ?? 1) <= 0) await new Promise<void>((done) => (hungry = done));
        },
      });
      const alive = setInterval(() => {
        write(': alive\n\n');
        maySee().then(
          (may) => may || close(),
          () => undefined,
        );
      }, aliveMs);
      alive.unref();
      let closed = false;
      close = () => {
        if (closed) return;
        closed = true;
        clearInterval(alive);
        unfollow();
        hungry();
        try {
          controller.close();
        } catch {
          // the reader has gone
        }
      };
      signal.addEventListener('abort', () => close(), { once: true });
    },
    pull: () => hungry(),
    cancel: () => close(),
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
}
