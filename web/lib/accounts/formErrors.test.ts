import { expect, test } from 'vitest';
import { Problem } from '#shared/errors.ts';
import { errorsOf } from './formErrors.ts';

test('a refusal goes to the field that it names, else above the button', () => {
  const fields = ['login', 'password'] as const;
  expect(errorsOf(new Problem('conflict', 'Taken.', { field: 'login' }), fields)).toEqual({ login: 'Taken.' });
  expect(
    errorsOf(
      new Problem('invalid', 'login: Small letters.', {
        issues: [
          { path: 'login', message: 'Small letters.' },
          { path: 'password', message: 'Longer.' },
          { path: 'other', message: 'x' },
        ],
      }),
      fields,
    ),
  ).toEqual({ login: 'Small letters.', password: 'Longer.' });
  expect(errorsOf(new Problem('forbidden', 'No.', { field: 'setup' }), fields)).toEqual({ form: 'No.' });
  expect(errorsOf(new Error('x'), fields).form).toContain('Something went wrong');
});
