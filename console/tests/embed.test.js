import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Service, browser, finish, newPage, serve } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {{origin: string, stop: () => void}} */ let builder;

/** A builder's own page on another origin: the README's example. */
const page = (origin) => `<!doctype html><html lang="en"><head><title>Builder</title>
<style>button { background: hotpink !important; } waymark-history { width: 380px; height: 600px; --wm-accent: rgb(1, 2, 3); }</style>
<script type="module" src="${origin}/src/waymark-history.js"></script></head>
<body><main><h1>Builder</h1><waymark-history api="${origin}" app="crm" env="production"></waymark-history></main></body></html>`;

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  builder = await serve((request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(page(service.origin)),
  );
  await service.save('crm/production', { first: true, title: 'Desk' });
  await service.save('crm/production', { title: 'Desk two' }, service.token('ben', 'crm/*:editor'));
});
after(async () => {
  await chrome?.close();
  builder?.stop();
  await service?.stop();
});

test('the panel works in a page of another origin, with its own looks and events', async () => {
  const tab = await newPage(chrome);
  await tab.goto(builder.origin);
  await tab.getByText('Sign in to see the history').waitFor();
  await tab.evaluate((token) => {
    globalThis.heard = [];
    for (const name of ['waymark:changed', 'waymark:published', 'waymark:opened'])
      document.addEventListener(name, (event) => globalThis.heard.push([name, event.detail]));
    document.querySelector('waymark-history').token = token;
  }, service.admin);
  await tab.getByRole('treeitem').first().click();
  await tab.locator('.change', { hasText: 'title' }).waitFor();
  const accent = await tab
    .getByRole('button', { name: 'Publish first release' })
    .evaluate((b) => getComputedStyle(b).backgroundColor);
  assert.equal(accent, 'rgb(1, 2, 3)');
  await tab.getByRole('button', { name: 'Publish first release' }).click();
  await tab.getByRole('dialog').getByRole('button', { name: 'Publish v1' }).click();
  await tab.locator('.stands.live', { hasText: 'v1' }).waitFor();
  await tab.evaluate(() => {
    void document.querySelector('waymark-history').showBlame('/title');
  });
  await tab.getByRole('dialog').getByText('Ben', { exact: true }).waitFor();
  await tab.keyboard.press('Escape');
  // What is loaded later comes from the other origin too.
  await tab.getByRole('button', { name: '← Timeline' }).click();
  await tab.getByRole('button', { name: 'Backups' }).click();
  await tab.getByRole('dialog').getByText('A backup every day').waitFor();
  await tab.keyboard.press('Escape');
  await tab.waitForFunction(() => globalThis.heard.some(([name]) => name === 'waymark:changed'));
  const heard = await tab.evaluate(() => globalThis.heard);
  assert.deepEqual(heard.find(([name]) => name === 'waymark:published')[1], { live: 'v1', version: 4 });
  assert.ok(heard.some(([name, detail]) => name === 'waymark:opened' && detail.version === 2));
  const wide = await tab.evaluate(
    () => document.querySelector('waymark-history').shadowRoot.querySelector('.panel').scrollWidth,
  );
  assert.ok(wide <= 380, `${wide}`);
  await finish(tab);
});

test('what it sends and reads across origins is what the template allows', () => {
  const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
  const cors = /AllowMethods: (\[.*\])\n\s+AllowHeaders: (\[.*\])\n\s+ExposeHeaders: (\[.*\])/.exec(
    read('../../infra/template.yaml'),
  );
  const [methods, allowed, exposed] = cors.slice(1).map((list) => list.slice(1, -1).toLowerCase().split(', '));
  const scripts = readdirSync(new URL('../src/', import.meta.url))
    .map((name) => read(`../src/${name}`))
    .join('\n');
  const used = (pattern) => [...new Set([...scripts.matchAll(pattern)].map((found) => found[1].toLowerCase()))];
  const sent = used(
    /['{ ]'?(Authorization|Content-Type|Idempotency-Key|If-[A-Za-z]+|Prefer|Waymark-[A-Z][a-z]+)'?\]?:? /g,
  );
  assert.ok(sent.length >= 5, `${sent}`);
  assert.deepEqual(
    sent.filter((name) => !allowed.includes(name)),
    [],
  );
  const seen = used(/headers\.get\('([\w-]+)'\)/g).filter((name) => name !== 'x-amzn-requestid');
  assert.ok(seen.includes('etag') && seen.includes('apigw-requestid'), `${seen}`);
  assert.deepEqual(
    seen.filter((name) => !exposed.includes(name)),
    [],
  );
  assert.deepEqual(
    used(/call\('([A-Z]+)'/g).filter((name) => !methods.includes(name)),
    [],
  );
});

test('it follows its attributes, and leaves nothing running when it is taken away', async () => {
  await service.save('crm/staging', { first: true, title: 'Staging' });
  const tab = await newPage(chrome);
  await tab.goto(builder.origin);
  await tab.evaluate((token) => {
    document.querySelector('waymark-history').token = token;
  }, service.admin);
  await tab.getByRole('treeitem').first().waitFor();
  await tab.evaluate(() => document.querySelector('waymark-history').setAttribute('env', 'staging'));
  await tab.getByRole('treeitem', { name: /First save/ }).waitFor();
  assert.equal(await tab.getByRole('treeitem').count(), 1);
  await tab.evaluate(() => document.querySelector('waymark-history').remove());
  let asked = 0;
  tab.on('request', () => asked++);
  await tab.evaluate(() => window.dispatchEvent(new Event('online')));
  await tab.waitForTimeout(300);
  assert.equal(asked, 0);
  await finish(tab);
});

test('when its attributes change, no dialog and no event of what was there before stays', async () => {
  await service.save('crm/other', { first: true, title: 'Other' });
  for (let n = 0; n < 8; n++) await service.save('crm/other', { title: `Other ${n}` });
  const there = (await service.call('GET', '/v1/apps/crm/envs/production')).working.version;
  const tab = await newPage(chrome);
  await tab.goto(builder.origin);
  await tab.evaluate((token) => {
    globalThis.heard = [];
    for (const name of ['waymark:ready', 'waymark:changed', 'waymark:opened', 'waymark:published'])
      document.addEventListener(name, (event) => globalThis.heard.push(`${name} ${event.detail.version}`));
    document.querySelector('waymark-history').token = token;
  }, service.admin);
  const to = (env) => tab.evaluate((name) => document.querySelector('waymark-history').setAttribute('env', name), env);
  const gone = () =>
    tab.waitForFunction(() => !document.querySelector('waymark-history').shadowRoot.querySelector('dialog'));
  await tab.getByRole('treeitem', { name: /First save/ }).click();
  await tab.getByRole('button', { name: 'Restore…' }).click();
  await tab.getByRole('heading', { name: 'Restore #1' }).waitFor();
  await to('other');
  await gone();
  await tab
    .getByRole('treeitem', { name: /First save|saves/ })
    .first()
    .waitFor();

  // What comes late: a script, which opens a dialog, and an answer, which is told.
  let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(null);
  });
  await tab.route(/src\/edit\.js$|envs\/other$/, async (route) => {
    await held;
    await route.fallback();
  });
  await service.save('crm/other', { title: 'Late' });
  const asked = tab.waitForRequest(/envs\/other$/);
  await tab.evaluate(() => void document.querySelector('waymark-history').refresh());
  await asked;
  const script = tab.waitForRequest(/src\/edit\.js$/);
  await tab.locator('waymark-history summary').click();
  await tab.getByRole('button', { name: 'Edit JSON…' }).click();
  await script;
  await to('production');
  await tab.getByRole('treeitem', { name: /Ben/ }).waitFor();
  const late = [tab.waitForResponse(/src\/edit\.js$/), tab.waitForResponse(/envs\/other$/)];
  release();
  await Promise.all(late);
  await tab.waitForTimeout(300);
  assert.deepEqual(
    (await tab.evaluate(() => globalThis.heard)).filter((text) => !text.startsWith('waymark:opened')),
    [there, 9, there].map((version) => `waymark:ready ${version}`),
  );
  await gone();
  await finish(tab);
});
