// A workflow that is open beside its text: what the text says now, the skills that it may use, and how its last run went.
import type { LibraryEntry } from '#shared/api/library.ts';
import type { Executable, TypedDefinition } from '#shared/definitionTypes.ts';
import { readTyped, slugOf } from '#shared/typedDefinition.ts';
import { orderOf, readWorkflow, type Workflow, type WorkflowNode } from '#shared/workflow.ts';
import type { Api } from '#lib/api.ts';
import { runWorkflow, type NodeRun, type Perform } from './runWorkflow.ts';

export type SkillEntry = Pick<LibraryEntry, 'id' | 'name' | 'description' | 'volume' | 'path'>;

const step = { x: 300, y: 160 };

export class OpenWorkflow {
  graph = $state.raw<Workflow>({ nodes: [], edges: [], diagnostics: [], hasBlock: false });
  /** Skills with code, that can be added. */
  skills = $state.raw<SkillEntry[]>([]);
  /** By the name that a node uses; null: there is none that runs. */
  read = $state.raw<ReadonlyMap<string, TypedDefinition | null>>(new Map());
  runs = $state.raw<ReadonlyMap<string, NodeRun>>(new Map());
  running = $state(false);
  #stop: AbortController | null = null;
  readonly #api: Api;
  readonly #volume: string;

  constructor({ api, volume }: { api: Api; volume: string }) {
    this.#api = api;
    this.#volume = volume;
  }

  /** The text changed. */
  show(text: string): void {
    this.graph = readWorkflow(text);
    void this.#readSkills();
  }

  /** Definitions may have changed: names and codes are read again when they are needed. */
  async readLibrary(): Promise<void> {
    const { entries } = await this.#api('GET /library', { query: { volume: this.#volume, kind: 'skill' } });
    this.skills = entries.filter(({ executable }) => executable);
    this.read = new Map();
    await this.#readSkills();
  }

  executableOf(name: string): Executable | null {
    return this.read.get(name)?.executable ?? null;
  }

  /** Where a node stands; those without a place are put in columns, in the order in which they run. */
  placeOf(node: WorkflowNode): { x: number; y: number } {
    if (node.at) return node.at;
    const { order, circle } = orderOf(this.graph);
    const depth = new Map<string, number>();
    for (const { id } of order)
      depth.set(
        id,
        Math.max(
          0,
          ...this.graph.edges.filter(({ to }) => to.node === id).map(({ from }) => (depth.get(from.node) ?? 0) + 1),
        ),
      );
    const mine = depth.get(node.id) ?? circle.indexOf(node.id);
    const above = this.graph.nodes.filter(({ id, at }) => at === null && (depth.get(id) ?? 0) === mine);
    return { x: mine * step.x, y: above.findIndex(({ id }) => id === node.id) * step.y };
  }

  /** A name for one more node with this skill. */
  freeId(skill: string): string {
    const base = slugOf(skill).slice(0, 40) || 'node';
    const taken = new Set(this.graph.nodes.map(({ id }) => id));
    for (let n = 1; ; n++) {
      const id = n === 1 ? base : `${base}-${n}`;
      if (!taken.has(id)) return id;
    }
  }

  async run(perform: Perform): Promise<void> {
    if (this.running) return;
    const stop = (this.#stop = new AbortController());
    this.running = true;
    try {
      await this.readLibrary();
      await runWorkflow({
        workflow: this.graph,
        skillOf: async (name) => this.executableOf(name),
        perform,
        tell: (id, run) => (this.runs = new Map(this.runs).set(id, run)),
        signal: stop.signal,
      });
    } finally {
      this.running = false;
    }
  }

  stop(): void {
    this.#stop?.abort();
  }

  async #readSkills(): Promise<void> {
    const missing = [...new Set(this.graph.nodes.map(({ skill }) => skill))].filter((name) => !this.read.has(name));
    if (missing.length === 0) return;
    const found = await Promise.all(missing.map(async (name) => [name, await this.#readSkill(name)] as const));
    this.read = new Map([...this.read, ...found]);
  }

  async #readSkill(name: string): Promise<TypedDefinition | null> {
    const entry = this.skills.find((one) => one.id === slugOf(name) || slugOf(one.name) === slugOf(name));
    if (!entry) return null;
    const { volume, path } = entry;
    const text = await this.#api('GET /volumes/:volume/files/*path', { params: { volume, path } }).catch(() => null);
    return text === null ? null : readTyped({ path, text });
  }
}
