/** Serves the console's files as they are in the folder, before a running service: `node tests/dev.js http://127.0.0.1:8787`. */

import { request } from 'node:http';
import { file, serve } from './support.js';

const service = new URL(process.argv[2] ?? 'http://127.0.0.1:8787');
const { origin } = await serve((asked, answer) => {
  if (!/^\/(v1|sample)\//.test(asked.url)) return file(asked.url.split('?')[0], answer);
  const passed = request(
    { host: service.hostname, port: service.port, path: asked.url, method: asked.method, headers: asked.headers },
    (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    },
  );
  passed.on('error', () => answer.writeHead(502).end());
  return asked.pipe(passed);
});
console.log(origin);
