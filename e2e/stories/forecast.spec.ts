// The scenario that LLMos began with: "Analyze this CSV data and create a forecast". Nothing is remembered, so an agent is written, live at
// once in its person's own volume, and run; its Python really executes in that person's browser on a file of the volume, its chart shows;
// the trace is kept, and found the next time.
import { chatOn, lastRun } from '../chatPanel.ts';
import { expect, testWithModel as test } from '../people.ts';

// what Playwright's recorder puts into every frame keeps Python's from starting
test.use({ trace: 'off' });

const csv = 'data/sales.csv';
const rows = Array.from({ length: 24 }, (_, month) => `${month + 1},${100 + month * 5}`);
const forecaster = `---
name: ForecastAgent
description: Analyses a CSV of the volume and forecasts its last column
tools: [execute_python, read_file]
---

You read a CSV, fit a line to it and draw the forecast.
`;
const code = `
import csv
from llmos import plot
with open("${csv}") as file:
    data = [(int(row["month"]), float(row["sold"])) for row in csv.DictReader(file)]
n = len(data)
mx = sum(x for x, _ in data) / n
my = sum(y for _, y in data) / n
slope = sum((x - mx) * (y - my) for x, y in data) / sum((x - mx) ** 2 for x, _ in data)
months = [x for x, _ in data] + [25, 26, 27]
line = [my + slope * (x - mx) for x in months]
plot.line(months, {"forecast": line}, title="Forecast of sales")
with open("data/forecast.csv", "w") as file:
    file.write("month,sold\\n" + "".join(f"{x},{y:.0f}\\n" for x, y in zip(months[-3:], line[-3:])))
print("month 27:", round(line[-1]))
`;

test('analyze this CSV data and create a forecast', async ({ ada, model }) => {
  test.setTimeout(180_000);
  await ada.api('PUT', `/volumes/team%2Flab/files/${csv}`, `month,sold\n${rows.join('\n')}\n`);
  const found: string[] = [];
  model.on(/Analyze this CSV data and create a forecast/, (asked, turn) => {
    const last = String(asked.messages.findLast(({ role }) => role === 'tool')?.content ?? '');
    if (turn === 0) return { calls: [{ name: 'query_memory', args: { query: 'forecast from CSV data' } }] };
    if (turn === 1) {
      found.push(last);
      if (/memory\/traces\//.test(last)) return { text: 'I did this before; the trace of last time says how.' };
      return {
        text: 'Nothing is known about forecasts. I write an agent for it.',
        calls: [{ name: 'write_file', args: { path: 'agents/ForecastAgent.md', content: forecaster } }],
      };
    }
    if (turn === 2)
      return { calls: [{ name: 'delegate_to_agent', args: { agent: 'ForecastAgent', task: `Forecast ${csv}` } }] };
    return { text: 'In month 27 about **230** will be sold.' };
  });
  model.on(`Forecast ${csv}`, [
    { calls: [{ name: 'execute_python', args: { code, files: [csv] } }] },
    { text: 'Month 27: 230.' },
  ]);

  await ada.open('team/lab', csv);
  const a = chatOn(ada.page);
  await a.say(`Analyze this CSV data and create a forecast: @${csv}`, { team: true });
  // what it writes for its person from a run of the team waits for nobody; Python runs in this very tab
  await a.expectStatus('Done', 120_000);
  await expect(a.feed.locator('strong', { hasText: '230' })).toBeVisible();
  expect(found[0]).not.toContain('memory/traces/');

  // the agent is a file of Ada's own volume, and its run has the chart
  expect(await ada.api('GET', '/volumes/user%2Fada/files/agents/ForecastAgent.md')).toBe(forecaster);
  await a.tool('delegate_to_agent').getByRole('button').first().click();
  await a.tool('delegate_to_agent').getByRole('link', { name: 'ForecastAgent' }).click();
  const run = chatOn(ada.page);
  const chart = run.feed.getByRole('img', { name: 'Forecast of sales' });
  await expect(chart).toBeVisible();
  expect(await chart.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(300);
  await expect(run.feed).toContainText('month 27: 230');
  await expect(ada.page.getByRole('group', { name: /Runs and how they hang together/ }).getByRole('link')).toHaveCount(
    2,
  );
  expect(await ada.api('GET', '/volumes/team%2Flab/files/data/forecast.csv')).toBe(
    'month,sold\n25,220\n26,225\n27,230\n',
  );

  // its trace is a file, and the next run finds it
  const parent = (await ada.api('GET', '/runs?limit=10')).runs.find((one: any) => one.goal.startsWith('Analyze'));
  const { events } = await ada.api('GET', `/runs/${parent.id}`);
  const trace = events.find((event: any) => event.type === 'trace');
  expect(await ada.api('GET', `/volumes/team%2Flab/files/${trace.path}`)).toContain('Analyze this CSV data');
  await ada.open('team/lab', csv);
  await expect
    .poll(
      async () => {
        await a.newConversation();
        await a.say('Analyze this CSV data and create a forecast', { team: true });
        await a.expectStatus('Done', 60_000);
        return found.at(-1);
      },
      { timeout: 60_000 },
    )
    .toContain(trace.path);
  await expect(a.feed).toContainText('I did this before');
  expect((await lastRun(ada.api)).status).toBe('done');
});
