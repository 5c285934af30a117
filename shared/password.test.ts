import { expect, test } from 'vitest';
import { isCommonPassword, passwordFault } from './password.ts';

test.each([
  'password',
  'PASSWORD',
  'P@ssw0rd!',
  'passw0rd2026',
  'letmein123',
  'qwertyui',
  'Qwertz123',
  '12345678',
  '87654321',
  'aaaaaaaa',
  'abcabcabc',
  'abcdefgh',
  '1q2w3e4r',
  'iloveyou1',
  'Sommer2025!',
  'dragon99',
  '!!monkey!!',
  'correct horse battery staple',
  'adalovelace',
])('%j is too common', (password) => {
  expect(isCommonPassword(password, ['Ada Lovelace'])).toBe(true);
});

test.each([
  'viola-drift-48',
  'thequietkettle',
  'mYx7#qpLw',
  'Tisch Lampe Regen',
  'пароль из трёх слов',
  '数学は楽しいです。ね',
  'michael 4829104',
])('%j is not', (password) => {
  expect(isCommonPassword(password, ['Ada Lovelace'])).toBe(false);
});

test('lengths count characters, not bytes or halves of them', () => {
  expect(passwordFault('🦊🐻🐼🐨🐯🦁🐮')).toContain('at least 8');
  expect(passwordFault('🦊🐻🐼🐨🐯🦁🐮🐷')).toBeNull();
  expect(passwordFault('x y'.repeat(86))).toContain('at most 256');
});
