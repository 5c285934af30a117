import { expect, test } from 'vitest';
import { createLedger } from './ledger.ts';

test('[SY7] an edit is unsent until the message that holds it is acknowledged', () => {
  const ledger = createLedger();
  ledger.opened();
  ledger.sent('everything');
  ledger.acknowledged(1);
  for (let i = 0; i < 3; i++) {
    ledger.edited();
    ledger.sent('latest');
  }
  expect(ledger.unsent).toBe(3);
  ledger.acknowledged(3);
  expect(ledger.unsent).toBe(1);
  ledger.acknowledged(4);
  expect(ledger.unsent).toBe(0);
});

test('[SY7] after a reconnect only the message with everything settles what was typed offline', () => {
  const ledger = createLedger();
  ledger.opened();
  ledger.edited();
  ledger.edited(); // offline: nothing was sent
  ledger.opened();
  ledger.edited();
  ledger.sent('latest'); // typed before the server asked for the rest
  ledger.sent('everything');
  ledger.acknowledged(1);
  expect(ledger.unsent).toBe(3);
  ledger.acknowledged(2);
  expect(ledger.unsent).toBe(0);
});

test('[SY7] acknowledgements of an old connection do not count for a new one', () => {
  const ledger = createLedger();
  ledger.opened();
  ledger.edited();
  ledger.sent('latest');
  ledger.opened();
  ledger.acknowledged(1); // the new connection has sent nothing
  expect(ledger.unsent).toBe(1);
  ledger.sent('everything');
  ledger.acknowledged(1);
  expect(ledger.unsent).toBe(0);
});

test('[SY7] an edit made while everything is on its way stays unsent', () => {
  const ledger = createLedger();
  ledger.opened();
  ledger.edited();
  ledger.sent('everything');
  ledger.edited();
  ledger.acknowledged(1);
  expect(ledger.unsent).toBe(1);
});
