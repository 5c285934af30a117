// @vitest-environment node
import { JSDOM } from 'jsdom';
import { expect, test } from 'vitest';
import { renderMarkdown, resolvePath } from './renderMarkdown.ts';

const { window } = new JSDOM('');
const place = { volume: 'team/lab', path: 'agents/PlanningAgent.md' };
const render = (text: string, firstLine = 1) => {
  const box = window.document.createElement('div');
  box.append(renderMarkdown(text, { ...place, firstLine }, window as unknown as Window & typeof globalThis));
  return box;
};

const hostile = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg><animate onbegin=alert(1)>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '[a](javascript:alert(1))',
  '[a](JaVaScRiPt:alert(1))',
  '[a](&#106;avascript:alert(1))',
  '[a](java\nscript:alert(1))',
  '[a](data:text/html;base64,PHNjcmlwdD4=)',
  '[a](vbscript:x)',
  '[a](file:///etc/passwd)',
  '[a](//evil.example/x)',
  '[a](/\\evil.example)',
  '[a]: javascript:alert(1)\n\n[a]',
  '![a](javascript:alert(1))',
  '![a](https://evil.example/pixel.png)',
  '![a][pixel]\n\n[pixel]: https://evil.example/pixel.png',
  '![a](//evil.example/pixel.png)',
  '![a](data:image/svg+xml;base64,PHN2Zz4=)',
  '![a" onerror="alert(1)](x.png)',
  '[a](https://x.example/" onmouseover="alert(1))',
  '```js" onclick="alert(1)\nx\n```',
  '```\n</code><script>alert(1)</script>\n```',
  '| a |\n|:-:|\n| <b onclick=alert(1)>x</b> |',
  '<https://x.example/"onclick=alert(1)>',
  '# <a name=body>x</a>\n# cookie\n# __proto__',
  '<form action=https://evil.example><input name=a></form>',
  '<style>*{display:none}</style>',
  '<a href="https://x.example" style="position:fixed;inset:0">x</a>',
  '![a](../../../../api/v1/auth/sign-out)',
  '![a](/api/v1/auth/sign-out)',
];

test.each(hostile)('nothing runs, loads or leaves: %j', (text) => {
  const box = render(text);
  expect(
    box.querySelectorAll('script, iframe, object, embed, form, input, style, svg, math, link, meta, base, video, audio')
      .length,
  ).toBe(0);
  for (const element of box.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      expect(name).toMatch(
        /^(?:href|src|alt|title|class|start|id|rel|target|loading|referrerpolicy|data-line|data-file)$/,
      );
      if (name === 'href') expect(value).toMatch(/^(?:https?:\/\/|mailto:|#|\/v\/)/);
      if (name === 'src')
        expect(value).toMatch(/^\/api\/v1\/volumes\/team%2Flab\/raw\/|^data:image\/(?:png|gif|jpeg|webp);/);
      if (name === 'id') expect(value).toMatch(/^user-content-/);
    }
    if (element.tagName === 'A') expect(element.getAttribute('rel')).toBe('noopener noreferrer ugc');
  }
});

test('remote images are a link that says where it goes, also in reference style', () => {
  for (const text of ['![A map](https://pics.example/a.png)', '![A map][m]\n\n[m]: https://pics.example/a.png']) {
    const link = render(text).querySelector('a.remote-image')!;
    expect(link.getAttribute('href')).toBe('https://pics.example/a.png');
    expect(link.textContent).toBe('Image from pics.example: A map');
  }
});

test('links to files of the volume open them; links out open outside', () => {
  const box = render(
    '[tool](../tools/read-file.md#use) [root](/README.md) [out](https://a.example) [mail](mailto:a@b.example) [here](#Your-Part) [up](../../../x.md)',
  );
  const links = [...box.querySelectorAll('a')];
  expect(links.map((a) => a.getAttribute('href'))).toEqual([
    '/v/team/lab/f/tools/read-file.md#use',
    '/v/team/lab/f/README.md',
    'https://a.example',
    'mailto:a@b.example',
    '#your-part',
    null,
  ]);
  expect(links.map((a) => a.getAttribute('data-file'))).toEqual([
    'tools/read-file.md',
    'README.md',
    null,
    null,
    null,
    null,
  ]);
  expect(links.map((a) => a.getAttribute('target'))).toEqual([null, null, '_blank', null, null, null]);
});

test('images of the volume come from its raw files', () => {
  expect(render('![a](img/ä b.png)'.replace(' ', '%20')).querySelector('img')!.getAttribute('src')).toBe(
    '/api/v1/volumes/team%2Flab/raw/agents/img/%C3%A4%20b.png',
  );
});

test('each block knows its line in the file, headings have names, tasks and tables look like it', () => {
  const box = render('# One\n\nTwo\n\n- [ ] three\n- [x] four\n\n| a |\n|--:|\n| 1 |\n', 10);
  expect(box.querySelector('h1')!.dataset.line).toBe('10');
  expect(box.querySelector('h1')!.id).toBe('user-content-one');
  expect(box.querySelector('p')!.dataset.line).toBe('12');
  expect([...box.querySelectorAll('li.task')].map((li) => li.textContent!.trim())).toEqual(['☐ three', '☑ four']);
  expect(render('3. x').querySelector('ol')!.getAttribute('start')).toBe('3');
  expect(box.querySelector('td')!.className).toBe('align-right');
});

test('a relative path never leaves the volume', () => {
  expect(resolvePath('a/b.md', 'c.md')).toBe('a/c.md');
  expect(resolvePath('a/b.md', '../c%20d.md')).toBe('c d.md');
  expect(resolvePath('a/b.md', '../../c.md')).toBeNull();
  expect(resolvePath('a/b.md', '/c/./d.md')).toBe('c/d.md');
});
