// The bench in the palette, by its keys, and in the bar at the foot of the window.
import Microchip from '@lucide/svelte/icons/microchip';
import Usb from '@lucide/svelte/icons/usb';
import type { Device } from '#shared/api/devices.ts';
import type { DeviceState } from '#shared/devices.ts';
import type { Workspace } from '#lib/workspace/workspace.svelte.ts';
import type { BoardList } from './boards.svelte.ts';
import { possessive } from './boardWords.ts';
import type { DeviceView } from './deviceView.svelte.ts';

type Open = { device: Device | null; view: DeviceView | null; state: DeviceState | null };

/** Runs in a component. `open`: the board that is open now. */
export function addBenchActs({
  workspace,
  boards,
  open,
  stop,
  goto,
}: {
  workspace: Workspace;
  boards: BoardList;
  open: () => Open;
  stop: (device: Device) => void;
  goto: (address: string) => void;
}): void {
  const mayAsk = () => {
    const { device, view } = open();
    return view !== null && view.place === 0 && !view.mine && !view.offered && device?.may !== 'watch';
  };
  $effect(() => {
    const { device } = open();
    return workspace.actions.add([
      {
        id: 'bench.stop',
        title: `Emergency stop${device ? ` of ${device.state.label}` : ''}`,
        group: 'Bench',
        keys: 'Shift Escape',
        when: () => device !== null,
        run: () => device && stop(device),
      },
      {
        id: 'bench.ask',
        title: 'Ask for a turn',
        group: 'Bench',
        keys: 'L',
        when: mayAsk,
        run: () => open().view?.say({ type: 'ask' }),
      },
      ...boards.all.map((one) => ({
        id: `bench.go.${one.id}`,
        title: `Go to board ${one.state.label}`,
        group: 'Bench' as const,
        icon: Microchip,
        run: () => goto(`/bench/${one.id}`),
      })),
    ]);
  });
  $effect(() => {
    workspace.footer = {
      icon: Usb,
      text: footerWords(open().state),
      keys: [
        { keys: ['Shift Escape'], text: 'emergency stop' },
        { keys: ['L'], text: 'ask for a turn' },
      ],
    };
    return () => (workspace.footer = null);
  });
}

function footerWords(state: DeviceState | null): string {
  if (!state) return 'No board is open';
  if (!state.host || state.connection !== 'online') return state.why ?? 'No browser holds this board';
  return `${state.kind === 'virtual' ? 'Virtual board' : 'Serial'} from ${possessive(state.host.person.name)} browser`;
}
