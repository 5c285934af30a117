// One table decides everywhere (AC1): HTTP, sockets, git, MCP, search, export and presence all ask `decide`.
// A route names a verb of this table; a route whose verb is not here does not start.

export type Role = 'owner' | 'editor' | 'viewer';
export type Scope = 'read' | 'write' | 'run' | 'git' | 'admin';
export type VolumeKind = 'system' | 'team' | 'user';

/** Who asks. A session has every scope (`null`); a token has its own, and may be limited to one team or volume. */
export type Actor = {
  personId: string;
  login: string;
  isAdmin: boolean;
  scopes: readonly Scope[] | null;
  /** A volume name (`team/lab`) that the token is limited to. */
  onlyVolume: string | null;
  sessionId: string | null;
  tokenId: string | null;
};

/** What is asked for. `role` is the asker's role in it now, null if none. The system volume gives everyone `viewer`. */
export type Resource =
  | { kind: 'anyone' }
  | { kind: 'self' }
  | { kind: 'server' }
  | { kind: 'team'; slug: string; role: Role | null }
  | { kind: 'volume'; name: string; volumeKind: VolumeKind; role: Role | null };

type Rule = {
  on: Resource['kind'];
  /** The least role; null where being signed in is enough. */
  role: Role | null;
  scope: Scope | null;
  /** Administrators may do it without a role. Never on volumes: people's text stays theirs. */
  admin?: boolean;
  /** Only with a session: a token cannot make tokens or change a password. */
  sessionOnly?: boolean;
};

export const policy = {
  /** Open doors: sign-in, sign-up, what the sign-in page must know. */
  anyone: { on: 'anyone', role: null, scope: null },

  'self.read': { on: 'self', role: null, scope: 'read' },
  'self.write': { on: 'self', role: null, scope: 'write' },
  'self.credentials': { on: 'self', role: null, scope: null, sessionOnly: true },
  'team.create': { on: 'self', role: null, scope: 'write' },
  /** A run names its volume in the request; `volume.run` decides there. */
  'run.start': { on: 'self', role: null, scope: 'run' },

  'server.manage': { on: 'server', role: 'owner', scope: 'admin', admin: true },

  'team.read': { on: 'team', role: 'viewer', scope: 'read', admin: true },
  /** Every member may leave; who takes somebody else out needs `team.manage` too. */
  'team.leave': { on: 'team', role: 'viewer', scope: 'write', admin: true },
  'team.manage': { on: 'team', role: 'owner', scope: 'admin', admin: true },

  'volume.read': { on: 'volume', role: 'viewer', scope: 'read' },
  'volume.write': { on: 'volume', role: 'editor', scope: 'write' },
  'volume.review': { on: 'volume', role: 'editor', scope: 'write' },
  'volume.export': { on: 'volume', role: 'viewer', scope: 'read' },
  'volume.import': { on: 'volume', role: 'editor', scope: 'write' },
  /** Start, steer, stop and approve runs: they write what they do into the volume. */
  'volume.run': { on: 'volume', role: 'editor', scope: 'run' },
  'volume.restore': { on: 'volume', role: 'editor', scope: 'write' },

  /** A board is a file of a volume. Who may read it sees all that it says, and may always stop it (DE3). */
  'device.watch': { on: 'volume', role: 'viewer', scope: 'read' },
  'device.stop': { on: 'volume', role: 'viewer', scope: 'read' },
  /** Hold it in one's browser, ask for the lease, record. */
  'device.drive': { on: 'volume', role: 'editor', scope: 'write' },
} as const satisfies Record<string, Rule>;

export type Verb = keyof typeof policy;

const rank: Record<Role, number> = { viewer: 1, editor: 2, owner: 3 };

export const hasRole = (role: Role | null, least: Role): boolean => role !== null && rank[role] >= rank[least];

/**
 * `not-found`: what you may not read does not exist. `forbidden`: you may see it, but not do this (AC2).
 * The effective right is the least of the person's and the token's, as they are now.
 */
export function decide({
  actor,
  verb,
  resource,
}: {
  actor: Actor | null;
  verb: Verb;
  resource: Resource;
}): 'allow' | 'unauthenticated' | 'forbidden' | 'not-found' {
  const rule: Rule = policy[verb];
  if (rule.on !== resource.kind) throw new TypeError(`${verb} is about a ${rule.on}, not about a ${resource.kind}`);
  if (rule.on === 'anyone') return 'allow';
  if (!actor) return 'unauthenticated';
  if (resource.kind === 'team' || resource.kind === 'volume') {
    const visible = resource.role !== null || (rule.admin === true && actor.isAdmin);
    if (!visible || isOutsideToken(actor, resource)) return 'not-found';
  }
  if (rule.sessionOnly && actor.scopes !== null) return 'forbidden';
  if (rule.scope && actor.scopes !== null && !actor.scopes.includes(rule.scope)) return 'forbidden';
  if (rule.role === null) return 'allow';
  if (rule.admin && actor.isAdmin) return 'allow';
  if (resource.kind === 'volume' && resource.volumeKind === 'system' && rule.role !== 'viewer') return 'forbidden';
  if (resource.kind === 'team' || resource.kind === 'volume')
    return hasRole(resource.role, rule.role) ? 'allow' : 'forbidden';
  return 'forbidden';
}

const isOutsideToken = (
  actor: Actor,
  resource: { kind: 'team'; slug: string } | { kind: 'volume'; name: string },
): boolean => !reachesVolume(actor, resource.kind === 'team' ? `team/${resource.slug}` : resource.name);

/** May what is told be about this volume? A token that is limited to one hears of nothing else. Null: about none. */
export const reachesVolume = ({ onlyVolume }: Pick<Actor, 'onlyVolume'>, volume: string | null): boolean =>
  !onlyVolume || onlyVolume === volume;
