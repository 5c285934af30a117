import { expect, test } from 'vitest';
import { isChord, shownKeys } from './keys.ts';

const press = (
  key: string,
  held: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', boolean>> = {},
  code = '',
) => ({
  key,
  code,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

test('a chord is all of its keys and none other', () => {
  expect(isChord(press('k', { ctrlKey: true }), 'Ctrl K', false)).toBe(true);
  expect(isChord(press('k', { ctrlKey: true, shiftKey: true }), 'Ctrl K', false)).toBe(false);
  expect(isChord(press('k', { ctrlKey: true, altKey: true }), 'Ctrl K', false)).toBe(false);
  expect(isChord(press('k'), 'Ctrl K', false)).toBe(false);
  expect(isChord(press('F6'), 'F6', false)).toBe(true);
  expect(isChord(press('F6', { shiftKey: true }), 'Shift F6', false)).toBe(true);
});

test('Ctrl is Command on a Mac, and Ctrl stays the Mac editor’s own there', () => {
  expect(isChord(press('k', { metaKey: true }), 'Ctrl K', true)).toBe(true);
  expect(isChord(press('k', { ctrlKey: true }), 'Ctrl K', true)).toBe(false);
  expect(shownKeys('Ctrl Shift F', true)).toEqual(['⌘', '⇧', 'F']);
  expect(shownKeys('Ctrl Shift F', false)).toEqual(['Ctrl', 'Shift', 'F']);
});

test('a sign matches wherever the keyboard has it, and Alt with a letter that types something else', () => {
  expect(isChord(press('?', { shiftKey: true }), '?', false)).toBe(true);
  expect(isChord(press('?'), '?', false)).toBe(true);
  expect(isChord(press('\\', { ctrlKey: true }), 'Ctrl \\', false)).toBe(true);
  expect(isChord(press('˜', { altKey: true }, 'KeyN'), 'Alt N', true)).toBe(true);
});
