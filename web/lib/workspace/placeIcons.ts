import AppWindow from '@lucide/svelte/icons/app-window';
import Brain from '@lucide/svelte/icons/brain';
import Files from '@lucide/svelte/icons/files';
import GitPullRequest from '@lucide/svelte/icons/git-pull-request';
import Library from '@lucide/svelte/icons/library';
import Microchip from '@lucide/svelte/icons/microchip';
import Play from '@lucide/svelte/icons/play';
import Settings from '@lucide/svelte/icons/settings';
import type { PlaceId } from './places.ts';

export const placeIcons: Record<PlaceId, unknown> = {
  files: Files,
  library: Library,
  runs: Play,
  memory: Brain,
  applets: AppWindow,
  review: GitPullRequest,
  bench: Microchip,
  settings: Settings,
};
