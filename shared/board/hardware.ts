// What is soldered to the virtual board: pins, converters, timers and the robot around it, as the module `_vhw` that the Python in rom/
// is written upon. An ESP32-S3 with the wiring of docs/DEVICES.md.
import { flashBytes } from './flash.ts';
import { batteryShare, readDistances, readLine } from '../robot/sensors.ts';
import { bumpers, placeRobot, robot, setMotors, type World } from '../robot/world.ts';

export const wiring = {
  leftForward: 38,
  leftBack: 39,
  rightForward: 40,
  rightBack: 41,
  /** Pressed is 0. */
  bumperFront: 42,
  bumperBack: 21,
  /** Far left to far right. */
  line: [1, 2, 3, 4, 5],
  distanceFront: 6,
  distanceLeft: 7,
  distanceRight: 8,
  /** Half of the battery's voltage. */
  battery: 9,
  powerMonitor: 0x40,
  thermometer: 0x48,
} as const;

const fullScale = 65_535;
const supply = 3.3;
/** Metres at which a distance sensor gives 3.3 V. */
const distanceScale = 2.55;

export const kinds = { pin: 0, timer: 1 } as const;
const rising = 1;
const falling = 2;
const periodic = 1;

type Interrupt = { trigger: number; last: number };
type Timer = { mode: number; period: number; next: number };

export type Hardware = {
  module: object;
  /** Interrupts and timers whose time has come; called between instructions. */
  fire: (now: number) => void;
  /** Something may happen by itself. */
  isArmed: () => boolean;
};

/** Seconds between the computer's time and what a program set; the board keeps it over a reset, as its own clock runs on. */
export type Clock = { ahead: number };

/** What the board itself does for Python. */
export type HardwareBoard = {
  world: World;
  /** Brings the world up to now. */
  advance: () => void;
  sleep: (ms: number) => void;
  reset: (kind: 'soft' | 'hard') => void;
  cause: () => number;
  waiting: () => number;
  /** Bytes that still find room among the files. */
  flashFree: () => number;
  clock: Clock;
  /** Empty: it ended by Ctrl-C; else what went wrong. */
  runProgram: (path: string) => string;
};

export function createHardware(board: HardwareBoard): Hardware {
  const { world } = board;
  const written = new Map<number, number>();
  const duties = new Map<number, number>();
  const interrupts = new Map<number, Interrupt>();
  const timers = new Map<number, Timer>();
  let dispatch: ((kind: number, id: number) => void) | null = null;
  let inside = false;

  const input = (pin: number) => {
    if (pin === wiring.bumperFront) return world.bump & bumpers.front ? 0 : 1;
    if (pin === wiring.bumperBack) return world.bump & bumpers.back ? 0 : 1;
    return written.get(pin) ?? 0;
  };
  const drive = () => {
    const power = (forward: number, back: number) =>
      (((duties.get(forward) ?? 0) - (duties.get(back) ?? 0)) / fullScale) * robot.mostPower;
    setMotors(world, power(wiring.leftForward, wiring.leftBack), power(wiring.rightForward, wiring.rightBack));
  };
  const setDuty = (pin: number, duty: number) => {
    const motors: number[] = [wiring.leftForward, wiring.leftBack, wiring.rightForward, wiring.rightBack];
    if (!motors.includes(pin)) return;
    duties.set(pin, duty);
    drive();
  };
  const setPower = (forward: number, back: number, power: number) => {
    const duty = Math.min(fullScale, Math.round((Math.abs(power) / robot.mostPower) * fullScale));
    duties.set(forward, power > 0 ? duty : 0);
    duties.set(back, power < 0 ? duty : 0);
  };
  const call = (kind: number, id: number) => {
    if (inside || !dispatch) return;
    inside = true;
    try {
      dispatch(kind, id);
    } finally {
      inside = false;
    }
  };

  return {
    isArmed: () => interrupts.size + timers.size > 0,
    fire(now) {
      if (inside) return;
      for (const [pin, interrupt] of interrupts) {
        const value = input(pin);
        if (value === interrupt.last) continue;
        interrupt.last = value;
        if (interrupt.trigger & (value ? rising : falling)) call(kinds.pin, pin);
      }
      for (const [id, timer] of timers) {
        if (now < timer.next) continue;
        // what was missed is not made up for
        if (timer.mode === periodic) timer.next += timer.period * Math.ceil((now - timer.next + 0.001) / timer.period);
        else timers.delete(id);
        call(kinds.timer, id);
      }
    },
    module: {
      pin_write(pin: number, value: number) {
        board.advance();
        written.set(pin, value);
        setDuty(pin, value ? fullScale : 0);
      },
      pin_read(pin: number) {
        board.advance();
        return input(pin);
      },
      pin_irq(pin: number, trigger: number) {
        if (trigger) interrupts.set(pin, { trigger, last: input(pin) });
        else interrupts.delete(pin);
      },
      pwm(pin: number, duty: number) {
        board.advance();
        setDuty(pin, duty);
      },
      adc(pin: number) {
        board.advance();
        return Math.round(Math.min(1, Math.max(0, voltsAt(world, pin) / supply)) * fullScale);
      },
      i2c_scan: () => `${wiring.powerMonitor},${wiring.thermometer}`,
      i2c_read(address: number, register: number, count: number) {
        board.advance();
        const value = registerOf(world, address, register);
        if (value === null) return null;
        const bytes = [(value >> 8) & 255, value & 255];
        return Array.from({ length: count }, (_, i) => bytes[i] ?? 0).join(',');
      },
      has_i2c: (address: number) => address === wiring.powerMonitor || address === wiring.thermometer,
      timer(id: number, mode: number, period: number) {
        if (period > 0) timers.set(id, { mode, period, next: performance.now() + period });
        else timers.delete(id);
      },
      set_dispatch(to: (kind: number, id: number) => void) {
        dispatch = to;
      },
      sleep_ms: board.sleep,
      reset: (hard: number) => board.reset(hard ? 'hard' : 'soft'),
      cause: board.cause,
      uid: () => '36,10,196,0,190,239',
      waiting: board.waiting,
      flash_bytes: () => flashBytes,
      flash_free: board.flashFree,
      clock_ahead: () => board.clock.ahead,
      set_clock_ahead: (seconds: number) => void (board.clock.ahead = seconds),
      run_program: board.runProgram,
      drive(left: number, right: number) {
        board.advance();
        setPower(wiring.leftForward, wiring.leftBack, left);
        setPower(wiring.rightForward, wiring.rightBack, right);
        drive();
      },
      led(red: number, green: number, blue: number) {
        board.advance();
        world.led = [red & 255, green & 255, blue & 255];
      },
      reset_pose() {
        board.advance();
        placeRobot(world, { x: 0, y: 0, rotation: 0 });
      },
      /** All of it as JSON, so that Python needs one call. */
      robot() {
        board.advance();
        return JSON.stringify(describe(world));
      },
    },
  };
}

function voltsAt(world: World, pin: number): number {
  const sensor = (wiring.line as readonly number[]).indexOf(pin);
  if (sensor >= 0) return (readLine(world)[sensor]! / 255) * supply;
  const [front, , , left, right] = readDistances(world);
  if (pin === wiring.distanceFront) return (front! / distanceScale) * supply;
  if (pin === wiring.distanceLeft) return (left! / distanceScale) * supply;
  if (pin === wiring.distanceRight) return (right! / distanceScale) * supply;
  if (pin === wiring.battery) return world.volts / 2;
  return 0;
}

const milliamps = (world: World) => 80 + (900 * (Math.abs(world.left) + Math.abs(world.right))) / (2 * robot.mostPower);

/** 16 bits, or null: nobody answers. An INA219 with a shunt of 0.1 ohm and 0.1 mA a step, and a TMP102. */
function registerOf(world: World, address: number, register: number): number | null {
  if (address === wiring.thermometer) return register === 0 ? Math.round(23.5 * 16) << 4 : 0;
  if (address !== wiring.powerMonitor) return null;
  const current = milliamps(world);
  if (register === 1) return Math.round(current * 10); // of 10 microvolts
  if (register === 2) return Math.round((world.volts * 1000) / 4) << 3;
  if (register === 3) return Math.round((world.volts * current) / 2);
  if (register === 4) return Math.round(current * 10);
  return 0;
}

function describe(world: World) {
  return {
    pose: { x: fixed(world.x), y: fixed(world.y), rotation: fixed(world.rotation) },
    motors: { left: world.left, right: world.right },
    encoders: { left: Math.round(world.encoderLeft), right: Math.round(world.encoderRight) },
    led: { r: world.led[0], g: world.led[1], b: world.led[2] },
    vbat: Number(world.volts.toFixed(2)),
    battery: batteryShare(world),
    distance: readDistances(world).map((metres) => Math.round(metres * 100)),
    line: readLine(world),
    bump: world.bump,
    current_ma: Number(milliamps(world).toFixed(1)),
  };
}

const fixed = (value: number) => Number(value.toFixed(4));
