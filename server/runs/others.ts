// Who beside its person had a say in a run, as its events and those of the runs below it tell: what they said may be what a definition is
// made of (RU8).
import type { Face } from '#shared/live.ts';
import type { RunEvent } from '#shared/run.ts';

/** Each once. An approval is no words, a note beside it is. */
export async function othersIn({
  events,
  eventsOf,
  person,
}: {
  events: RunEvent[];
  eventsOf: (run: string) => Promise<RunEvent[]>;
  person: Face;
}): Promise<Face[]> {
  const found = new Map<string, Face>();
  for (const event of events) {
    if (event.type === 'child')
      for (const by of await othersIn({ events: await eventsOf(event.run), eventsOf, person })) found.set(by.id, by);
    const by = speakerOf(event);
    if (by && by.id !== person.id) found.set(by.id, by);
  }
  return [...found.values()];
}

function speakerOf(event: RunEvent): Face | null {
  if (event.type === 'steer' || event.type === 'answer') return event.by;
  return event.type === 'approval' && event.note ? event.by : null;
}
