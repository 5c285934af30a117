// What holding boards needs of the browser, put together. Each part is fetched when the first board needs it.
import { Problem } from '#shared/errors.ts';
import { addressOf, type Api } from '#lib/api.ts';
import { browserOutside } from '#lib/workspace/lastingSocket.ts';
import { Hosting } from './hosting.svelte.ts';
import { browserWords } from './usbIds.ts';
import { webSerial } from './webSerial.ts';

export function openHosting({ api, login }: { api: Api; login: string }): Hosting {
  return new Hosting(login, {
    origin: location.origin,
    agent: browserWords(navigator.userAgent),
    storage: localStorage,
    socket: browserOutside,
    serial: webSerial,
    locks: navigator.locks ?? null,
    loadHost: async () => (await import('./host.ts')).openHost,
    openSerial: async (port) => {
      const { createSerialPort, serialOutside } = await import('./serialPort.ts');
      return createSerialPort(port, serialOutside(webSerial()!));
    },
    openVirtual: async (id) => {
      const { VirtualBoard } = await import('./virtual/virtualBoard.ts');
      const board = new VirtualBoard({ key: id });
      return {
        port: board,
        world: {
          command: (command) => board.command(command),
          onState: (listener) => board.onWorld((_, bytes) => listener(bytes)),
        },
      };
    },
    perform: (id) => async (work) => {
      const { performJob } = await import('./jobs/performJob.ts');
      return performJob({
        ...work,
        fetchArtifact: async (artifact, signal) => {
          const address = addressOf('GET /devices/:id/artifacts/:artifact', { params: { id, artifact: artifact.id } });
          const answer = await fetch(address, { signal });
          if (!answer.ok) throw new Problem('not-found', `The bytes of ${artifact.name} are not there any more.`);
          return new Uint8Array(await answer.arrayBuffer());
        },
        storeArtifact: ({ name, bytes }) =>
          api('POST /devices/:id/artifacts', { params: { id }, query: { name }, body: bytes }),
      });
    },
  });
}
