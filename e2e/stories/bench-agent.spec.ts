// "Make the robot follow the line": an agent writes MicroPython into the volume, asks for the board once, tries its program on the virtual
// board while everybody watches the robot move, and loses the board to a person who takes it.
import { benchOn } from '../benchPage.ts';
import { chatOn, lastRun } from '../chatPanel.ts';
import { expect, testWithModel as test } from '../people.ts';

const path = 'bench/follow_line.py';
const program = `import robot, time

def follow(seconds):
    seen = 0
    end = time.ticks_add(time.ticks_ms(), int(seconds * 1000))
    try:
        while time.ticks_diff(end, time.ticks_ms()) > 0:
            line = robot.line()
            weight = sum(line)
            if weight > 60:
                seen += 1
                error = sum((at - 2) * value for at, value in enumerate(line)) / weight
                robot.drive(int(60 + 35 * error), int(60 - 35 * error))
            time.sleep_ms(20)
    finally:
        robot.drive(0, 0)
    return seen

before = robot.pose()
seen = follow(SECONDS)
after = robot.pose()
print("on the line", seen > 20, "moved", abs(after["x"] - before["x"]) + abs(after["y"] - before["y"]) > 0.3)
`;
const on = (board: string) => ({ board });
const take = (board: string) => ({
  name: 'take_board',
  args: { ...on(board), tools: ['run_on_board'], minutes: 5, why: 'The robot drives along its track, slowly.' },
});

test('an agent makes the robot follow the line, on a board that it was allowed to take', async ({
  ada,
  ben,
  model,
}) => {
  test.setTimeout(180_000);
  const bench = benchOn(ada.page);
  const place = await bench.startVirtual('sim-line');
  await ben.page.goto(place);
  model.on(/Make the robot follow the line/, [
    { calls: [{ name: 'device_status', args: on('sim-line') }] },
    { calls: [{ name: 'write_file', args: { path, content: program.replace('SECONDS', '4') } }] },
    { calls: [take('sim-line')] },
    { calls: [{ name: 'run_on_board', args: { ...on('sim-line'), path } }] },
    { calls: [{ name: 'read_sensor', args: { ...on('sim-line'), action: 'get_pose' } }] },
    { calls: [{ name: 'release_board', args: on('sim-line') }] },
    { text: 'It follows the line; the program is `bench/follow_line.py`.' },
  ]);
  await ada.api('POST', '/runs', {
    volume: 'team/lab',
    goal: 'Make the robot follow the line',
    agent: 'RobotAgent',
  });
  const run = await lastRun(ada.api);

  // Ben, elsewhere, sees what will happen and allows it, once
  await ben.page.goto(`/run/${run.id}`);
  const chat = chatOn(ben.page);
  await expect(chat.approval).toContainText('The robot drives along its track, slowly.', { timeout: 30_000 });
  await chat.approval.getByRole('button', { name: 'Approve' }).click();
  await expect(bench.card('sim-line')).toContainText(/A run of Ada/);
  await chat.expectStatus('Done', 60_000);
  await expect(chat.tool('run_on_board')).toContainText('on the line True moved True');
  await expect(bench.card('sim-line')).toContainText('Nobody drives', { timeout: 10_000 });
  expect(await ada.api('GET', `/volumes/team%2Flab/files/${path}`)).toContain('def follow');
});

test('[DE4] a person takes the board from an agent in the middle of its program', async ({ ada, ben, model }) => {
  test.setTimeout(180_000);
  const [a, b] = [benchOn(ada.page), benchOn(ben.page)];
  const place = await a.startVirtual('sim-taken');
  await ben.page.goto(place);
  model.on(/Drive for a long time/, [
    { calls: [take('sim-taken')] },
    {
      calls: [
        { name: 'run_on_board', args: { ...on('sim-taken'), code: program.replace('SECONDS', '100'), timeout_s: 110 } },
      ],
    },
    { text: 'Somebody took the board; I stop.' },
  ]);
  const { id } = await ada.api('POST', '/runs', {
    volume: 'team/lab',
    goal: 'Drive for a long time',
    agent: 'RobotAgent',
  });
  const approval = async () => {
    const { events } = await ada.api('GET', `/runs/${id}`);
    return events.find((event: { type: string }) => event.type === 'approval-asked');
  };
  await expect.poll(approval, { timeout: 30_000 }).toBeTruthy();
  const { call, hash } = await approval();
  await ada.api('POST', `/runs/${id}/approvals/${encodeURIComponent(call)}`, { verdict: 'approved', hash });
  await expect(b.panel.getByRole('button', { name: /^Take it from/ })).toBeVisible({ timeout: 20_000 });
  await b.panel.getByRole('button', { name: /^Take it from/ }).click();
  await expect(b.panel.getByText(/^You drive/)).toBeVisible();
  await expect(a.panel.getByText('Ben drives')).toBeVisible();
  await expect.poll(async () => (await ada.api('GET', `/runs/${id}`)).run.status, { timeout: 30_000 }).toBe('done');
  // the program is over, and the board answers its new driver
  await b.type('\r6 * 7\r');
  await b.expectShown('>>> 6 * 7\n42');
});

test('[RU7] whoever allows a program on a board reads it; when it changes meanwhile, it does not run', async ({
  ada,
  ben,
  model,
}) => {
  test.setTimeout(120_000);
  const bench = benchOn(ada.page);
  await bench.startVirtual('sim-read');
  const file = 'bench/say_hello.py';
  const { oid } = await ada.api('PUT', `/volumes/team%2Flab/files/${file}`, 'print("hello " * 2)\n');
  const runs = { name: 'run_on_board', args: { ...on('sim-read'), path: file } };
  model.on(/Say hello on the board/, [{ calls: [runs] }, { calls: [runs] }, { text: 'It said hello.' }]);
  await ada.api('POST', '/runs', { volume: 'team/lab', goal: 'Say hello on the board', agent: 'RobotAgent' });
  const { id } = await lastRun(ada.api);
  await ben.page.goto(`/run/${id}`);
  const chat = chatOn(ben.page);
  await expect(chat.approval).toContainText('print("hello " * 2)', { timeout: 30_000 });
  await expect(chat.approval.getByRole('button', { name: 'Approve' })).toBeInViewport({ ratio: 1 });
  await ben.page.screenshot({ path: 'e2e/screens/approval-of-a-program.png' });

  await ada.api('PUT', `/volumes/team%2Flab/files/${file}`, 'print("something else")\n', {
    'if-match': `"${oid}"`,
  });
  await chat.approval.getByRole('button', { name: 'Approve' }).click();
  await expect(chat.tool('run_on_board').first()).toContainText('failed');
  await expect(chat.approval).toContainText('print("something else")');
  await chat.approval.getByRole('button', { name: 'Approve' }).click();
  await chat.expectStatus('Done', 60_000);
  await bench.expectShown('something else');
  expect(await bench.shown()).not.toContain('hello hello');
});
