// How people are named in commits: `Name <login@users.llmos.invalid>`. The address says who it is on this server and reaches nobody
// (.invalid never resolves, RFC 2606); nobody's real address gets into a history that is cloned and pushed.
import { cleanIdentity } from '../../platform/gitObjects.ts';
import type { People } from './versions.ts';

const host = 'users.llmos.invalid';
const program = { name: 'LLMos', email: 'program@llmos.invalid' };

export type Identity = { name: string; email: string };

export async function signaturesOf(people: People, ids: (string | null)[]) {
  const faces = await people.faces([...new Set(ids)].filter((id) => id !== null));
  const of = (id: string | null): Identity => {
    if (id === null) return program;
    const face = faces.get(id);
    if (!face) return { name: 'Somebody', email: `${id}@${host}` };
    return { name: cleanIdentity(face.name, face.login), email: `${face.login}@${host}` };
  };
  const line = (id: string): string => `${of(id).name} <${of(id).email}>`;
  return { of, line };
}
export type Signatures = Awaited<ReturnType<typeof signaturesOf>>;

/** The login in one of our addresses, null in any other. */
export function loginOf(email: string): string | null {
  return email.endsWith(`@${host}`) ? email.slice(0, -host.length - 1) : null;
}

export const isProgram = (email: string): boolean => email === program.email;
