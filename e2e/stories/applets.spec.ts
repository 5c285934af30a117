// Applets beside their code: they follow what is typed, ask before they read, say what is wrong, and cannot hold up the page.
import fs from 'node:fs';
import { benchOn } from '../benchPage.ts';
import { expect, test, type Person } from '../people.ts';
import { writerOn } from '../writer.ts';

// what Playwright's recorder puts into every frame keeps Python's from starting
test.use({ trace: 'off' });
test.setTimeout(180_000);

const view = (person: Person) => person.page.locator('section.applet');
const frame = (person: Person) => person.page.frameLocator('section.applet iframe');
const open = async (person: Person, name: string, text: string) => {
  await person.api('PUT', `/volumes/team%2Flab/files/applets/${name}`, text);
  await person.page.goto(`/v/team%2Flab/f/applets/${name}`);
  await expect(view(person)).toHaveAttribute('data-state', /painted|failed|ended/, { timeout: 60_000 });
};
const component = (body: string, comment = '') =>
  `/**\n * @name Try\n${comment} */\nimport { useEffect, useState } from 'react';\nimport * as llmos from 'llmos';\n${body}\n`;

test('[AP1] an applet runs as it is typed, keeps running for the other person, and its faults name their line', async ({
  ada,
}) => {
  await open(
    ada,
    'counter.tsx',
    component(
      'export default function Counter() {\n  const [n, setN] = useState(0);\n  return <button className="bg-red-600 p-2" onClick={() => setN(n + 1)}>count {n}</button>;\n}',
    ),
  );
  const button = frame(ada).getByRole('button');
  await button.click();
  await expect(button).toHaveText('count 1');
  await expect(button).toHaveCSS('padding', '8px');
  const writer = writerOn(ada.page);
  await writer.atEndOf('const [n, setN]');
  await writer.type(' const more = 7;');
  await expect(button).toHaveText('count 0');
  await writer.type(' gone();');
  await expect(view(ada)).toHaveAttribute('data-state', 'failed');
  await expect(view(ada).getByRole('alert')).toContainText(/line 7: gone is not defined/);
});

test('[AP1] faults of every kind reach the page', async ({ ada }) => {
  const kinds: [string, string, RegExp][] = [
    ['compile', 'export default function A() { return <b> }', /does not compile.*line/s],
    ['module', "throw new Error('at once'); export default () => null;", /failed as it started line 6: at once/],
    ['import', "import x from 'left-pad';\nexport default () => <b>{x}</b>;", /There is no module "left-pad"/],
    ['default', 'export const a = 1;', /no default export/],
    ['render', "export default function A() { throw new Error('drawing'); }", /failed as it was drawn line 6: drawing/],
    [
      'effect',
      "export default function A() { useEffect(() => { throw new Error('effect'); }, []); return <b/>; }",
      /effect/,
    ],
    [
      'later',
      "export default function A() { useEffect(() => { setTimeout(() => { throw new Error('later'); }, 50); }, []); return <b/>; }",
      /It failed line 6: later/,
    ],
    [
      'rejection',
      "export default function A() { useEffect(() => { void Promise.reject(new Error('refused')); }, []); return <b/>; }",
      /promise was rejected.*refused/,
    ],
    [
      'blocked',
      "export default function A() { return <img src='http://127.0.0.1:9/x.png' />; }",
      /img-src does not allow/,
    ],
    [
      'click',
      "export default function A() { return <button onClick={() => { throw new Error('pressed'); }}>press</button>; }",
      /It failed line 6: pressed/,
    ],
  ];
  for (const [name, body, words] of kinds) {
    await open(ada, `fault-${name}.tsx`, component(body));
    if (name === 'click') await frame(ada).getByRole('button').click();
    await expect(view(ada).getByRole('alert')).toContainText(words);
  }
});

test('[AP2] it asks before it reads or runs Python, once for a version', async ({ ada }) => {
  const text = component(
    "export default function R() {\n  const [words, set] = useState('waiting');\n  useEffect(() => { llmos.readFile('notes/measurements.csv').then((csv) => llmos.runPython('len(open(\"notes/measurements.csv\").read())', ['notes/measurements.csv']).then((r) => set(csv.slice(0, 4) + ' ' + (Number(r.value) === csv.length))), (e) => set('no: ' + e.message)); }, []);\n  return <p>{words}</p>;\n}",
    ' * @capabilities read:notes/*.csv, python\n',
  );
  await open(ada, 'reader.tsx', text);
  const asks = ada.page.getByRole('alertdialog', { name: 'The applet asks' });
  await expect(asks).toContainText('read notes/*.csv and to run Python');
  await asks.getByRole('button', { name: 'Not now' }).click();
  await expect(frame(ada).locator('p')).toHaveText('no: The person did not allow it.');
  await ada.page.getByRole('button', { name: 'Start again' }).click();
  await asks.getByRole('button', { name: 'Allow' }).click();
  await expect(frame(ada).locator('p')).toHaveText('time true', { timeout: 120_000 });
  await ada.page.reload();
  await expect(frame(ada).locator('p')).toHaveText('time true', { timeout: 120_000 });
  // another version asks again
  await expect(asks).not.toBeVisible();
  await writerOn(ada.page).atTheEnd();
  await ada.page.keyboard.type('// changed');
  await expect(asks).toBeVisible();
});

test('[AP2] it asks a board for its person, within a turn, and gives the turn back', async ({ ada, ben }) => {
  await benchOn(ben.page).startVirtual('asked');
  await open(
    ada,
    'asks.tsx',
    component(
      "export default function B() {\n  const [words, set] = useState('waiting');\n  const ask = () => llmos.askDevice('asked', { action: 'get_info' }).then((a) => set(JSON.stringify(a)), (e) => set('no: ' + e.message));\n  return <><p>{words}</p><button onClick={ask}>ask</button></>;\n}",
      ' * @capabilities device:asked\n',
    ),
  );
  const answer = frame(ada).locator('p');
  await frame(ada).getByRole('button').click();
  const asks = ada.page.getByRole('alertdialog', { name: 'The applet asks' });
  await expect(asks).toContainText('ask asked');
  await asks.getByRole('button', { name: 'Allow' }).click();
  await expect(answer).toContainText('"status":"ok"', { timeout: 60_000 });
  await expect(ben.page.getByText('Ada drives').first()).toBeVisible();
  await ada.page.goto(`/v/team%2Flab/f/README.md`);
  await expect(ben.page.getByText('Nobody drives').first()).toBeVisible();
  // somebody drives: the applet says who, and waits for nobody
  await benchOn(ben.page).drive();
  await ada.page.goto(`/v/team%2Flab/f/applets/asks.tsx`);
  await frame(ada).getByRole('button').click();
  await expect(answer).toHaveText(/^no: Ben drives asked/, { timeout: 60_000 });
});

test('where there is no room for both, the applet takes the place of its text, and a click brings the text', async ({
  ada,
}) => {
  await ada.page.setViewportSize({ width: 1280, height: 720 });
  await open(ada, 'small.tsx', component('export default () => <p>here</p>;'));
  await expect(frame(ada).locator('p')).toHaveText('here');
  const text = ada.page.locator('.cm-content').first();
  await expect(text).toBeHidden();
  await ada.page.getByRole('button', { name: 'Hide the preview' }).click();
  await expect(text).toBeVisible();
  await expect(view(ada)).toBeHidden();
  await ada.page.getByRole('button', { name: 'Show the preview' }).click();
  await expect(frame(ada).locator('p')).toHaveText('here');
});

test('[AP3] an endless loop and a flood are ended, and the page goes on', async ({ ada }) => {
  await open(
    ada,
    'loop.tsx',
    component('export default function L() { return <button onClick={() => { for (;;); }}>loop</button>; }'),
  );
  void frame(ada)
    .getByRole('button')
    .click({ noWaitAfter: true, timeout: 1000 })
    .catch(() => undefined);
  await ada.page.waitForTimeout(500);
  await ada.page
    .getByRole('button', { name: 'Find a file or an act' })
    .or(ada.page.locator('.find').first())
    .first()
    .hover(); // the page answers meanwhile
  await expect(view(ada)).toHaveAttribute('data-state', 'ended', { timeout: 20_000 });
  await view(ada).getByRole('alert').getByRole('button', { name: 'Start again' }).click();
  await expect(view(ada)).toHaveAttribute('data-state', 'painted', { timeout: 20_000 });
  await open(
    ada,
    'flood.tsx',
    component(
      'export default function F() { useEffect(() => { for (let i = 0; i < 20000; i++) llmos.submit(i); }, []); return <b/>; }',
    ),
  );
  await expect(view(ada)).toHaveAttribute('data-state', 'ended', { timeout: 20_000 });
  await expect(view(ada).getByRole('alert')).toContainText('too many messages');
});

test('[AP1] the applets of the original run from the gallery, and one is copied to the team', async ({ ada }) => {
  for (const name of ['budget-calculator', 'color-palette', 'nda-generator'])
    await ada.api(
      'PUT',
      `/volumes/user%2Fada/files/applets/${name}.app`,
      fs.readFileSync(`samples/llmos-original/applets/${name}.app`, 'utf8'),
    );
  await ada.page.goto('/applets');
  for (const [name, words] of [
    ['Budget Calculator', 'Monthly Budget Calculator'],
    ['Color Palette Generator', 'Color Palette Generator'],
    ['NDA Generator', 'Party Information'],
  ]) {
    await ada.page
      .getByRole('button', { name: `Run ${name}` })
      .first()
      .click();
    await expect(frame(ada).getByRole('heading', { name: words! })).toBeVisible({ timeout: 30_000 });
  }
  await ada.page.getByRole('button', { name: 'Share Budget Calculator' }).first().click();
  await ada.page.getByRole('menuitem', { name: 'Copy to team/lab' }).click();
  await expect(ada.page.getByText('Copied Budget Calculator to team/lab')).toBeVisible();
  await expect
    .poll(() => ada.api('GET', '/volumes/team%2Flab/tree').then((tree) => JSON.stringify(tree.files)))
    .toContain('budget-calculator.app');
});
