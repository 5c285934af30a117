// Each route of /api/v1 once: method, path, who may, what goes in, what comes out. The server refuses what does not fit `body`
// and `query`; OpenAPI is made from this table; the browser imports only its types, so that zod stays out of the page.
import { z } from 'zod';
import {
  cursor,
  displayName,
  Face,
  flag,
  login,
  nothing,
  oid,
  password,
  path,
  role,
  scope,
  time,
} from './api/words.ts';
import { deviceRoutes } from './api/devices.ts';
import { libraryRoutes } from './api/library.ts';
import { runRoutes } from './api/runs.ts';
import { memoryRoutes } from './api/memory.ts';
import { mcpRoutes } from './api/mcp.ts';
import { modelRoutes } from './api/models.ts';
import type { Verb } from './permissions.ts';

// ---- what things look like -------------------------------------------------------------------------------------------------

export const Me = z.object({
  person: Face,
  isAdmin: z.boolean(),
  hasPassword: z.boolean(),
  /** The GitHub account that is connected, by its name there. */
  github: z.string().nullable(),
  teams: z.array(z.object({ slug: z.string(), name: z.string(), role })),
  /** The session cookie travels over plain http: a banner says so. */
  insecure: z.boolean(),
});
export const SessionEntry = z.object({
  id: z.string(),
  current: z.boolean(),
  agent: z.string(),
  createdAt: time,
  lastSeenAt: time,
});
export const TokenEntry = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(scope),
  onlyVolume: z.string().nullable(),
  createdAt: time,
  expiresAt: time,
  lastUsedAt: time.nullable(),
});
export const TeamEntry = z.object({ slug: z.string(), name: z.string(), role: role.nullable(), members: z.int() });
export const DeletedTeam = z.object({
  slug: z.string(),
  name: z.string(),
  members: z.int(),
  deletedAt: time,
  deletedBy: Face.nullable(),
  /** It and its volume are removed for good then. */
  goneAt: time,
});
export const Member = z.object({ person: Face, role, since: time });
export const Invitation = z.object({
  id: z.string(),
  team: z.string().nullable(),
  role,
  createdBy: Face,
  createdAt: time,
  expiresAt: time,
  usedBy: Face.nullable(),
});
export const Notification = z.object({
  id: z.string(),
  /** e.g. `review.reverted`, `team.joined`, `file.deleted`, `conflict.opened`, `file.held` */
  kind: z.string(),
  text: z.string(),
  volume: z.string().nullable(),
  path: z.string().nullable(),
  oid: z.string().nullable(),
  /** The run that it is about. */
  run: z.string().nullable(),
  by: Face.nullable(),
  at: time,
  read: z.boolean(),
});
export const Person = z.object({
  person: Face,
  isAdmin: z.boolean(),
  disabled: z.boolean(),
  createdAt: time,
  lastSeenAt: time.nullable(),
});

export const Volume = z.object({
  name: z.string(),
  kind: z.enum(['system', 'team', 'user']),
  title: z.string(),
  role,
  head: oid.nullable(),
  files: z.int(),
  unreviewed: z.int(),
});
export const FileEntry = z.object({
  id: z.string(),
  path: z.string(),
  kind: z.enum(['text', 'binary']),
  size: z.int(),
  branch: z.string(),
  /** Words are typed that no version holds yet. */
  pending: z.boolean(),
  /** Held back from versions because it looks as if it holds a secret. */
  held: z.boolean(),
  updatedAt: time,
});
export const FileAddress = z.object({ id: z.string(), path: z.string(), epoch: z.int(), oid: oid.nullable() });
export const FileDetail = FileAddress.extend({
  volume: z.string(),
  kind: z.enum(['text', 'binary']),
  role,
  branch: z.string(),
  size: z.int(),
  deleted: z.object({ by: Face.nullable(), at: time }).nullable(),
  /** Why it is held back from versions, and where: `line` is from 1. */
  held: z.object({ line: z.int(), what: z.string() }).nullable(),
  /** The stock `WebsocketProvider` takes `url`, `room`, and `params: { epoch }`. Null for binary files. */
  sync: z.object({ url: z.string(), room: z.string() }).nullable(),
});
export const Conflict = z.object({
  id: z.string(),
  fileId: z.string(),
  /** Yjs relative positions of the words in question, base64 of their encoding: they move with the text. */
  from: z.string(),
  to: z.string(),
  base: z.string(),
  ours: z.string(),
  theirs: z.string(),
  oursBy: Face.nullable(),
  theirsBy: Face.nullable(),
  /** `put`, `restore`, `revert`, `push`, `upgrade` */
  source: z.string(),
  at: time,
});

export const CommitFile = z.object({
  path: z.string(),
  pathBefore: z.string().nullable(),
  fileId: z.string().nullable(),
  change: z.enum(['created', 'edited', 'renamed', 'deleted']),
  added: z.int(),
  removed: z.int(),
  binary: z.boolean(),
});
export const Commit = z.object({
  oid,
  parent: oid.nullable(),
  message: z.string(),
  /** `pause`, `save`, `create`, `rename`, `delete`, `upload`, `import`, `external`, `restore`, `revert`, `upgrade`, `sample` */
  kind: z.string(),
  author: Face,
  coAuthors: z.array(Face),
  at: time,
  /** Commits of one pause share it: they read as one act by several people. */
  group: z.string(),
  files: z.array(CommitFile),
  added: z.int(),
  removed: z.int(),
  review: z.object({
    state: z.enum(['unreviewed', 'approved', 'reverted', 'own']),
    by: Face.nullable(),
    at: time.nullable(),
    /** Everybody who approved it, the first one first. */
    approvedBy: z.array(Face),
  }),
});
/** What a restore, revert or merge did, or (with `dry_run`) would do. */
export const ChangeResult = z.object({
  commits: z.array(Commit),
  files: z.array(
    z.object({
      path: z.string(),
      change: z.enum(['created', 'edited', 'renamed', 'deleted']),
      before: z.string().nullable(),
      after: z.string().nullable(),
      added: z.int(),
      removed: z.int(),
      binary: z.boolean(),
    }),
  ),
  conflicts: z.array(z.object({ path: z.string(), base: z.string(), ours: z.string(), theirs: z.string() })),
  /** Later versions of the same files that stay as they are. */
  kept: z.int(),
  /** What an import left out, and why: links, submodules, names that cannot be. */
  skipped: z.array(z.object({ path: z.string(), why: z.string() })).optional(),
  /** People who have one of the files open now. */
  open: z.array(Face),
});
export const BlameRun = z.object({
  lines: z.int(),
  oid: oid.nullable(),
  author: Face.nullable(),
  at: time.nullable(),
  message: z.string(),
});
export const DiffFile = z.object({
  path: z.string(),
  pathBefore: z.string().nullable(),
  change: z.enum(['created', 'edited', 'renamed', 'deleted']),
  binary: z.boolean(),
  added: z.int(),
  removed: z.int(),
  /** The whole texts; only when one `path` is asked for. */
  before: z.string().nullable(),
  after: z.string().nullable(),
});
export const SearchHit = z.object({
  fileId: z.string(),
  path: z.string(),
  line: z.int(),
  before: z.string(),
  match: z.string(),
  after: z.string(),
  score: z.number(),
});

// ---- the table -------------------------------------------------------------------------------------------------------------

export type Route = {
  may: Verb;
  summary: string;
  query?: z.ZodObject;
  body?: z.ZodType;
  answer: z.ZodType;
  /** Body bytes allowed; 1 MiB unless told. */ limit?: number;
};

const dryRun = z.object({ dry_run: flag });
const MiB = 2 ** 20;

// One line a route reads best as a table.
/** `:volume` is a URL-encoded volume name, `:slug` a team, `:id` a file (under /files), `*path` the rest of the path. */
// prettier-ignore
export const routes = {
  'GET /auth/options': { may: 'anyone', summary: 'What the sign-in page must know', answer: z.object({ firstVisit: z.boolean(), signUp: z.enum(['open', 'invite']), github: z.boolean(), setupLinkNeeded: z.boolean() }) },
  'POST /auth/sign-up': { may: 'anyone', summary: 'Make an account; the first one is the administrator', body: z.object({ login, password, name: displayName.optional(), invitation: z.string().max(100).optional(), setup: z.string().max(100).optional() }), answer: Me },
  'POST /auth/sign-in': { may: 'anyone', summary: 'Start a session', body: z.object({ login: z.string().max(100), password: z.string().max(256) }), answer: Me },
  'POST /auth/sign-out': { may: 'anyone', summary: 'End this session', answer: nothing },
  'POST /auth/sign-out-everywhere': { may: 'self.credentials', summary: 'End every session of mine', answer: nothing },
  'GET /auth/github': { may: 'anyone', summary: 'Go to GitHub to sign in', query: z.object({ invitation: z.string().max(100).optional() }), answer: nothing },
  'GET /auth/github/callback': { may: 'anyone', summary: 'Come back from GitHub', query: z.object({ code: z.string().max(500).optional(), state: z.string().max(500).optional(), error: z.string().max(500).optional() }), answer: nothing },

  'GET /me': { may: 'self.read', summary: 'Who I am', answer: Me },
  'PATCH /me': { may: 'self.write', summary: 'Change my name or colour', body: z.object({ name: displayName.optional(), colour: z.int().min(1).max(8).optional() }), answer: Me },
  'PUT /me/password': { may: 'self.credentials', summary: 'Change my password; other sessions end', body: z.object({ current: z.string().max(256).optional(), password }), answer: nothing },
  'GET /me/sessions': { may: 'self.credentials', summary: 'Where I am signed in', answer: z.object({ sessions: z.array(SessionEntry) }) },
  'DELETE /me/sessions/:session': { may: 'self.credentials', summary: 'End one session', answer: nothing },
  'DELETE /me/github': { may: 'self.credentials', summary: 'Disconnect my GitHub account; only with a password, which is then the way in', answer: Me },
  'GET /me/tokens': { may: 'self.credentials', summary: 'My access tokens', answer: z.object({ tokens: z.array(TokenEntry) }) },
  'POST /me/tokens': { may: 'self.credentials', summary: 'Make an access token; it is shown once', body: z.object({ name: displayName, scopes: z.array(scope).min(1), days: z.int().min(1).max(366).default(90), onlyVolume: z.string().max(100).nullable().default(null) }), answer: z.object({ token: z.string(), entry: TokenEntry }) },
  'DELETE /me/tokens/:token': { may: 'self.credentials', summary: 'Take an access token back', answer: nothing },
  'GET /me/notifications': { may: 'self.read', summary: 'What concerns me, newest first', query: z.object({ cursor }), answer: z.object({ notifications: z.array(Notification), unread: z.int(), cursor: z.string().nullable() }) },
  'POST /me/notifications/read': { may: 'self.write', summary: 'Mark as read; all without ids', body: z.object({ ids: z.array(z.string()).max(500).optional() }), answer: nothing },

  'GET /people': { may: 'server.manage', summary: 'Everyone on this server', answer: z.object({ people: z.array(Person) }) },
  'POST /people': { may: 'server.manage', summary: 'Make an account for somebody', body: z.object({ login, password, name: displayName.optional(), admin: z.boolean().default(false) }), answer: Person },
  'PATCH /people/:login': { may: 'server.manage', summary: 'Disable, enable, make or unmake an administrator, set a password', body: z.object({ disabled: z.boolean().optional(), admin: z.boolean().optional(), password: password.optional() }), answer: Person },
  'GET /settings': { may: 'server.manage', summary: 'Settings of this server', answer: z.object({ signUp: z.enum(['open', 'invite']) }) },
  'PUT /settings': { may: 'server.manage', summary: 'Change settings of this server', body: z.object({ signUp: z.enum(['open', 'invite']) }), answer: z.object({ signUp: z.enum(['open', 'invite']) }) },
  'POST /people/invitations': { may: 'server.manage', summary: 'Invite somebody to this server, without a team', body: z.object({ days: z.int().min(1).max(90).default(7) }), answer: z.object({ url: z.string(), invitation: Invitation }) },

  'GET /people/invitations': { may: 'server.manage', summary: 'Open invitations to this server, without a team', answer: z.object({ invitations: z.array(Invitation) }) },
  'DELETE /people/invitations/:invitation': { may: 'server.manage', summary: 'Take an invitation to this server back', answer: nothing },

  'GET /deleted-teams': { may: 'server.manage', summary: 'Teams that were deleted and can be put back', answer: z.object({ teams: z.array(DeletedTeam) }) },
  'POST /deleted-teams/:name/put-back': { may: 'server.manage', summary: 'Put a deleted team back, with its members and its volume', answer: TeamEntry },
  'DELETE /deleted-teams/:name': { may: 'server.manage', summary: 'Remove a deleted team and its volume for good, now; `confirm` is its name', query: z.object({ confirm: z.string().max(100) }), answer: nothing },

  'GET /teams': { may: 'self.read', summary: 'My teams', answer: z.object({ teams: z.array(TeamEntry) }) },
  'POST /teams': { may: 'team.create', summary: 'Make a team; I become its owner', body: z.object({ slug: login, name: displayName, sample: z.enum(['lab', 'llmos-original']).optional() }), answer: TeamEntry },
  'GET /teams/:slug': { may: 'team.read', summary: 'A team', answer: TeamEntry },
  'PATCH /teams/:slug': { may: 'team.manage', summary: 'Rename a team', body: z.object({ name: displayName }), answer: TeamEntry },
  'DELETE /teams/:slug': { may: 'team.manage', summary: 'Delete a team; `confirm` is its name. An administrator can put it back for 30 days', query: z.object({ confirm: z.string().max(100) }), answer: nothing },
  'GET /teams/:slug/members': { may: 'team.read', summary: 'Who is in a team', answer: z.object({ members: z.array(Member) }) },
  'GET /teams/:slug/members/:login': { may: 'team.read', summary: 'One member', answer: Member },
  'PUT /teams/:slug/members/:login': { may: 'team.manage', summary: 'Add somebody or change a role', body: z.object({ role }), answer: Member },
  'DELETE /teams/:slug/members/:login': { may: 'team.leave', summary: 'Take somebody out (owners), or leave', answer: nothing },
  'GET /teams/:slug/invitations': { may: 'team.manage', summary: 'Open invitations', answer: z.object({ invitations: z.array(Invitation) }) },
  'POST /teams/:slug/invitations': { may: 'team.manage', summary: 'Make an invitation link; it is shown once', body: z.object({ role: role.default('editor'), days: z.int().min(1).max(90).default(7) }), answer: z.object({ url: z.string(), invitation: Invitation }) },
  'DELETE /teams/:slug/invitations/:invitation': { may: 'team.manage', summary: 'Take an invitation back', answer: nothing },
  'GET /invitations/:token': { may: 'anyone', summary: 'What an invitation link offers', answer: z.object({ team: z.string().nullable(), teamName: z.string().nullable(), role, invitedBy: Face }) },
  'POST /invitations/:token/accept': { may: 'self.write', summary: 'Join by an invitation link', answer: Me },

  'GET /volumes': { may: 'self.read', summary: 'Volumes I can read', answer: z.object({ volumes: z.array(Volume) }) },
  'GET /volumes/:volume': { may: 'volume.read', summary: 'A volume', answer: Volume },
  'GET /volumes/:volume/tree': { may: 'volume.read', summary: 'Its files and folders', answer: z.object({ files: z.array(FileEntry), folders: z.array(z.string()), head: oid.nullable() }) },
  'GET /volumes/:volume/files/*path': { may: 'volume.read', summary: 'The text of a file; ETag is a commit that holds exactly this text', query: z.object({ at: oid.optional() }), answer: z.string() },
  'PUT /volumes/:volume/files/*path': { may: 'volume.write', summary: 'Create a file, or merge a new text into it against If-Match', body: z.string(), answer: FileAddress.extend({ conflicts: z.array(Conflict) }), limit: 8 * MiB },
  'PATCH /volumes/:volume/files/*path': { may: 'volume.write', summary: 'Rename or move', body: z.object({ rename_to: path }), answer: FileAddress },
  'DELETE /volumes/:volume/files/*path': { may: 'volume.write', summary: 'Delete; it can be put back', answer: FileAddress },
  'GET /volumes/:volume/raw/*path': { may: 'volume.read', summary: 'The bytes of a file', query: z.object({ at: oid.optional(), download: flag }), answer: z.any() },
  'POST /volumes/:volume/upload/*path': { may: 'volume.write', summary: 'Upload bytes as a new file', query: z.object({ replace: flag }), body: z.any(), answer: FileAddress, limit: 32 * MiB },
  'POST /volumes/:volume/folders': { may: 'volume.write', summary: 'Make a folder', body: z.object({ path }), answer: nothing },
  'PATCH /volumes/:volume/folders/*path': { may: 'volume.write', summary: 'Rename or move a folder with all that is in it', body: z.object({ rename_to: path }), answer: z.object({ files: z.array(FileAddress) }) },
  'DELETE /volumes/:volume/folders/*path': { may: 'volume.write', summary: 'Delete a folder with all that is in it', answer: z.object({ files: z.array(FileAddress) }) },
  'GET /volumes/:volume/search': { may: 'volume.read', summary: 'Words in files', query: z.object({ q: z.string().min(1).max(200), limit: z.coerce.number().int().min(1).max(200).default(50) }), answer: z.object({ hits: z.array(SearchHit), files: z.int() }) },
  'POST /volumes/:volume/import': { may: 'volume.import', summary: 'Import from a git address', body: z.object({ git: z.url().max(2000) }), answer: ChangeResult },
  'POST /volumes/:volume/import-archive': { may: 'volume.import', summary: 'Import a zip or tar', query: z.object({ into: z.string().max(4096).optional() }), body: z.any(), answer: ChangeResult, limit: 64 * MiB },
  'GET /volumes/:volume/export': { may: 'volume.export', summary: 'The volume as an archive', query: z.object({ format: z.enum(['zip', 'tar.gz']).default('zip'), at: oid.optional() }), answer: z.any() },

  'GET /files/:id': { may: 'volume.read', summary: 'A file by its id, also a deleted one', answer: FileDetail },
  'POST /files/:id/put-back': { may: 'volume.write', summary: 'Undo a deletion', body: z.object({ path: path.optional() }), answer: FileAddress },
  'POST /files/:id/not-a-secret': { may: 'volume.write', summary: 'Let a held file into versions again', answer: nothing },
  'GET /files/:id/conflicts': { may: 'volume.read', summary: 'Open conflicts of a file', answer: z.object({ conflicts: z.array(Conflict) }) },
  'POST /files/:id/conflicts/:conflict': { may: 'volume.write', summary: 'Settle a conflict; the server makes the edit as you', body: z.object({ choice: z.enum(['keep', 'take', 'both', 'own']), text: z.string().max(2 ** 20).optional() }), answer: nothing },

  'GET /volumes/:volume/commits': { may: 'volume.read', summary: 'Versions, newest first', query: z.object({ path: path.optional(), cursor, limit: z.coerce.number().int().min(1).max(200).default(50), review: z.enum(['unreviewed']).optional() }), answer: z.object({ commits: z.array(Commit), total: z.int(), cursor: z.string().nullable() }) },
  'GET /volumes/:volume/commits/:oid': { may: 'volume.read', summary: 'One version', answer: Commit },
  'GET /volumes/:volume/diff': { may: 'volume.read', summary: 'What differs between two versions; `to=live` is the text as it is typed now', query: z.object({ from: z.union([oid, z.literal('none')]), to: z.union([oid, z.literal('live')]), path: path.optional() }), answer: z.object({ files: z.array(DiffFile) }) },
  'GET /volumes/:volume/blame/*path': { may: 'volume.read', summary: 'Who wrote each line', query: z.object({ at: oid.optional() }), answer: z.object({ oid: oid.nullable(), runs: z.array(BlameRun) }) },
  'POST /volumes/:volume/checkpoint': { may: 'volume.write', summary: 'Save a version now', body: z.object({ message: z.string().max(2000).optional() }), answer: z.object({ commits: z.array(Commit) }) },
  'POST /volumes/:volume/restore': { may: 'volume.restore', summary: 'Bring back a version of a file or of the volume, by adding commits', query: dryRun, body: z.object({ to: oid, path: path.optional() }), answer: ChangeResult },
  'POST /volumes/:volume/revert': { may: 'volume.restore', summary: 'Undo one commit, also an old one, by adding commits', query: dryRun, body: z.object({ oid }), answer: ChangeResult },

  'GET /python': { may: 'self.read', summary: 'The lock file of packages for Python in the browser; `noPackages` says why there are none', answer: z.object({ lock: z.string(), noPackages: z.string().nullable() }) },
  'GET /python/packages/:name': { may: 'self.read', summary: 'A package by the file name in the lock file', answer: z.any() },

  'GET /reviews': { may: 'self.read', summary: 'My inbox: commits of others across my volumes that nobody reviewed, or that I have not looked at', query: z.object({ cursor, unseen: z.enum(['nobody', 'me']).default('nobody') }), answer: z.object({ items: z.array(z.object({ volume: z.string(), commits: z.array(Commit) })), total: z.int(), totals: z.object({ nobody: z.int(), me: z.int() }), cursor: z.string().nullable() }) },
  'POST /volumes/:volume/reviews': { may: 'volume.review', summary: 'Approve commits that landed, or take my own approval back', body: z.object({ oids: z.array(oid).min(1).max(200), verdict: z.enum(['approved', 'withdrawn']).default('approved') }), answer: nothing },

  ...libraryRoutes,
  ...runRoutes,
  ...memoryRoutes,
  ...modelRoutes,
  ...mcpRoutes,
  ...deviceRoutes,
} as const satisfies Record<string, Route>;

export type Routes = typeof routes;
export type RouteKey = keyof Routes;

type InputOf<R, K extends string> = K extends keyof R
  ? R[K] extends z.ZodType
    ? z.input<R[K]>
    : undefined
  : undefined;
type ParsedOf<R, K extends string> = K extends keyof R
  ? R[K] extends z.ZodType
    ? z.output<R[K]>
    : undefined
  : undefined;
type ParamOf<P extends string> = P extends `${infer Part}/${infer Rest}`
  ? ParamOf<Part> | ParamOf<Rest>
  : P extends `:${infer Name}`
    ? Name
    : P extends `*${infer Name}`
      ? Name
      : never;

/** What a caller passes. */
export type RouteBody<K extends RouteKey> = InputOf<Routes[K], 'body'>;
export type RouteQuery<K extends RouteKey> = InputOf<Routes[K], 'query'>;
/** What a handler gets, checked. */
export type ParsedBody<K extends RouteKey> = ParsedOf<Routes[K], 'body'>;
export type ParsedQuery<K extends RouteKey> = ParsedOf<Routes[K], 'query'>;
export type RouteAnswer<K extends RouteKey> = z.output<Routes[K]['answer']>;
export type RouteParams<K extends RouteKey> = Record<ParamOf<K extends `${string} ${infer P}` ? P : never>, string>;

export type { Face };
export type Me = z.output<typeof Me>;
export type SessionEntry = z.output<typeof SessionEntry>;
export type TokenEntry = z.output<typeof TokenEntry>;
export type TeamEntry = z.output<typeof TeamEntry>;
export type DeletedTeam = z.output<typeof DeletedTeam>;
export type Member = z.output<typeof Member>;
export type Invitation = z.output<typeof Invitation>;
export type Notification = z.output<typeof Notification>;
export type Person = z.output<typeof Person>;
export type Volume = z.output<typeof Volume>;
export type FileEntry = z.output<typeof FileEntry>;
export type FileAddress = z.output<typeof FileAddress>;
export type FileDetail = z.output<typeof FileDetail>;
export type Conflict = z.output<typeof Conflict>;
export type CommitFile = z.output<typeof CommitFile>;
export type Commit = z.output<typeof Commit>;
export type ChangeResult = z.output<typeof ChangeResult>;
export type BlameRun = z.output<typeof BlameRun>;
export type DiffFile = z.output<typeof DiffFile>;
export type SearchHit = z.output<typeof SearchHit>;
