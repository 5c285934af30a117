import { expect, test } from 'vitest';
import { readyActions } from './ready.ts';

test('with nothing typed, acts on what is in front come first and signing out is never among the first', () => {
  const action = (title: string, group: 'Account' | 'View' | 'File' | 'Versions') => ({ title, group });
  const offered = [
    action('Next tab', 'View'),
    action('Sign out', 'Account'),
    action('New file', 'File'),
    action('New folder', 'File'),
    action('Save a version', 'Versions'),
  ];
  expect(readyActions(offered).map(({ title }) => title)).toEqual([
    'Save a version',
    'New file',
    'New folder',
    'Next tab',
    'Sign out',
  ]);
});
