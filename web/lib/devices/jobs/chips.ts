// What is known of the chips before one is asked: where their firmware starts, and what the head of an image says about itself.

/** Chips with a first-stage loader at another place than 0. https://docs.espressif.com/projects/esptool/en/latest/esp32/esptool/flashing-firmware.html */
const firmwareStarts: Record<string, number> = {
  ESP32: 0x1000,
  'ESP32-S2': 0x1000,
  'ESP32-P4': 0x2000,
  'ESP32-C5': 0x2000,
};

/** The names that the loader gives. */
export const chipNames = [
  'ESP32',
  'ESP32-S2',
  'ESP32-S3',
  'ESP32-C2',
  'ESP32-C3',
  'ESP32-C5',
  'ESP32-C6',
  'ESP32-H2',
  'ESP32-P4',
  'ESP8266',
];
export const firmwareStart = (chip: string) => firmwareStarts[chip] ?? 0;

const chipIds: Record<number, string> = {
  0: 'ESP32',
  2: 'ESP32-S2',
  5: 'ESP32-C3',
  9: 'ESP32-S3',
  12: 'ESP32-C2',
  13: 'ESP32-C6',
  16: 'ESP32-H2',
  18: 'ESP32-P4',
  23: 'ESP32-C5',
};

/**
 * The chip that an image was built for; null: not said (a file system, a partition table, an ESP8266).
 * A boot image begins with 0xE9; its extended header has the chip's id at 12. A whole flash of an ESP32 is filled with 0xFF before 0x1000.
 */
export function chipOfImage(image: Uint8Array): string | null {
  const at = [0, 0x1000, 0x2000].find(
    (start) => image[start] === 0xe9 && image.subarray(0, start).every((byte) => byte === 0xff),
  );
  if (at === undefined || image.length < at + 24 || image[at + 1]! > 16) return null;
  return chipIds[image[at + 12]! | (image[at + 13]! << 8)] ?? null;
}

const hasTable = (image: Uint8Array, at: number) => image[at] === 0xaa && image[at + 1] === 0x50;

/**
 * What an image most likely is, and where it goes. `address` null: where the chip starts. A whole firmware (MicroPython's are) has its
 * partition table at 0x8000 of the flash; https://docs.espressif.com/projects/esp-idf/en/latest/esp32/api-guides/partition-tables.html
 */
export function guessImage(image: Uint8Array): { what: string; address: number | null } {
  const chip = chipOfImage(image);
  const whose = chip ? ` for an ${chip}` : '';
  if (hasTable(image, 0)) return { what: 'a partition table', address: 0x8000 };
  if (hasTable(image, 0x8000 - firmwareStart(chip ?? 'ESP32-S3')))
    return isBootImage(image)
      ? { what: `a whole firmware${whose}`, address: null }
      : { what: `a whole flash${whose}`, address: 0 };
  if (hasTable(image, 0x8000)) return { what: `a whole flash${whose}`, address: 0 };
  if (isBootImage(image)) return { what: `a program${whose}`, address: 0x10000 };
  return { what: 'data', address: 0x10000 };
}

/** Does it start with the boot loader's own magic, so that it has to lie where the chip looks for one? */
export const isBootImage = (image: Uint8Array) => image[0] === 0xe9;

/** 'esp32s3', 'ESP32-S3 (revision 1)' and 'ESP32S3' are one. */
export function sameChip(one: string, other: string): boolean {
  const plain = (name: string) =>
    name
      .toUpperCase()
      .replace(/\(.*$/, '')
      .replace(/[^A-Z0-9]/g, '');
  return plain(one) === plain(other);
}
