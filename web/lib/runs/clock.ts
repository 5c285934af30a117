// The time, for what counts down or up on a screen: it ticks only while something shows it.
import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

/** Milliseconds; read in an effect or a template it is read again each second. */
export const tickingNow = (): number => {
  subscribe();
  return Date.now();
};
