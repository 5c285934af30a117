// The verbs of `npm run admin`: what an operator does from the machine itself, without an account. Each is what the API does, done by
// nobody in particular; the answer is for `--json`, what is said on the way is for people.
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { routes } from '#shared/api.ts';
import { isProblem } from '#shared/errors.ts';
import { runDoctor } from './doctor.ts';
import type { Product } from './main.ts';
import type { AdminHandler, AdminRequest } from './platform/adminSocket.ts';
import { writeBackup } from './platform/backup.ts';
import { readArchive } from './volumes/exchange/archive.ts';
import { exportVolume } from './volumes/exchange/exporting.ts';
import { readFolder } from './volumes/exchange/folderReading.ts';

type Say = (line: string) => void;
type Command = { takes: z.ZodObject; run: (options: never, say: Say) => Promise<unknown> };

const login = routes['POST /people'].body.shape.login;
const place = z.string().min(1, 'must name a file or folder');
const newFile = place
  .refine((file) => !fs.statSync(file, { throwIfNoEntry: false })?.isDirectory(), 'is a folder: name a file in it')
  .refine((file) => fs.existsSync(path.dirname(file)), 'names a folder that is not there');
const whole = 'must be a whole number from 1 to 366';
const days = z.string().transform(Number).pipe(z.number(whole).int(whole).min(1, whole).max(366, whole));

/** Names and options of the commands that need what a server has open; `restore` and `board` do not (admin.ts). */
export function createAdminCommands({ accounts, workspace, gitClone, storage }: Product): AdminHandler {
  const personOf = async (name: string) => {
    const found = (await accounts.byLogins([name])).get(name);
    if (!found) throw new Error(`There is no account ${name}.`);
    return found;
  };
  const volumeOf = async (name: string) => {
    const found = await workspace.volumes.find(name, null);
    if (!found) throw new Error(`There is no volume ${name}. A volume is "system", "team/<slug>" or "user/<login>".`);
    return found;
  };
  const define = <T extends z.ZodObject>(
    takes: T,
    run: (options: z.output<T>, say: Say) => Promise<unknown>,
  ): Command => ({ takes, run });

  const commands: Record<string, Command> = {
    'create-user': define(
      z.object({
        login,
        password: routes['POST /people'].body.shape.password,
        name: z.string().max(80).optional(),
        admin: z.boolean().default(false),
      }),
      async (person, say) => {
        const made = await accounts.signUp.forSomebody(person);
        say(`Made the account ${made.login}${made.isAdmin ? ', an administrator' : ''}.`);
        return { id: made.id, login: made.login, name: made.name, admin: made.isAdmin };
      },
    ),
    'create-team': define(
      z.object({
        slug: routes['POST /teams'].body.shape.slug,
        name: z.string().min(1).max(80).optional(),
        owner: login,
        sample: z.enum(['lab', 'llmos-original']).optional(),
      }),
      async ({ slug, name = slug, owner, sample }, say) => {
        const { id } = await personOf(owner);
        const team = await accounts.teams.create({ slug, name, sample: sample ?? null, personId: id });
        say(`Made the team ${slug}; ${owner} owns it. Its volume is team/${slug}.`);
        return team;
      },
    ),
    'add-member': define(
      z.object({ team: z.string(), login, role: z.enum(['owner', 'editor', 'viewer']) }),
      async ({ team: slug, login: name, role }, say) => {
        const team = await accounts.team({ slug, personId: null });
        if (!team) throw new Error(`There is no team ${slug}.`);
        const member = await accounts.teams.setMember({ team, login: name, role, by: null });
        say(`${name} is ${role === 'viewer' ? 'a' : 'an'} ${role} of ${slug}.`);
        return member;
      },
    ),
    'create-token': define(
      z.object({
        login,
        scopes: z
          .string()
          .default('read,write')
          .transform((text) => text.split(/[\s,]+/).filter(Boolean))
          .pipe(routes['POST /me/tokens'].body.shape.scopes),
        days: days.prefault('90'),
        name: z.string().min(1).max(80).default('made by the operator'),
        volume: z.string().optional(),
      }),
      async ({ login: name, scopes, days, name: label, volume }, say) => {
        const { id } = await personOf(name);
        const { token, entry } = await accounts.tokens.create({
          personId: id,
          login: name,
          name: label,
          scopes,
          days,
          onlyVolume: volume ?? null,
        });
        say(token); // alone, so that a script can take it
        return { token, ...entry };
      },
    ),
    import: define(
      z.object({ volume: z.string(), from: place, into: z.string().default(''), as: login.optional() }),
      async ({ volume: name, from, into, as }, say) => {
        const volume = await volumeOf(name);
        const person = as ? (await personOf(as)).id : null;
        const { files, skipped } = await readSource(from, gitClone);
        const result = await workspace.importing.importFiles({
          volumeId: volume.id,
          person,
          files,
          skipped,
          into,
          message: `Import ${path.basename(from)}`,
          lenient: true,
        });
        const left = result.skipped ?? [];
        say(
          `Files that came into ${name}: ${result.files.length}; with words that clash: ${result.conflicts.length}; left out: ${left.length}.`,
        );
        for (const { path: one, why } of left) say(`  left out: ${one}: ${why}`);
        return {
          files: result.files.length,
          conflicts: result.conflicts.length,
          skipped: left,
          commits: result.commits.map(({ oid }) => oid),
        };
      },
    ),
    export: define(
      z.object({
        volume: z.string(),
        to: newFile,
        format: z.enum(['zip', 'tar.gz']).optional(),
        at: z.string().optional(),
      }),
      async ({ volume: name, to, format, at }, say) => {
        const volume = await volumeOf(name);
        const { stream } = await exportVolume({
          versions: workspace.versions,
          volume,
          format: format ?? (to.endsWith('.zip') ? 'zip' : 'tar.gz'),
          at,
        });
        try {
          await pipeline(stream, fs.createWriteStream(`${to}.part`, { flush: true }));
          fs.renameSync(`${to}.part`, to);
        } finally {
          fs.rmSync(`${to}.part`, { force: true });
        }
        say(`${name} is in ${to} (${fs.statSync(to).size} bytes).`);
        return { volume: name, to, bytes: fs.statSync(to).size };
      },
    ),
    backup: define(z.object({ to: newFile }), async ({ to }, say) => {
      const manifest = await writeBackup({ ...storage.backup, to, say });
      say(
        `The backup is in ${to} (${fs.statSync(to).size} bytes). It holds everything, also password hashes: keep it safe.`,
      );
      return { to, bytes: fs.statSync(to).size, ...manifest };
    }),
    doctor: define(z.object({}), (_options, say) => runDoctor({ storage, versions: workspace.versions, say })),
  };

  return async ({ command, options }, say) => {
    const found = Object.hasOwn(commands, command) ? commands[command]! : null;
    if (!found)
      throw new Error(
        `There is no command ${command}. There are: ${[...Object.keys(commands), 'restore', 'board'].join(', ')}.`,
      );
    const checked = found.takes.strict().safeParse(options);
    if (!checked.success) throw new Error(describe({ command, options, takes: found.takes, error: checked.error }));
    try {
      return await found.run(checked.data as never, say);
    } catch (error) {
      if (isProblem(error)) throw new Error(error.message, { cause: error });
      throw error;
    }
  };
}

function describe({
  command,
  options,
  takes,
  error,
}: AdminRequest & { takes: z.ZodObject; error: z.ZodError }): string {
  const names = Object.keys(takes.shape).map((name) => `--${name}`);
  const wrong = error.issues.map((issue) => {
    const name = String(issue.path[0]);
    if (issue.code === 'unrecognized_keys')
      return `${issue.keys.map((key) => `--${key}`).join(', ')} is not known here`;
    if (options[name] === undefined) return `--${name} is needed`;
    if (issue.code === 'invalid_type' && options[name] === true) return `--${name} needs a value`;
    if (issue.code === 'invalid_value') return `--${name} must be ${issue.values.join(' or ')}`;
    return `--${name}: ${issue.message.replace(/\.$/, '')}`;
  });
  return `${command}: ${wrong.join('; ')}. It takes ${names.join(' ') || 'no options'}.`;
}

async function readSource(from: string, gitClone: Product['gitClone']) {
  if (/^https?:\/\//.test(from)) return gitClone({ url: from });
  const stat = fs.statSync(from, { throwIfNoEntry: false });
  if (!stat) throw new Error(`There is nothing at ${from}.`);
  if (stat.isDirectory()) return readFolder({ directory: from });
  return { files: await readArchive({ bytes: fs.readFileSync(from) }), skipped: [] };
}
