// The sign of each kind of definition.
import AppWindow from '@lucide/svelte/icons/app-window';
import Bot from '@lucide/svelte/icons/bot';
import GraduationCap from '@lucide/svelte/icons/graduation-cap';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import Workflow from '@lucide/svelte/icons/workflow';
import Wrench from '@lucide/svelte/icons/wrench';
import type { LibraryEntry } from '#shared/api/library.ts';

export const kindIcons: Record<LibraryEntry['kind'], unknown> = {
  agent: Bot,
  skill: GraduationCap,
  tool: Wrench,
  workflow: Workflow,
  applet: AppWindow,
  kernel: ScrollText,
};
