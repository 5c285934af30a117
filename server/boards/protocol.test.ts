// The JSON protocol of the first LLMos, as its skills speak it: newline-delimited JSON, on a program of the board and at its prompt.
import { expect, test } from 'vitest';
import { openTestBoard, pause } from './testBoard.ts';

async function serving() {
  const board = openTestBoard();
  await board.prompt();
  await board.type('import robot; robot.serve()\r');
  await board.until('"protocol ready"');
  await board.until('\n');
  const ask = async (command: unknown) => {
    await board.type(`${typeof command === 'string' ? command : JSON.stringify(command)}\n`);
    return JSON.parse(await board.until('\r\n')) as Record<string, any>;
  };
  return { ...board, ask };
}

test('[VB8] pins, converters, sensors and PWM answer as the skill "ESP32 JSON Protocol" says', async () => {
  const { ask } = await serving();
  expect(await ask({ action: 'set_gpio', pin: 4, state: 1 })).toMatchObject({ status: 'ok', msg: 'GPIO set' });
  expect(await ask({ action: 'read_gpio', pin: 4 })).toEqual({ status: 'ok', pin: 4, state: 1 });
  expect(await ask({ action: 'read_adc', pin: 3 })).toEqual({ status: 'ok', pin: 3, value: 4095, voltage: 3.3 });
  expect(await ask({ action: 'set_pwm', pin: 12, duty: 128, freq: 1000 })).toMatchObject({
    status: 'ok',
    msg: 'PWM configured',
  });
  expect(await ask({ action: 'read_i2c', sensor: 'ina219' })).toMatchObject({
    status: 'ok',
    sensor: 'ina219',
    voltage_v: 4.2,
    current_ma: 80,
  });
  expect(await ask({ action: 'get_info' })).toMatchObject({
    status: 'ok',
    device: 'ESP32-S3',
    virtual: true,
    uptime_ms: expect.any(Number),
    free_heap: expect.any(Number),
  });
  expect(await ask({ action: 'get_status' })).toMatchObject({ connected: true, gpio_states: { pin4: 1 } });
});

test('[VB8] what is wrong is answered with an error, never with silence or a traceback', async () => {
  const { ask } = await serving();
  expect(await ask({ action: 'fly' })).toEqual({ status: 'error', msg: 'Unknown action' });
  expect(await ask({ action: 'set_gpio', pin: 99, state: 1 })).toEqual({ status: 'error', msg: 'Invalid pin number' });
  expect(await ask({ action: 'set_gpio', pin: 4, state: 7 })).toMatchObject({ status: 'error' });
  expect(await ask({ action: 'read_i2c', sensor: 'none' })).toEqual({ status: 'error', msg: 'Sensor not found' });
  expect(await ask({ action: 'drive', l: 'fast' })).toMatchObject({ status: 'error' });
  expect(await ask('{"action":')).toEqual({ status: 'error', msg: 'JSON parse error' });
  expect(await ask('[1, 2]')).toEqual({ status: 'error', msg: 'JSON parse error' });
  expect(await ask({ action: ['stop'] })).toMatchObject({ status: 'error' });
  expect(await ask({ action: 'get_pose' })).toMatchObject({ status: 'telemetry' });
});

test('[VB8] the robot drives, tells where it is, and stops, as the skill "ESP32 Cube Robot Controller" says', async () => {
  const { board, ask } = await serving();
  expect(await ask({ action: 'reset_pose' })).toEqual({
    status: 'ok',
    msg: 'pose reset',
    pose: { x: 0, y: 0, rotation: 0 },
  });
  expect(await ask({ action: 'drive', l: 100, r: 100 })).toMatchObject({
    status: 'ok',
    msg: 'motors set',
    motors: { left: 100, right: 100 },
  });
  await pause(500);
  const on = await ask({ action: 'get_pose' });
  expect(on).toMatchObject({ status: 'telemetry', motors: { left: 100, right: 100 } });
  expect(on['pose'].x).toBeGreaterThan(0.4);
  expect(on['encoders'].left).toBeCloseTo(on['pose'].x * 1000, -1);
  expect(await ask({ action: 'stop' })).toMatchObject({ status: 'ok', msg: 'motors stopped' });
  await pause(120);
  expect(board.world().left).toBe(0);
  expect(await ask({ action: 'set_led', r: 255, g: 0, b: 300 })).toMatchObject({ led: { r: 255, g: 0, b: 255 } });
  expect(await ask({ action: 'get_robot_telemetry' })).toMatchObject({
    status: 'ok',
    led: { r: 255, g: 0, b: 255 },
    vbat: expect.any(Number),
    cam_status: 'ready',
  });
  expect(await ask({ action: 'read_sensors' })).toMatchObject({
    distance: { front: expect.any(Number), back_left: expect.any(Number) },
    line: expect.any(Array),
    bumper: { front: false, back: false },
  });
});

test('[VB8] telemetry comes ten times a second where it is asked for; Ctrl-C ends the protocol and the motors', async () => {
  const { board, ask, until, type, prompt } = await serving();
  await ask({ action: 'drive', l: 50, r: 50 });
  await ask({ action: 'set_telemetry', enabled: true });
  const from = performance.now();
  for (let i = 0; i < 5; i++)
    expect(JSON.parse(await until('\r\n'))).toMatchObject({ status: 'telemetry', enc_l: expect.any(Number) });
  expect(performance.now() - from).toBeGreaterThan(300);
  await type('\x03');
  await prompt();
  await pause(120);
  expect(board.world().left).toBe(0);
});

test('[VB8] the same commands are answered at the prompt: Ctrl-C and the JSON stop bring a runaway robot to rest', async () => {
  const { board, type, prompt, until, untilBusy } = openTestBoard();
  await prompt();
  await type('import robot\r');
  await prompt();
  await type('while True: robot.drive(60, 60)\r\r');
  await untilBusy();
  await pause(100);
  await type('\x03');
  await prompt();
  await pause(100);
  expect(board.world().left).toBe(60);
  await type('{"action":"stop"}\n');
  expect(await prompt()).toMatch(/\r\n\{"status": "ok"[^\n]*"motors stopped"|"motors stopped"[^\n]*"status": "ok"/);
  await type('{"action":"set_led","r":1,"g":2,"b":3,"fade":false}\n');
  await until('"LED color set"');
  await pause(100);
  expect(board.world()).toMatchObject({ left: 0, right: 0, led: [1, 2, 3] });
  await prompt();
  await type('{"a": 1}\r');
  expect(await prompt()).toContain("{'a': 1}"); // an ordinary dict is shown as ever
});

test('[VB4] hands move the world while Python runs: another map, an obstacle before the sensor', async () => {
  const { board, raw, run, type, until } = openTestBoard();
  await raw();
  await type('import robot, time\nwhile robot.distance("front") > 100: time.sleep_ms(10)\nprint("seen")\x04');
  await until('OK');
  await pause(100);
  board.command({ do: 'map', map: 'arena' });
  await pause(100);
  board.command({ do: 'obstacle', index: 0, x: 1, y: 0 });
  expect(await until('\x04>')).toContain('seen');
  expect(board.world().map).toBe('arena');
  expect(Number(await run('print(robot.distance("front"))'))).toBeLessThan(40);
});
