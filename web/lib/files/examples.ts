// What an empty volume teaches by: definitions that work as they are.

export type Example = { path: string; label: string; text: string };

export const examples: Example[] = [
  {
    path: 'skills/data-analysis/SKILL.md',
    label: 'a skill',
    text: `---
name: data-analysis
description: Step by step approach for analysing a dataset. Use when somebody hands over measurements or a table.
version: 1.0.0
---

# Data analysis

### 1. Load and inspect

- Count rows and columns, look at the first and the last ten rows.
- Name each column's unit and what it measures.

### 2. Clean

- Say what is missing and why, before you fill or drop it.
- Remove duplicates; keep a note of how many.

### 3. Answer

- State the question in one sentence, then the number that answers it, with its uncertainty.
- Show one plot that a teammate can check it by.
`,
  },
  {
    path: 'agents/NoteTakerAgent.md',
    label: 'an agent',
    text: `---
name: NoteTakerAgent
type: specialist
id: note-taker-agent
description: Turns a conversation or a log into notes that somebody can act on.
tools:
  - read-file
  - write-file
version: 1.0.0
---

# NoteTakerAgent

You turn what was said or measured into notes.

1. Read the whole text first.
2. Write what was decided, by whom, and what is open. Quote the words that a decision rests on.
3. End with a list of next steps, each with a name and a date if one was said.
`,
  },
];
