// Other agents and skills: finding them, giving one a task, reading one.
import { Problem } from '#shared/errors.ts';
import type { Library } from '../../library/types.ts';
import type { StartChild, Tool } from '../types.ts';
import type { FileParts } from './runReading.ts';
import { specificationOf } from './toolTable.ts';

/** `names`: the tools of this run, once they are known; a sub-agent has no others. */
export function agentTools({
  library,
  startChild,
  names,
  cameFrom,
}: {
  library: Pick<Library, 'list' | 'resolve'>;
  cameFrom: FileParts['cameFrom'];
  startChild: StartChild;
  names: () => readonly string[];
}): Tool[] {
  return [
    {
      ...specificationOf('discover_agents'),
      async act(args, { actor, run }) {
        const { query, limit = 20 } = args as { query?: string; limit?: number };
        const q = query === undefined ? {} : { q: query };
        const found = await library.list({
          actor,
          volume: run.volume,
          kinds: ['agent'],
          limit: Math.min(limit, 50),
          ...q,
        });
        const lines = found.map(
          ({ name, description, path, volume, tools }) =>
            `- ${name}: ${description.slice(0, 300)} (${volume}: ${path}; tools: ${tools?.join(', ') || 'all'})`,
        );
        return {
          ok: true,
          text: lines.join('\n') || 'There is no such agent. Write one with write_file into agents/.',
        };
      },
    },
    {
      ...specificationOf('delegate_to_agent'),
      together: true,
      continues: true,
      async act(args, context) {
        const { agent, task, context: known } = args as { agent: string; task: string; context?: string };
        const full = context.budget.takeChild(context.run.depth);
        if (full) return { ok: false, text: full };
        const end = await startChild({
          agent: agent.replace(/^@/, ''),
          goal: known ? `${task}\n\nWhat is known:\n${known}` : task,
          parent: context.run,
          call: context.call,
          actor: context.actor,
          tools: names(),
          budget: context.budget,
          taint: context.taint,
          signal: context.signal,
          started: context.child,
        });
        context.signal.throwIfAborted();
        const parts = [{ kind: 'run' as const, run: end.run, agent: end.agent }];
        if (end.outcome === 'done') return { ok: true, text: end.answer, parts };
        const so_far = end.answer === '' ? '' : `\nWhat it had so far:\n${end.answer}`;
        return { ok: false, text: `${end.agent} did not finish. ${end.reason}${so_far}`, parts };
      },
    },
    {
      ...specificationOf('use_skill'),
      async act(args, { actor, run }) {
        const name = String(args['skill']);
        const found = await library.resolve({ actor, volume: run.volume, kind: 'skill', name, at: run.versions });
        const skill = found ?? (await library.resolve({ actor, volume: run.volume, kind: 'skill', name }));
        if (!skill) throw new Problem('not-found', `There is no skill ${name}.`);
        const { definition, volume, volumeId, path, fileId } = skill;
        const untrusted = fileId === '' ? null : ((await cameFrom?.({ volumeId, fileIds: [fileId] })) ?? null);
        const folder = /^(.*)\/SKILL\.md$/i.exec(path)?.[1];
        const note = [
          folder ? `Files that it names are in ${folder} of ${volume}.` : '',
          definition.executable ? `It can be run: give its code to execute_python and call ${definition.executable.entry}(inputs).` : '',
        ].filter(Boolean).join(' '); // prettier-ignore
        return {
          ok: true,
          text: `# ${skill.name}\n${definition.description}\n\n${definition.body.trim()}${note && `\n\n(${note})`}`,
          parts: [{ kind: 'file', volume, path, change: 'read' }],
          ...(untrusted === null ? {} : { untrusted }),
        };
      },
    },
  ];
}
