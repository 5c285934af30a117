// What a password must be, the same words at the server and beside the field: 8 to 256 characters, and none of those that are tried
// first. Instead of a long list: the words that such lists are made of, folded the way people vary them (capitals, 0 for o, digits
// and signs around), and what runs along a keyboard or the alphabet.

/** Characters, not bytes; letters with marks count once. */
export const passwordLength = (password: string): number => [...password.normalize('NFC')].length;

/** What is wrong with a new password, in a sentence; null: nothing. `own`: words about the person, which are guessed first too. */
export function passwordFault(password: string, own: readonly string[] = []): string | null {
  const length = passwordLength(password);
  if (length < 8) return 'Use at least 8 characters.';
  if (length > 256) return 'Use at most 256 characters.';
  if (isCommonPassword(password, own))
    return 'This password is among the first that anybody would try. Choose another.';
  return null;
}

const words = new Set(
  `
  password passwort passw passwd passphrase motdepasse contrasena contraseña senha wachtwoord haslo parola heslo lozinka salasana
  welcome willkommen bienvenue bienvenido letmein letmeinnow login logon signin access accessgranted trustno trustnoone iloveyou iloveu loveyou
  loveme mylove forever princess sunshine superman spiderman batman ironman wonderwoman starwars startrek pokemon pikachu naruto
  minecraft fortnite roblox football fussball futbol baseball basketball softball hockey soccer volleyball gymnast cheerleader
  monkey dragon master shadow michael jennifer jessica jordan hunter ranger buster thomas robert tigger daniel charlie andrew
  michelle matthew ashley nicole joshua anthony amanda samantha alexander benjamin christian elizabeth stephanie victoria katherine
  william richard patrick jonathan nicholas brandon austin madison isabella sebastian maximilian alejandro francisco
  chocolate butterfly cheesecake cookies banana strawberry blueberry pineapple pumpkin peanut
  summer winter spring autumn january february march april june july august september october november december monday tuesday
  wednesday thursday friday saturday sunday sommer herbst fruehling
  computer internet keyboard samsung google facebook instagram youtube microsoft windows linux ubuntu debian apple android
  iphone nintendo playstation xbox admin administrator root toor system sysadmin server database manager user username guest test
  testing tester testtest demo example sample default changeme changeit changethis secret topsecret private public temp temporary
  temppass newpass newpassword mypassword yourpassword nopassword oldpassword thisisapassword passwordpassword
  abcd abcdef asdf asdfgh asdfjkl asdfasdf qwerty qwertz azerty qwertyuiop qwerqwer zxcvbn zxcvbnm zaqxsw qazwsx qazwsxedc
  qweasd qweasdzxc wasd poiuytrewq lkjhgfdsa mnbvcxz
  freedom liberty america american england germany france canada mexico brazil australia scotland ireland london berlin paris newyork
  california florida texas chicago boston dallas houston phoenix liverpool arsenal chelsea barcelona realmadrid manchester juventus
  bayern ferrari porsche mercedes mustang corvette camaro harley yamaha suzuki kawasaki chevrolet
  metallica slipknot nirvana eminem beatles pinkfloyd greenday blink
  matrix gandalf frodo hobbit merlin wizard phantom thunder lightning diamond crystal silver golden platinum
  whatever nothing something anything everything blahblah hello helloworld hellohello goodbye fuckyou fuckoff asshole bullshit
  killer warrior soldier sniper assassin ninja samurai pirate maverick scorpion panther jaguar cougar eagle falcon phoenix
  jesus jesuschrist christ godisgood blessed heaven angel angels faith believe
  family mother father daughter brother sister grandma babygirl babyboy sweetheart darling honey
  flower flowers rainbow starlight moonlight midnight sunflower snowball snowman snoopy garfield scooby mickeymouse tinkerbell
  correcthorsebatterystaple correcthorse openai chatgpt llmos llmosllmos kernel workspace letmeinplease iamgod imthebest
`
    .split(/\s+/)
    .filter(Boolean),
);

const runs = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  '!@#$%^&*()',
  'qazwsxedcrfvtgbyhnujmikolp',
  'a1b2c3d4e5f6g7h8i9j0',
  '1a2b3c4d5e6f7g8h9i0j',
];
const reversed = (text: string) => [...text].reverse().join('');
const allRuns = [...runs, ...runs.map(reversed)];

const leet: Record<string, string> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's', '!': 'i' };
const unleet = (text: string, one: string) => [...text].map((c) => (c === '1' ? one : (leet[c] ?? c))).join('');

export function isCommonPassword(password: string, own: readonly string[] = []): boolean {
  const folded = password.normalize('NFC').toLowerCase();
  const mine = own
    .map((word) => word.normalize('NFC').toLowerCase().replace(/\s+/g, ''))
    .filter((word) => word.length >= 3);
  return spellings(folded).some((spelling) => isMadeOf(spelling, mine));
}

/** The password as it is, and without what people put around a word to please a rule. */
function spellings(folded: string): string[] {
  const bare = (text: string) => {
    const inner = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
    return text.length - inner.length <= 6 ? inner : text;
  };
  const all = [folded, folded.replace(/[\s_.,-]+/g, ''), bare(folded)];
  for (const one of ['i', 'l'])
    all.push(
      unleet(folded, one),
      bare(unleet(folded, one)),
      unleet(bare(folded), one),
      unleet(folded.replace(/[^\p{L}]{1,6}$/u, ''), one),
    );
  return [...new Set(all)];
}

function isMadeOf(text: string, mine: string[]): boolean {
  if (text.length < 3) return false;
  if (words.has(text) || mine.includes(text)) return true;
  if (isRun(text)) return true;
  // the same thing over and over: aaaaaaaa, abcabcabc, passwordpassword
  const period = (text + text).indexOf(text, 1);
  if (
    period < text.length &&
    (period <= 4 ||
      words.has(text.slice(0, period)) ||
      mine.includes(text.slice(0, period)) ||
      isRun(text.slice(0, period)))
  )
    return true;
  return false;
}

const isRun = (text: string) =>
  text.length >= 4 && allRuns.some((run) => run.includes(text) || (run + run).includes(text));
