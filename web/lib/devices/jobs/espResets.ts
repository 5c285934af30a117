// How a chip is asked into its loader, with pauses that do not sleep in a hidden tab: those of esptool-js are the page's own timers, which a
// browser lets ring once a second there, later once a minute. The order of the signals is Espressif's.
import { ClassicReset, UsbJtagSerialReset, type ResetConstructors } from 'esptool-js';
import { pause } from '../steadyTimer.ts';

/** In ms. */
const held = 100;

/** By the wires of the usual adapter: RTS holds EN low, DTR holds GPIO0 low while EN rises. */
class WiredReset extends ClassicReset {
  override async reset(): Promise<void> {
    const { transport, resetDelay } = this;
    await transport.setSignals(false, true);
    await pause(held);
    await transport.setSignals(true, false);
    await pause(resetDelay);
    await transport.setSignals(false, false);
  }
}

/** By the chip's own USB: it remembers DTR alone, and RTS alone then resets it; never both at rest in between. */
class UsbReset extends UsbJtagSerialReset {
  override async reset(): Promise<void> {
    const { transport } = this;
    await transport.setRTS(false);
    await transport.setDTR(false);
    await pause(held);
    await transport.setDTR(true);
    await transport.setRTS(false);
    await pause(held);
    await transport.setRTS(true);
    await transport.setDTR(false);
    await transport.setRTS(true);
    await pause(held);
    await transport.setRTS(false);
    await transport.setDTR(false);
  }
}

export const steadyResets: ResetConstructors = {
  classicReset: (transport, resetDelay) => new WiredReset(transport, resetDelay),
  usbJTAGSerialReset: (transport) => new UsbReset(transport),
};
