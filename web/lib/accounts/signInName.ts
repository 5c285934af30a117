// A sign-in name from a person's name, as a proposal: small letters without marks, digits and hyphens.
export function proposeLogin(name: string): string {
  const first = name.trim().split(/\s+/)[0] ?? '';
  return first
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^a-z0-9-]/g, '')
    .replace(/^-+/, '')
    .slice(0, 39)
    .replace(/-+$/, '');
}

/** Where to go after signing in: only ever on this site. */
export function safeNext(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next) || /[\u0000-\u001f]/.test(next)) return '/';
  const url = new URL(next, 'http://here.invalid');
  const path = url.pathname + url.search + url.hash;
  return url.origin === 'http://here.invalid' && !path.startsWith('/sign-') && !path.startsWith('//') ? path : '/';
}

/** What went wrong on the way over GitHub; the word comes from the server's redirect. */
export const githubProblems: Record<string, string> = {
  'other-browser': 'This sign-in did not start in this browser. Try again here.',
  'too-late': 'This sign-in took longer than ten minutes. Try again.',
  declined: 'You told GitHub not to go on. Nothing was changed.',
  'other-person': 'Somebody else is signed in by now. Try again.',
  taken: 'This GitHub account belongs to somebody else here.',
  disabled: 'This account is disabled. An administrator can enable it again.',
  'first-account': 'The first account is made here, with a password.',
  'invitation-needed':
    'There is no account here for this GitHub account yet. Ask somebody in the team for an invitation.',
  'invitation-spent': 'The invitation was used, has expired, or was taken back. Ask for a new one.',
  unavailable: 'GitHub could not be reached, or did not confirm who you are. Try again.',
};
export const githubProblem = (word: string | null): string | undefined =>
  word === null ? undefined : (githubProblems[word] ?? 'Signing in with GitHub did not work. Try again.');
