// `npm run admin -- <command>`: see server/admin.ts.
import { findNode, install, run } from './prepare.mjs';

install();
process.exit(await run(findNode(), ['server/admin.ts', ...process.argv.slice(2)]));
