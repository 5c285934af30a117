// What a close code of /sync means to a person. 4400 to 4499 are final: the document stops trying and says so; the rest is retried.

export type Ending = {
  code: number;
  /** What happened, in bold. */
  title: string;
  /** What it means for the words that are here. */
  sentence: string;
  /** `merge`: the file lives on in another epoch; `copy`: only the text can be saved; `sign-in`: the same document goes on after it. */
  offer: 'merge' | 'copy' | 'sign-in' | 'none';
};

export const isFinal = (code: number): boolean => code >= 4400 && code <= 4499;

export function readEnding(code: number): Ending {
  switch (code) {
    case 4401:
      return {
        code,
        title: 'You are signed out.',
        sentence: 'What you typed is kept in this browser and sent when you sign in again.',
        offer: 'sign-in',
      };
    case 4403:
      return {
        code,
        title: 'You may not change this file any more.',
        sentence: 'What was not sent is kept here; you can copy it.',
        offer: 'copy',
      };
    case 4404:
      return {
        code,
        title: 'This file is gone, or no longer shared with you.',
        sentence: 'What was not sent is kept here; you can copy it.',
        offer: 'copy',
      };
    case 4410:
      return {
        code,
        title: 'This file was rebuilt on the server.',
        sentence: 'Merge your words as text, or copy them.',
        offer: 'merge',
      };
    case 4413:
      return {
        code,
        title: 'This is too large for one file.',
        sentence: 'A file holds up to 8 MB. What was not sent is kept here; copy it and split it.',
        offer: 'copy',
      };
    default:
      return {
        code,
        title: 'The server did not accept an edit from this tab.',
        sentence: 'Copy your text, then open the file again.',
        offer: 'copy',
      };
  }
}
