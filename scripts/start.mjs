// `npm start`: everything from a fresh clone to the line "LLMos is ready at ...". `npm run dev` is the same with Vite and a server that
// starts again when its sources change.
import { build, install, runServer } from './prepare.mjs';

const development = process.argv.includes('--dev');
install();
if (!development) build();
const flags = development ? ['--watch-path=server', '--watch-path=shared', '--watch-preserve-output'] : [];
process.exit(await runServer('server/main.ts', { flags, args: process.argv.slice(2) }));
