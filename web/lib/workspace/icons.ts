// The icon of each kind of file.
import Bot from '@lucide/svelte/icons/bot';
import Braces from '@lucide/svelte/icons/braces';
import File from '@lucide/svelte/icons/file';
import FileArchive from '@lucide/svelte/icons/file-archive';
import FileCode from '@lucide/svelte/icons/file-code';
import FileText from '@lucide/svelte/icons/file-text';
import GraduationCap from '@lucide/svelte/icons/graduation-cap';
import Image from '@lucide/svelte/icons/image';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import Table from '@lucide/svelte/icons/table-2';
import Wrench from '@lucide/svelte/icons/wrench';
import { kindOf, type FileKind } from './kinds.ts';

const icons: Record<FileKind, unknown> = {
  agent: Bot,
  skill: GraduationCap,
  tool: Wrench,
  trace: ScrollText,
  text: FileText,
  code: FileCode,
  data: Braces,
  table: Table,
  image: Image,
  archive: FileArchive,
  other: File,
};

export const iconOf = (path: string): unknown => icons[kindOf(path)];
