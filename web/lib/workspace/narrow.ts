import { MediaQuery } from 'svelte/reactivity';

/** One column, bottom bar, thumb sized. */
export const phone = new MediaQuery('(max-width: 799px)');
/** The right panel covers instead of squeezing. */
export const narrow = new MediaQuery('(max-width: 1179px)');
