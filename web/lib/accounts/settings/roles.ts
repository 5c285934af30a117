import type { Role } from '#shared/permissions.ts';

export const roleChoices: { value: Role; label: string }[] = [
  { value: 'owner', label: 'Owner' },
  { value: 'editor', label: 'Editor' },
  { value: 'viewer', label: 'Viewer' },
];
export const roleLabel = (role: Role): string => roleChoices.find((choice) => choice.value === role)!.label;
