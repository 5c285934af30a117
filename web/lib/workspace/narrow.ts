import { MediaQuery } from 'svelte/reactivity';

/** There is room for a right panel beside the text; else it covers. */
export const wide = new MediaQuery('(min-width: 1180px)');
/** One column, bottom bar, thumb sized. */
export const phone = new MediaQuery('(max-width: 799px)');
