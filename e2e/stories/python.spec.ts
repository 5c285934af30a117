// Python in the browser: cells and files of the volume run in the person's own tab, with plots, tables, input and a stop that works.
import type { Page } from '@playwright/test';
import { expect, test } from '../people.ts';
import { pythonOn } from '../pythonPanel.ts';

// what Playwright's recorder puts into every frame keeps Python's from starting
test.use({ trace: 'off' });
// its first load takes seconds, on a busy machine many
test.setTimeout(180_000);

test('[PY1] a person writes a cell, runs it, and sees text, a chart and a table', async ({ ada }) => {
  await ada.open('team/lab', 'notes/first-week.md');
  const python = await pythonOn(ada.page);
  const cell = await python.write(
    [
      'import sys',
      'from llmos import plot, table',
      'print("hello from", sys.platform)',
      'plot.line([1, 2, 3], {"sold": [3, 5, 4], "planned": [3, 4, 5]}, title="Units")',
      '[{"a": 1, "b": "x"}, {"a": 2.5, "b": None}]',
    ].join('\n'),
  );
  await expect(cell).toHaveAttribute('data-state', 'done', { timeout: 120_000 });
  await expect(cell.getByText('hello from emscripten')).toBeVisible();
  const chart = cell.getByRole('img', { name: 'Units' });
  await expect(chart).toBeVisible();
  expect(await chart.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(680);
  await expect(cell.getByRole('table').getByRole('row')).toHaveText(['ab', '1x', '2.5']);

  // names stay for the next cell, and the last value is shown
  const next = await python.write('answer = 6 * 7\nsys.version_info.major, answer');
  await expect(next.getByText('(3, 42)')).toBeVisible();
  expect(await python.violations()).toEqual([]);
});

test('[PY7] after a reload Python starts from the snapshot that this browser made while it rested, and is as it was', async ({
  ada,
}) => {
  await ada.open('team/lab', 'notes/first-week.md');
  const first = await pythonOn(ada.page);
  const cell = await first.write('secret = 41\nsecret + 1');
  await expect(cell).toHaveAttribute('data-state', 'done', { timeout: 120_000 });
  expect(await startOf(ada.page)).toEqual({ snapshot: false });
  await ada.page.waitForFunction(() => performance.getEntriesByName('python-snapshot-kept').length > 0, null, {
    timeout: 120_000,
  });
  // what the person computed goes on where it was while the snapshot is made
  await expect((await first.write('secret')).getByText('41')).toBeVisible();

  await ada.page.reload();
  await expect(ada.page.locator('.cm-content').first()).toBeVisible({ timeout: 60_000 });
  const again = await pythonOn(ada.page);
  const next = await again.write(
    'import csv, io, sys\nrows = list(csv.reader(io.StringIO("a,b")))\nrows, "secret" in globals(), sys.platform',
  );
  await expect(next.getByText("([['a', 'b']], False, 'emscripten')")).toBeVisible({ timeout: 120_000 });
  expect(await startOf(ada.page)).toEqual({ snapshot: true });
  expect(await again.violations()).toEqual([]);
});

/** How the last start of this page went. */
const startOf = (page: Page) =>
  page.evaluate(() => {
    const mark = performance.getEntriesByName('python-ready-cells').at(-1) as PerformanceMark;
    return { snapshot: mark.detail.snapshot as boolean };
  });

test('[PY1] a fault is told with the line of the person, input() is answered, output streams', async ({ ada }) => {
  await ada.open('team/lab', 'notes/first-week.md');
  const python = await pythonOn(ada.page);
  const faulty = await python.write('def half(x):\n    return x / 0\n\nhalf(3)');
  await expect(faulty).toHaveAttribute('data-state', 'failed', { timeout: 120_000 });
  const alert = faulty.getByRole('alert');
  await expect(alert).toContainText('ZeroDivisionError');
  await expect(alert).toContainText('Line 2');
  await expect(alert).toContainText('return x / 0');
  await expect(alert).not.toContainText('/llmos/');
  await expect(alert).not.toContainText('pyodide');

  const asking = await python.write('name = input("Who? ")\nprint("Hello", name)');
  await asking.getByLabel('Who?').fill('Grace');
  await ada.page.keyboard.press('Enter');
  await expect(asking.getByText('Hello Grace')).toBeVisible();

  const slow = await python.write('import time\nfor i in range(3):\n    print("step", i)\n    time.sleep(0.7)');
  await expect(slow.locator('pre.out')).toHaveText(/step 0/);
  await expect(slow).toHaveAttribute('data-state', 'running');
  await expect(slow.getByText('step 2')).toBeVisible();
  await expect(slow).toHaveAttribute('data-state', 'done');

  const missing = await python.write('import numpy');
  await expect(missing.getByRole('alert')).toContainText('numpy is not part of the core. This server has no index');
});

test('[PY5] what runs is stopped: by an interrupt, and where that is ignored by a new Python', async ({ ada }) => {
  await ada.open('team/lab', 'notes/first-week.md');
  const python = await pythonOn(ada.page);
  const first = await python.write('kept = "still here"\nprint("ready")');
  await expect(first).toHaveAttribute('data-state', 'done', { timeout: 120_000 });
  const loop = await python.write('while True:\n    pass');
  await expect(loop).toHaveAttribute('data-state', 'running');
  await loop.getByRole('button', { name: 'Stop' }).click();
  await expect(loop).toHaveAttribute('data-state', 'stopped');
  const after = await python.write('print(kept)');
  await expect(after.getByText('still here', { exact: true })).toBeVisible();

  const deaf = await python.write('print("counting")\nsum(range(10**12))');
  await expect(deaf.locator('pre.out')).toHaveText(/counting/);
  await deaf.getByRole('button', { name: 'Stop' }).click();
  await expect(deaf).toHaveAttribute('data-state', 'stopped');
  await expect(deaf.getByText('its names are gone')).toBeVisible();
  const anew = await python.write('try:\n    kept\nexcept NameError:\n    print("started anew")');
  await expect(anew.getByText('started anew', { exact: true })).toBeVisible({ timeout: 90_000 }); // no snapshot was made yet: from the beginning
});

test('[PY3] a file of the volume is read and run, and what it writes goes back to the volume', async ({ ada }) => {
  await ada.api('PUT', '/volumes/team%2Flab/files/tools/forecast.py', forecast);
  await ada.open('team/lab', 'tools/forecast.py');
  await ada.page.getByRole('button', { name: 'Run this file' }).click();
  const cell = ada.page.getByRole('article', { name: 'tools/forecast.py' });
  await expect(cell).toHaveAttribute('data-state', 'done', { timeout: 120_000 });
  await expect(cell.getByText('Was given notes/measurements.csv')).toBeVisible();
  await expect(cell.getByRole('img', { name: 'Forecast' })).toBeVisible();
  await expect(cell.getByText('output/forecast.csv')).toBeVisible();
  await cell.getByRole('button', { name: /Save/ }).click();
  await expect(cell.getByText('output/forecast.csv · saved')).toBeVisible();
  await expect
    .poll(() => ada.api('GET', '/volumes/team%2Flab/files/output/forecast.csv').catch(() => ''))
    .toMatch(/^day,expected\n/);
});

const forecast = `import csv, statistics
from llmos import plot, table

rows = table.read('notes/measurements.csv')
numbers = [name for name in rows.columns if all(isinstance(v, (int, float)) for v in rows[name])]
values = rows[numbers[-1]]
days = list(range(len(values)))
slope, start = statistics.linear_regression(days, values)
coming = [len(values) + i for i in range(5)]
expected = [start + slope * day for day in coming]
chart = plot.Chart(title='Forecast')
chart.line(days, values, name='measured')
chart.line(coming, expected, name='expected', dashed=True)
chart.band(coming, [v * 0.9 for v in expected], [v * 1.1 for v in expected], name='10 %')
table.write('output/forecast.csv', [{'day': d, 'expected': round(v, 3)} for d, v in zip(coming, expected)])
`;
