// What can be done from anywhere.
import Bell from '@lucide/svelte/icons/bell';
import Columns from '@lucide/svelte/icons/columns-2';
import Keyboard from '@lucide/svelte/icons/keyboard';
import LogOut from '@lucide/svelte/icons/log-out';
import MessageSquarePlus from '@lucide/svelte/icons/message-square-plus';
import Moon from '@lucide/svelte/icons/moon';
import PanelLeft from '@lucide/svelte/icons/panel-left';
import PanelRight from '@lucide/svelte/icons/panel-right';
import Search from '@lucide/svelte/icons/search';
import Sun from '@lucide/svelte/icons/sun';
import X from '@lucide/svelte/icons/x';
import { setThemeChoice } from '#lib/ui/theme.ts';
import type { Action } from './actions.svelte.ts';
import { phone, wide } from './narrow.ts';
import { placeIcons } from './placeIcons.ts';
import { places } from './places.ts';
import { goRound } from './regions.ts';
import type { Workspace } from './workspace.svelte.ts';

type Outside = { goto: (address: string) => void; openPalette: (start: string) => void; showKeys: () => void };

export function frameActions(workspace: Workspace, { goto, openPalette, showKeys }: Outside): Action[] {
  const { tabs } = workspace;
  const hasTab = () => tabs.active !== null;
  return [
    {
      id: 'palette.open',
      title: 'Find a file or an act',
      group: 'Go',
      keys: 'Ctrl K',
      also: 'Ctrl P',
      icon: Search,
      run: () => openPalette(''),
    },
    {
      id: 'palette.actions',
      title: 'Run a command',
      group: 'Go',
      keys: 'Ctrl Shift P',
      icon: Search,
      run: () => openPalette('>'),
    },
    {
      id: 'search.files',
      title: 'Find words in files',
      group: 'Go',
      keys: 'Ctrl Shift F',
      icon: Search,
      run: () => openPalette('#'),
    },
    { id: 'people.find', title: 'Find a person', group: 'Go', icon: Search, run: () => openPalette('@') },
    ...places.map((place): Action => ({
      id: `go.${place.id}`,
      title: `Go to ${place.label.toLowerCase()}`,
      group: 'Go',
      icon: placeIcons[place.id],
      ...(place.keys && { keys: place.keys }),
      run: () => goto(place.href(workspace)),
    })),
    {
      id: 'chat.ask',
      title: 'Ask an agent',
      group: 'Go',
      keys: 'Alt A',
      icon: MessageSquarePlus,
      run: () => (phone.current ? goto('/chat') : workspace.ask('')),
    },
    { id: 'region.next', title: 'Next part of the page', group: 'Go', keys: 'F6', run: () => goRound(false) },
    {
      id: 'region.previous',
      title: 'Part of the page before',
      group: 'Go',
      keys: 'Shift F6',
      run: () => goRound(true),
    },
    { id: 'keys.show', title: 'Show all keys', group: 'Go', keys: '?', icon: Keyboard, run: showKeys },
    {
      id: 'tab.close',
      title: 'Close the tab',
      group: 'View',
      keys: 'Alt W',
      also: 'Ctrl W',
      icon: X,
      when: hasTab,
      run: () => workspace.arrange((all) => all.active && all.close(all.active)),
    },
    {
      id: 'tab.next',
      title: 'Next tab',
      group: 'View',
      keys: 'Alt PageDown',
      when: hasTab,
      run: () => workspace.arrange((all) => all.step(1)),
    },
    {
      id: 'tab.previous',
      title: 'Tab before',
      group: 'View',
      keys: 'Alt PageUp',
      when: hasTab,
      run: () => workspace.arrange((all) => all.step(-1)),
    },
    {
      id: 'tab.split',
      title: 'Open to the side',
      group: 'View',
      keys: 'Ctrl \\',
      icon: Columns,
      when: hasTab,
      run: () => workspace.arrange((all) => all.split()),
    },
    {
      id: 'side.toggle',
      title: 'Show or hide the side panel',
      group: 'View',
      keys: 'Ctrl B',
      icon: PanelLeft,
      run: () => workspace.layout.change({ sideOpen: !workspace.layout.sideOpen }),
    },
    {
      id: 'right.toggle',
      title: 'Show or hide the right panel',
      group: 'View',
      keys: 'Ctrl Alt B',
      icon: PanelRight,
      run: () => workspace.layout.toggleRight(!wide.current),
    },
    { id: 'theme.light', title: 'Light look', group: 'View', icon: Sun, run: () => setThemeChoice('light') },
    { id: 'theme.dark', title: 'Dark look', group: 'View', icon: Moon, run: () => setThemeChoice('dark') },
    {
      id: 'theme.system',
      title: 'Look like the system',
      group: 'View',
      icon: Sun,
      run: () => setThemeChoice('system'),
    },
    {
      id: 'notifications.read',
      title: 'Mark all notifications as read',
      group: 'Account',
      icon: Bell,
      when: () => workspace.notifications.unread > 0,
      run: () => void workspace.notifications.markRead().catch((error: unknown) => workspace.toasts.fail(error)),
    },
    { id: 'account.leave', title: 'Sign out', group: 'Account', icon: LogOut, run: () => void workspace.signOut() },
  ];
}
