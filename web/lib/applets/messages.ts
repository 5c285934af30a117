// What an applet says, believed only as far as it fits.
import { appletErrorKinds, sandboxLimits, type FromApplet } from '#shared/sandbox.ts';

type Plain = Record<string, unknown>;
const text = (value: unknown, most: number) => (typeof value === 'string' ? value.slice(0, most) : '');
const isId = (value: unknown): value is number => Number.isSafeInteger(value);
const height = (value: unknown) => (typeof value === 'number' && value >= 0 && value < 1e6 ? value : 0);

/** How large a message is as JSON; what cannot be written as JSON is too large. */
function sizeOf(value: unknown): number {
  try {
    return JSON.stringify(value)?.length ?? 0;
  } catch {
    return Infinity;
  }
}

/** Null: too large, or not to be believed. */
export function readAppletMessage(said: unknown): FromApplet | null {
  if (typeof said !== 'object' || said === null || sizeOf(said) > sandboxLimits.appletBytes) return null;
  const message = said as Plain;
  const { t, id, turn } = message;
  switch (t) {
    case 'ready':
      return { t };
    case 'pong':
      return isId(id) ? { t, id } : null;
    case 'painted':
      return isId(turn) ? { t, turn, ms: Number(message['ms']) || 0, height: height(message['height']) } : null;
    case 'size':
      return { t, height: height(message['height']) };
    case 'submit':
      return { t, value: message['value'] };
    case 'call':
      return isId(id) ? { t, id, method: text(message['method'], 50), value: message['value'] } : null;
    case 'log': {
      const level = message['level'];
      return level === 'log' || level === 'warn' || level === 'error'
        ? { t, level, text: text(message['text'], 4000) }
        : null;
    }
    case 'error': {
      const kind = appletErrorKinds.find((one) => one === message['kind']);
      if (!kind || !isId(turn)) return null;
      const line = isId(message['line']) && message['line'] > 0 ? message['line'] : null;
      const words = { message: text(message['message'], 2000), stack: text(message['stack'], 4000) };
      return { t, turn, kind, line, painted: message['painted'] === true, ...words };
    }
    default:
      return null;
  }
}
