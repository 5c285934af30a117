// For tests: a server of rooms as a process of its own, to be killed. Arguments: database address, port.
import { startRooms } from './testRooms.ts';

const [databaseUrl, port] = process.argv.slice(2);
const world = await startRooms({ databaseUrl: databaseUrl!, port: Number(port), texts: 'any' });
process.send!({ ready: true });
process.on('message', async () => {
  await world.stop();
  process.exit(0);
});
process.on('disconnect', () => process.exit(0));
