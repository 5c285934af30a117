// What a board says, made harmless for a terminal: text and the sequences that move the cursor or colour pass; those that name windows,
// reach the clipboard, make links, ask the terminal to answer (its answer would be typed into the board), switch to another screen, or
// never end do not. It keeps its place between pieces, so that a sequence may be cut anywhere.

const ESC = 0x1b;
/** A sequence that is longer is none. */
const mostSequence = 64;

type Place = 'text' | 'escape' | 'sequence' | 'string' | 'string-escape' | 'charset';

/** Final bytes of CSI sequences that pass: cursor moves, erasing, inserting, scrolling, colours. */
const passing = new Set([...'@ABCDEFGHIJKLMPSTXZ`abdefgmrsu'].map((sign) => sign.charCodeAt(0)));
/** Private modes that pass (`ESC [ ? n h`): auto wrap, cursor shown. */
const passingModes = new Set(['7', '25']);

export function createConsoleFilter() {
  let place: Place = 'text';
  /** 0xC2 begins the control characters of eight bits (U+0080 to U+009F), which say the same as ESC and a sign. */
  let afterC2 = false;
  let held: number[] = [];
  const isSequence = () => {
    const final = held.at(-1)!;
    const inner = String.fromCharCode(...held.slice(2, -1));
    if (/^\?[\d;]*$/.test(inner) && (final === 0x68 || final === 0x6c))
      return inner
        .slice(1)
        .split(';')
        .every((mode) => passingModes.has(mode));
    // a count in the millions makes a terminal work for seconds
    return passing.has(final) && /^[\d;:]*$/.test(inner) && !/\d{5}/.test(inner);
  };

  return {
    /** Nothing is half said: a line of ours may come now. */
    get atText() {
      return place === 'text';
    },
    /** Forgets a sequence that was begun. */
    reset() {
      place = 'text';
      held = [];
      afterC2 = false;
    },
    pass(bytes: Uint8Array): Uint8Array {
      const out = new Uint8Array(bytes.length + held.length + 1);
      let length = 0;
      for (const byte of bytes) {
        if (place === 'text') {
          if (afterC2) {
            afterC2 = false;
            if (byte >= 0x80 && byte <= 0x9f) continue;
            out[length++] = 0xc2;
          }
          if (byte === 0xc2) afterC2 = true;
          else if (byte === ESC) {
            place = 'escape';
            held = [byte];
          } else if (byte >= 0x20 ? byte !== 0x7f : byte === 0x07 || (byte >= 0x08 && byte <= 0x0d)) {
            // of the control characters: bell, backspace, tab, line feed, form feed, return
            out[length++] = byte;
          }
        } else if (place === 'escape') {
          if (byte === 0x5b) {
            place = 'sequence';
            held.push(byte);
          } else if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) {
            place = 'string'; // OSC, DCS, SOS, PM, APC
            held = [];
          } else if (byte === 0x28 || byte === 0x29) place = 'charset';
          else if (byte !== ESC) {
            // save and restore the cursor, index, next line, reverse index
            if ([0x37, 0x38, 0x44, 0x45, 0x4d].includes(byte)) {
              out[length++] = ESC;
              out[length++] = byte;
            }
            place = 'text';
            held = [];
          }
        } else if (place === 'charset') {
          place = 'text';
          held = [];
        } else if (place === 'sequence') {
          held.push(byte);
          if (byte >= 0x40 && byte <= 0x7e) {
            if (isSequence()) {
              if (length + held.length > out.length) held = []; // cannot be: what was held came in
              for (const one of held) out[length++] = one;
            }
            place = 'text';
            held = [];
          } else if (byte < 0x20 || held.length > mostSequence) {
            place = byte === ESC ? 'escape' : 'text';
            held = byte === ESC ? [ESC] : [];
            if (byte === 0x0a || byte === 0x0d) out[length++] = byte;
          }
        } else if (place === 'string') {
          // ends with BEL or ESC \; a line end ends it too, so that one wrong byte does not hide all that follows
          if (byte === 0x07 || byte === 0x0a) place = 'text';
          if (byte === 0x0a) out[length++] = byte;
          else if (byte === ESC) place = 'string-escape';
        } else {
          place = byte === 0x5c ? 'text' : byte === ESC ? 'string-escape' : 'string';
        }
      }
      return out.subarray(0, length);
    },
  };
}

/** A line of ours, as far as there is room for its rule. */
export function ruled(words: string, columns: number): string {
  const room = Math.floor((columns - words.length - 2) / 2);
  const rule = '-'.repeat(Math.min(8, Math.max(2, room)));
  return room < 2 ? `${rule} ${words}` : `${rule} ${words} ${rule}`;
}
