import { MediaQuery } from 'svelte/reactivity';

/** One column, bottom bar, thumb sized. */
export const phone = new MediaQuery('(max-width: 799px)');
