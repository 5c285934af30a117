// What the first visit offers to start with. The test beside it compares these lines with the samples themselves.
export type SampleRow = { kind: 'agent' | 'skill' | 'tool' | 'note'; name: string; what: string; folder: string };

export const labRows: SampleRow[] = [
  {
    kind: 'agent',
    name: 'NoteKeeper',
    what: 'Turns rough notes of a meeting into decisions, tasks and open questions',
    folder: 'agents',
  },
  {
    kind: 'skill',
    name: 'check-a-claim',
    what: 'Check a figure or a statement in a document against its source',
    folder: 'skills',
  },
  {
    kind: 'skill',
    name: 'weekly-summary',
    what: "Write the team's summary of a week from its notes and changed files",
    folder: 'skills',
  },
  { kind: 'tool', name: 'measurements', what: "The lab's temperature readings, as a table", folder: 'tools' },
  { kind: 'note', name: 'first-week', what: 'What was seen, decided and asked in a first week', folder: 'notes' },
];
export const labCounts = { agents: 1, skills: 4, files: 16 };
export const originalCounts = { agents: 13, skills: 19, files: 62 };
