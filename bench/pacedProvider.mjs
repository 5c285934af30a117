// A provider for `loop.ts`, in a process of its own so that its time is not counted: 100 pieces of text at the pace that the model's name says
// (`paced-2` is 2 ms each), then two calls, or the end of the run after so many turns. It writes its port to its parent.
import http from 'node:http';

const [pieces, turns] = process.argv.slice(2).map(Number);
const tools = ['read_file', 'search_files'];
let asked = 0;

const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => void answer(JSON.parse(Buffer.concat(parts).toString()), response));
});

async function answer({ model, uncounted = false }, response) {
  const paceMs = Number(model.split('-')[1]);
  const turn = uncounted ? 0 : ++asked;
  const isLast = uncounted || turn % turns === 0;
  const write = (delta, finish_reason = null, more = {}) =>
    response.write(
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...more })}\n\n`,
    );
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.socket.setNoDelay(true);
  const from = performance.now();
  for (let i = 0; i < pieces; i++) {
    const early = from + i * paceMs - performance.now();
    if (early > 1) await new Promise((done) => setTimeout(done, early));
    write({ content: 'abcd ef ' });
  }
  if (!isLast)
    for (const [index, name] of tools.entries())
      write({
        tool_calls: [
          {
            index,
            id: `call-${turn}-${index}`,
            type: 'function',
            function: { name, arguments: JSON.stringify({ path: `notes/${turn}.md` }) },
          },
        ],
      });
  write({}, isLast ? 'stop' : 'tool_calls', { usage: { prompt_tokens: 1000, completion_tokens: 200 } });
  response.end('data: [DONE]\n\n');
}

server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.once('disconnect', () => process.exit());
