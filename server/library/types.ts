// What other slices may ask of the library. Lookup goes user, team, system; the nearest wins (LI2). A definition is read at a commit,
// so that a run can say exactly which text it followed; what was typed a moment ago becomes that commit first (LI1).
import type { TypedDefinition } from '#shared/definitionTypes.ts';
import type { DefinitionKind } from '#shared/definitionKind.ts';
import type { Actor } from '#shared/permissions.ts';

export type { DefinitionKind, TypedDefinition };

/** Where a definition lies. */
export type DefinitionPlace = {
  volume: string;
  volumeId: string;
  path: string;
  /** Empty where an old version is asked for, and the file is gone. */
  fileId: string;
};

export type ResolvedDefinition = DefinitionPlace & {
  kind: DefinitionKind;
  id: string;
  name: string;
  /** The commit at which it was read: the volume's head, or the one that was asked for. */
  oid: string;
  /** All of the file. */
  text: string;
  definition: TypedDefinition;
  /** Definitions of the same kind and id that this one hides, nearest first. */
  hides: DefinitionPlace[];
};

/** One row of the library. `text` is not part of it. */
export type LibraryEntry = DefinitionPlace & {
  kind: DefinitionKind;
  id: string;
  name: string;
  description: string;
  type: string | null;
  category: string | null;
  version: string | null;
  tools: string[] | null;
  model: string | null;
  keywords: string[];
  origin: TypedDefinition['origin'];
  executable: boolean;
  /** What is wrong or odd in the file, at its lines. */
  diagnostics: { line: number; message: string; severity: 'error' | 'warning' }[];
  /** Words are typed that no version holds yet. */
  pending: boolean;
  updatedAt: string;
  hides: DefinitionPlace[];
  /** The nearer one that wins over this; only with `hidden: true`. */
  hiddenBy: DefinitionPlace | null;
};

/** Whose lookup, seen from which volume: the person's own, then `volume`, then the system's. */
export type Lookup = {
  actor: Actor;
  /** `team/lab`, `user/ada` or `system`. */
  volume: string;
  /** Read at these commits instead of now: a run that is branched or resumed sees what the first one saw. Volume name -> oid. */
  at?: Record<string, string>;
};

export type SkillChoice = {
  skill: ResolvedDefinition;
  /** 0 to 1. */
  score: number;
  /** For people: `named in the goal`, `about the same thing`, `shares “csv”, “forecast”`. */
  why: string;
};

export type Library = {
  /** By `id`, or by `name` in any spelling (`@PlanningAgent`, `planning-agent`), or by an exact `path`. Null: there is none. */
  resolve(
    question: Lookup & { kind: DefinitionKind } & ({ id: string } | { name: string } | { path: string }),
  ): Promise<ResolvedDefinition | null>;
  /** What lookup finds, by kind and name. `hidden`: also those that lose. With `q`: the best first, by words and by meaning. */
  list(
    question: Lookup & { kinds?: readonly DefinitionKind[]; q?: string; hidden?: boolean; limit?: number },
  ): Promise<LibraryEntry[]>;
  /** At most `most` skills (three unless told) that fit the goal, best first (LI4). `named` come first, whatever they score. */
  skillsFor(
    question: Lookup & { goal: string; named?: readonly string[]; among?: readonly string[]; most?: number },
  ): Promise<SkillChoice[]>;
  /** The head of each volume that lookup reads, after what is typed in its definitions became a version: for the trace of a run. */
  versions(question: Lookup): Promise<Record<string, string>>;
  /** News: words were typed, or versions landed. */
  edited(news: { fileId: string }): void;
  committed(news: { volumeId: string; fileIds: string[] }): void;
};

/** Meaning, when there is somebody who computes it. Vectors have length 1. */
export type Embed = (texts: string[]) => Promise<Float32Array[]>;
