// `npm run admin -- <command>`: see server/admin.ts.
import { install, runServer } from './prepare.mjs';

install();
process.exit(await runServer('server/admin.ts', { args: process.argv.slice(2) }));
