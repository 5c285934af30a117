// A line follower for Robot4, in AssemblyScript: reads the five line sensors, steers towards the line, and looks for it where it was
// last seen. Green: on the line. Yellow: searching. Red: something is in the way.
//
// The memory map is in docs/DEVICES.md; sensors and motors are fixed addresses.

const MOTOR_LEFT: usize = 0x00;
const MOTOR_RIGHT: usize = 0x02;
const LED: usize = 0x19;
const DISTANCE_FRONT: usize = 0x1c;
const LINE: usize = 0x24;

const SPEED: i32 = 90;
const STEERING: i32 = 45;

// @ts-ignore: decorators of functions are AssemblyScript's own
@external("env", "trace")
declare function trace(text: usize): void;

/** Where the line was last: -2 far left to 2 far right, times 100. */
let last: i32 = 0;
let searching = false;

function say(text: string): void {
  trace(changetype<usize>(String.UTF8.encode(text, true)));
}

function drive(left: i32, right: i32): void {
  store<i16>(MOTOR_LEFT, <i16>left);
  store<i16>(MOTOR_RIGHT, <i16>right);
}

function led(red: u8, green: u8, blue: u8): void {
  store<u8>(LED, red);
  store<u8>(LED + 1, green);
  store<u8>(LED + 2, blue);
}

export function start(): void {
  say("following the line");
}

export function update(): void {
  if (load<u8>(DISTANCE_FRONT) < 15) {
    drive(0, 0);
    led(255, 0, 0);
    return;
  }
  let sum = 0;
  let weighted = 0;
  for (let i = 0; i < 5; i++) {
    const dark = <i32>load<u8>(LINE + i);
    sum += dark;
    weighted += dark * (i - 2) * 100;
  }
  if (sum < 40) {
    if (!searching) say("where is the line?");
    searching = true;
    led(255, 180, 0);
    drive(last < 0 ? -40 : 40, last < 0 ? 40 : -40);
    return;
  }
  searching = false;
  led(0, 255, 0);
  last = weighted / sum;
  drive(SPEED + (STEERING * last) / 100, SPEED - (STEERING * last) / 100);
}
