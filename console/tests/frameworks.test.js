/** The element in others' pages: the README's snippet as it stands, and React, with the element defined before and after. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Service, browser, finish, newPage, refresh, serve } from './support.js';

const require = createRequire(import.meta.url);
/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {string} */ let ben;
/** @type {{origin: string, stop: () => void}} */ let builder;
/** What the builder's page is. @type {string} */
let html = '';

/** React as it is in npm, whose modules a browser does not know: each as a function of its own. @param {18 | 19} version */
function react(version) {
  const file = (name, path) => readFileSync(join(dirname(require.resolve(`${name}/package.json`)), path), 'utf8');
  const dom = createRequire(require.resolve(`react-dom${version}/package.json`));
  const modules = {
    react: file(`react${version}`, 'cjs/react.development.js'),
    scheduler: readFileSync(join(dirname(dom.resolve('scheduler')), 'cjs/scheduler.development.js'), 'utf8'),
    'react-dom': file(`react-dom${version}`, 'cjs/react-dom.development.js'),
    'react-dom/client':
      version === 19
        ? file('react-dom19', 'cjs/react-dom-client.development.js')
        : 'module.exports = require("react-dom");',
  };
  const functions = Object.entries(modules).map(
    ([name, text]) => `${JSON.stringify(name)}: (module, exports, require) => {${text}\n}`,
  );
  return `const modules = {${functions.join(',\n')}};
const made = {};
const process = { env: { NODE_ENV: 'development' } };
function load(name) {
  if (!made[name]) { made[name] = { exports: {} }; modules[name](made[name], made[name].exports, load); }
  return made[name].exports;
}
globalThis.React = load('react');
globalThis.ReactDOM = load('react-dom/client');`;
}

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  ben = service.token('ben', 'crm/*:editor');
  builder = await serve((request, response) => {
    const [, version] = /^\/react(\d+)\.js$/.exec(request.url) ?? [];
    if (version) response.writeHead(200, { 'content-type': 'text/javascript' }).end(react(Number(version)));
    else response.writeHead(200, { 'content-type': 'text/html' }).end(html);
  });
  await service.save('crm/production', { first: true, n: 0 });
  // As many rows as would be a page of 15,000 px.
  for (let n = 1; n < 260; n++) await service.save('crm/production', { n }, n % 2 ? ben : service.admin);
});
after(async () => {
  await chrome?.close();
  builder?.stop();
  await service?.stop();
});

test("B5: the README's snippet, copied as it stands into a page without any style, is as high as the window at most", async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, snippet] = /```html\n(<script type="module" src="https:\/\/console[\s\S]*?)```/.exec(readme) ?? [];
  assert.ok(snippet, 'the README has a snippet');
  const served = snippet.replaceAll(/https:\/\/(console|api)\.example\.com/g, service.origin);
  html = `<!doctype html><title>Builder</title><script>globalThis.signIn = async () => globalThis.fresh; globalThis.reload = () => {};</script>${served}`;
  const page = await newPage(chrome);
  let asked = 0;
  page.on('request', (request) => (asked += Number(request.url().includes('/history'))));
  await page.addInitScript((token) => (globalThis.fresh = token), service.admin);
  await page.goto(builder.origin);
  await page.getByRole('treeitem').first().waitFor();
  await page.waitForTimeout(300);
  const seen = await page.evaluate(() => {
    const element = document.querySelector('waymark-history');
    return [element.getBoundingClientRect().height, element.shadowRoot.querySelectorAll('.row').length];
  });
  assert.ok(seen[0] <= 800 && seen[0] >= 400, `${seen[0]} px`);
  assert.ok(seen[1] < 60, `${seen[1]} rows`);
  assert.ok(asked <= 2, `${asked} requests for the history`);
  // What one clicks far below opens in sight.
  await page.locator('.timeline').evaluate((timeline) => timeline.scrollTo(0, 3000));
  const row = page.getByRole('treeitem').nth(12);
  await row.click();
  await page.locator('.change').first().waitFor();
  const box = await page.locator('.detail h2').boundingBox();
  assert.ok(box && box.y >= 0 && box.y < 800, JSON.stringify(box));
  await finish(page);
});

test('B7: a token that is not taken is told to the page once, by itself, and a new one goes on', async () => {
  html = `<script type="module" src="${service.origin}/src/waymark-history.js"></script>
<waymark-history api="${service.origin}" app="crm" env="production"></waymark-history>`;
  const page = await newPage(chrome);
  await page.addInitScript((token) => {
    globalThis.heard = [];
    document.addEventListener('waymark:token-expired', (event) => {
      globalThis.heard.push(event.detail?.asked);
      event.target.token = token;
    });
  }, service.admin);
  await page.goto(builder.origin);
  await page.evaluate(() => (document.querySelector('waymark-history').token = 'x.y.z'));
  await page.getByRole('treeitem').first().waitFor();
  assert.deepEqual(await page.evaluate(() => globalThis.heard), [false]);
  // One that stays bad is told once, however often is looked.
  await page.evaluate(() => {
    document.addEventListener('waymark:token-expired', (event) => event.stopImmediatePropagation(), true);
    document.querySelector('waymark-history').token = 'bad.bad.bad';
  });
  await page.getByText('You are no longer signed in').waitFor();
  for (let n = 0; n < 3; n++) await refresh(page);
  assert.deepEqual(await page.evaluate(() => globalThis.heard), [false]);
  await finish(page);
});

const WAYS = {
  prop: 'h("waymark-history", { ...where, token })',
  ref: 'h("waymark-history", { ...where, ref: (element) => { if (element) element.token = token; } })',
  strict:
    'h(React.StrictMode, null, h("waymark-history", { ...where, ref: (element) => { if (element) element.token = token; } }))',
};

for (const version of [18, 19])
  for (const when of ['before', 'after'])
    for (const [way, element] of Object.entries(WAYS))
      test(`B6: React ${version}, the element defined ${when} it is rendered, the token by ${way}`, async () => {
        const script = `<script type="module" src="${service.origin}/src/waymark-history.js"></script>`;
        html = `<div id="app"></div><script src="/react${version}.js"></script>${when === 'before' ? script : ''}
<script type="module">
  globalThis.ready = 0;
  document.addEventListener('waymark:ready', () => globalThis.ready++);
  const h = React.createElement;
  const where = { api: '${service.origin}', app: 'crm', env: 'production' };
  const root = ReactDOM.createRoot(document.getElementById('app'));
  globalThis.render = (token) => root.render(${element});
  globalThis.render(globalThis.fresh);
</script>`;
        const page = await newPage(chrome);
        await page.addInitScript((token) => (globalThis.fresh = token), service.admin);
        await page.goto(builder.origin);
        if (when === 'after') {
          await page.locator('waymark-history').waitFor({ state: 'attached' });
          await page.addScriptTag({ type: 'module', url: `${service.origin}/src/waymark-history.js` });
        }
        await page.getByRole('treeitem').first().waitFor();
        const text = () => page.evaluate(() => document.documentElement.outerHTML);
        assert.ok(!(await text()).includes(service.admin), 'the token is in the page');
        assert.equal(await page.evaluate(() => globalThis.ready), 1);
        // And another one, later.
        const other = service.token('vera', 'crm/*:viewer');
        await page.evaluate((token) => globalThis.render(token), other);
        await page.getByText('You can view production.').waitFor();
        assert.ok(!(await text()).includes(other), 'the token is in the page');
        await finish(page);
      });
