// The edge: a request comes in, its route of shared/api.ts says who may and what fits, a slice's handler answers. Every route is
// decided by the one policy table before its handler runs (AC1); a handler never asks who somebody is again.
import type { Actor, Role, VolumeKind } from '#shared/permissions.ts';
import type { ParsedBody, ParsedQuery, RouteAnswer, RouteKey, RouteParams, Routes } from '#shared/api.ts';

export type TeamTarget = { id: string; slug: string; name: string; role: Role | null };
/** A volume as the asker sees it: `role` is theirs, now. */
export type VolumeTarget = {
  id: string;
  name: string;
  kind: VolumeKind;
  teamId: string | null;
  personId: string | null;
  role: Role | null;
};
/** A file, also a deleted one, with the volume it is in. */
export type FileTarget = {
  id: string;
  path: string;
  branch: string;
  kind: 'text' | 'binary';
  deletedAt: Date | null;
  volume: VolumeTarget;
};

/** A run that the asker may see, in its volume. */
export type RunTarget = { id: string; personId: string; private: boolean; volume: VolumeTarget };

type VerbOf<K extends RouteKey> = Routes[K]['may'];
type TargetOf<K extends RouteKey> = K extends `${string} /files/:id${string}` | `${string} /devices/:id${string}`
  ? { volume: VolumeTarget; file: FileTarget }
  : K extends `${string} /runs/:id${string}`
    ? { volume: VolumeTarget; run: RunTarget }
    : VerbOf<K> extends `volume.${string}`
      ? { volume: VolumeTarget }
      : K extends `${string} /teams/:slug${string}`
        ? { team: TeamTarget }
        : unknown;

export type Context<K extends RouteKey> = {
  /** Never null but where the route says `anyone`. */
  actor: VerbOf<K> extends 'anyone' ? Actor | null : Actor;
  params: RouteParams<K>;
  query: ParsedQuery<K>;
  body: ParsedBody<K>;
  request: Request;
  /** The peer's address, behind a trusted proxy the client's. */
  address: string;
  /** Headers of the answer, e.g. Set-Cookie and ETag. */
  answer: Headers;
} & TargetOf<K>;

/** A handler answers with what the route promises, or with a Response of its own (bytes, redirects). It throws `Problem` for people. */
export type Handler<K extends RouteKey> = (context: Context<K>) => Promise<RouteAnswer<K> | Response>;
export type Handlers = { [K in RouteKey]: Handler<K> };
/** What a slice contributes: `export function accountRoutes(...): HandlersOf<'GET /me' | ...>`. */
export type HandlersOf<K extends RouteKey> = Pick<Handlers, K>;

/** Who is behind a request. `answer` lets a session slide: its cookie is renewed there. Null: nobody. A bad token throws. */
export type Credentials = { cookie: string | null; token: string | null; address: string; agent: string };

/** What the edge asks the slices, to turn names in a path into targets with the asker's role in them, now. */
export type Gatekeepers = {
  /**
   * A cookie that is no longer good means nobody; a token that is not good throws `unauthenticated`. `answer`: headers of the answer;
   * null where the browser would not keep a cookie from it.
   */
  who: (credentials: Credentials, answer: Headers | null) => Promise<Actor | null>;
  team: (slug: string, actor: Actor | null) => Promise<TeamTarget | null>;
  volume: (name: string, actor: Actor | null) => Promise<VolumeTarget | null>;
  file: (id: string, actor: Actor | null) => Promise<FileTarget | null>;
  /** Null also for somebody else's private run. */
  run: (id: string, actor: Actor) => Promise<RunTarget | null>;
};
