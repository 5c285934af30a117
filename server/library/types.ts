// What other slices may ask of the library. Lookup goes user, team, system; the nearest wins (LI2). A definition is read at a commit,
// so that a run can say exactly which text it followed; what was typed a moment ago becomes that commit first (LI1).
import type { TypedDefinition } from '#shared/definitionTypes.ts';
import type { DefinitionKind } from '#shared/definitionKind.ts';
import type { KernelRemark, KernelValues, runLimits } from '#shared/kernelSettings.ts';
import type { DefinitionPlace, LibraryDetail, LibraryEntry } from '#shared/api/library.ts';
import type { Actor } from '#shared/permissions.ts';

/** `fileId` is empty where an old version is asked for, and the file is gone. */
export type { DefinitionKind, DefinitionPlace, LibraryEntry, TypedDefinition };
/** What is listed. Memory and traces have their own index. */
export type LibraryKind = LibraryEntry['kind'];

export type ResolvedDefinition = DefinitionPlace & {
  kind: LibraryKind;
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

/** Whose lookup, seen from which volume: the person's own, then `volume`, then the system's. */
export type Lookup = {
  actor: Actor;
  /** `team/lab`, `user/ada` or `system`. */
  volume: string;
  /** Read at these commits instead of now: a run that is branched or resumed sees what the first one saw. Volume name -> oid. */
  at?: Record<string, string>;
};

export type RunLimits = ReturnType<typeof runLimits>;

export type SkillChoice = {
  skill: ResolvedDefinition;
  /** 0 to 1. */
  score: number;
  /** For people: `named in the goal`, `about the same thing`, `shares “csv”, “forecast”`. */
  why: string;
};

/**
 * What is listed, and of which kinds. `onLate` hears when meanings are still being computed, so that what fits by meaning alone may be
 * missing.
 */
export type Listed = Lookup & { kinds?: readonly LibraryKind[]; q?: string; hidden?: boolean; onLate?: () => void };

export type Library = {
  /** By `id`, or by `name` in any spelling (`@PlanningAgent`, `planning-agent`), or by an exact `path`. Null: there is none. */
  resolve(
    question: Lookup & { kind: LibraryKind } & ({ id: string } | { name: string } | { path: string }),
  ): Promise<ResolvedDefinition | null>;
  /** What lookup finds, by kind and name. `hidden`: also those that lose. With `q`: the best first, by words and by meaning. */
  list(question: Listed & { limit?: number }): Promise<LibraryEntry[]>;
  /** Of the same list those from `from` on, and how many there are. */
  page(question: Listed & { from: number; limit: number }): Promise<{ entries: LibraryEntry[]; total: number }>;
  /** At most `most` skills (three unless told) that fit the goal, best first (LI4). `named` come first, whatever they score. */
  skillsFor(
    question: Lookup & { goal: string; named?: readonly string[]; among?: readonly string[]; most?: number },
  ): Promise<SkillChoice[]>;
  /** Exactly this file, whoever wins, as it is typed now and with the commit that holds it. */
  at(question: Lookup & { place: { volume: string; path: string } }): Promise<ResolvedDefinition | null>;
  /** One file: who wins, what is where, who names it. Null: it defines nothing, or may not be seen. */
  detail(question: Lookup & { place: { volume: string; path: string } }): Promise<LibraryDetail | null>;
  /** The head of each volume that lookup reads, after what is typed in its definitions became a version: for the trace of a run. */
  versions(question: Lookup): Promise<Record<string, string>>;
  /** Numbers of the kernel as they are now (or `at`): the system's, tightened by the team's and, unless `own` is false, the person's own. */
  kernel(
    question: Lookup & { own?: boolean },
  ): Promise<{ values: KernelValues; limits: RunLimits; remarks: KernelRemark[] }>;
  /** News: words were typed, or versions landed. */
  edited(news: { fileId: string }): void;
  committed(news: { volumeId: string; fileIds: string[] }): void;
};

/** Meaning, when there is somebody who computes it. Vectors have length 1. `soon`: somebody waits for it. */
export type Embed = (texts: string[], options?: { soon?: boolean }) => Promise<Float32Array[]>;
