import { JSDOM } from 'jsdom';
import { expect, test } from 'vitest';
import { putFragment } from './putFragment.ts';

test('blocks that did not change stay the same nodes, with their new lines', () => {
  const { window } = new JSDOM('<div id="a"></div>');
  const target = window.document.getElementById('a')!;
  const make = (html: string) => window.document.createRange().createContextualFragment(html);
  putFragment(
    target,
    make('<h1 data-line="1">One</h1>\n<p data-line="3">two</p>\n<ul data-line="5"><li data-line="5">x</li></ul>\n'),
  );
  const [first, , second, , third] = target.childNodes;
  putFragment(
    target,
    make(
      '<h1 data-line="1">One</h1>\n<p data-line="3">new</p>\n<p data-line="5">two</p>\n<ul data-line="7"><li data-line="7">x</li></ul>\n',
    ),
  );
  expect(target.innerHTML).toBe(
    '<h1 data-line="1">One</h1>\n<p data-line="3">new</p>\n<p data-line="5">two</p>\n<ul data-line="7"><li data-line="7">x</li></ul>\n',
  );
  expect(target.childNodes[0]).toBe(first);
  expect(target.childNodes[4]).toBe(second);
  expect(target.childNodes[6]).toBe(third);
  putFragment(target, make(''));
  expect(target.innerHTML).toBe('');
});
