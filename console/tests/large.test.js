import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browser, file, finish, newPage, serve } from './support.js';

/** Entries of the history that this stub serves; every third is a snapshot. */
const ENTRIES = 100_000;
const BEGAN = Date.UTC(2026, 0, 1);

/** @type {any} */ let chrome;
/** @type {{origin: string, stop: () => void}} */ let stub;

const entry = (version) => ({
  version,
  kind: version % 3 ? 'restored' : 'snapshot',
  label: `Entry ${version}`,
  name: `s${version}`,
  at: new Date(BEGAN + version * 240_000).toISOString(),
  author: { id: `p${version % 9}`, name: `Person ${version % 9}` },
  sha256: 'a'.repeat(64),
  bytes: 100,
  live: null,
  subject: { version },
});

function answer(request, response) {
  const url = new URL(request.url, 'http://stub');
  if (!url.pathname.startsWith('/v1/')) return file(url.pathname, response);
  const json = (value) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (url.pathname.endsWith('/history')) {
    const before = Number(url.searchParams.get('before') ?? ENTRIES + 1);
    const items = Array.from({ length: Math.min(200, before - 1) }, (_, n) => entry(before - 1 - n));
    const last = before - items.length;
    return json({
      items,
      next: last > 1 ? `/v1/apps/crm/envs/production/history?group=session&before=${last}&limit=200` : null,
    });
  }
  if (url.pathname === '/v1/apps')
    return json({ items: [{ app: 'crm', environment: 'production', role: 'admin' }], next: null });
  if (url.pathname.endsWith('/diff'))
    return json({
      from: { version: 1 },
      to: { version: 2 },
      changes: [],
      counts: { added: 0, removed: 0, changed: 0 },
    });
  return json({
    app: 'crm',
    environment: 'production',
    working: entry(ENTRIES),
    live: null,
    before: null,
    differs: false,
    settings: { releases: true, live_without_release: 'working' },
    role: 'admin',
    backup: null,
  });
}

before(async () => {
  stub = await serve(answer);
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  stub?.stop();
});

test('100,000 entries: only what is seen is in the page, and scrolling stays smooth', async () => {
  const page = await newPage(chrome);
  await page.goto(`${stub.origin}/#token=a.b.c`);
  await page.getByRole('treeitem').first().waitFor();
  const seen = await page.evaluate(async () => {
    const root = document.querySelector('waymark-history').shadowRoot;
    const scroller = root.querySelector('.timeline');
    let most = 0;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let height = -1; height !== scroller.scrollHeight;) {
      height = scroller.scrollHeight;
      scroller.scrollTop = height;
      for (let n = 0; n < 120 && height === scroller.scrollHeight; n++) await frame();
      most = Math.max(most, root.querySelectorAll('.row').length);
    }
    const last = [...root.querySelectorAll('.row')].pop().textContent;
    const slow = [];
    for (let n = 0; n < 60; n++) {
      const began = performance.now();
      scroller.scrollTop = (scroller.scrollHeight / 60) * n;
      scroller.dispatchEvent(new Event('scroll'));
      slow.push(performance.now() - began);
      await frame();
    }
    slow.sort((a, b) => a - b);
    return { most, last, height: scroller.scrollHeight, median: slow[30], worst: slow[59] };
  });
  console.log(
    `# rows in the page at most ${seen.most}, a jump takes ${seen.median.toFixed(1)} ms, at worst ${seen.worst.toFixed(1)} ms`,
  );
  assert.match(seen.last, /· #1$/);
  assert.ok(seen.height > 100_000 * 56);
  assert.ok(seen.most < 60, `${seen.most} rows in the page`);
  assert.ok(seen.median < 50, `${seen.median} ms`);
  await finish(page);
});
