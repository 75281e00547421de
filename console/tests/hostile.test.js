import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Service, browser, finish, newPage, open } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
const place = 'crm/production';
const EVIL = '</script><img src=x onerror="globalThis.hacked=1"><svg onload=globalThis.hacked=1><b>bold</b>';

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

const harmless = async (page) => {
  const found = await page.evaluate(() => {
    const root = document.querySelector('waymark-history').shadowRoot;
    return [
      globalThis.hacked,
      root.querySelectorAll('img, svg, script, b').length,
      document.querySelectorAll('img, svg').length,
    ];
  });
  assert.deepEqual(found, [undefined, 0, 0]);
};

test('markup, event handlers, directions and emoji are text, as keys and as values', async () => {
  const mallory = service.token('mallory', 'crm/*:publisher');
  await service.save(place, { first: true, pages: [{ id: 'a', title: 'Start' }] }, mallory);
  await service.save(
    place,
    {
      [EVIL]: EVIL,
      __proto__x: 1,
      pages: [
        { id: EVIL, title: `safe\u202Etxt.exe` },
        { id: 'b', title: '👩‍👩‍👧‍👦 😀 اللغة' },
      ],
      sql: `a\n${EVIL}\nb`,
    },
    mallory,
  );
  await service.save(
    place,
    { [EVIL]: `${EVIL}!`, pages: [{ id: EVIL, title: 'safe' }], sql: `a\n${EVIL} or so\nb` },
    service.token('eve', 'crm/*:editor'),
  );
  await service.call('POST', '/v1/apps/crm/envs/production/snapshots', { note: EVIL });
  const page = await newPage(chrome);
  await open(page, service, place);
  for (const name of [/Eve/, /Mallory/]) {
    await page.getByRole('treeitem', { name }).first().click();
    await page.locator('.change').first().waitFor();
    await harmless(page);
  }
  await page.getByRole('treeitem', { name: /Eve/ }).first().click();
  await page.getByText('safe⟦202E⟧txt.exe').first().waitFor();
  await page.getByText('onerror=').first().waitFor();
  await page.locator('waymark-history summary').click();
  await page.getByRole('button', { name: 'Edit JSON…' }).click();
  await page.waitForFunction(
    () => document.querySelector('waymark-history').shadowRoot.querySelector('textarea')?.value,
  );
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('treeitem', { name: /v1/ }).first().click();
  await harmless(page);
  await finish(page);
});

test('5 MB in one string, and 10,000 keys, leave the page usable', async () => {
  const where = 'crm/large';
  await service.save(where, { first: true, n: 1 });
  const keys = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key ${n}`, n]));
  const text = `<i>${'x'.repeat(1_000_000)}`;
  await service.save(where, { n: 1, long: text, ...keys }, service.token('ann', 'crm/*:editor'));
  const page = await newPage(chrome);
  await open(page, service, where);
  await page.getByRole('treeitem', { name: /Ann/ }).click();
  await page.getByText('10,001 added').waitFor({ timeout: 20_000 });
  assert.equal(await page.locator('.change').count(), 100);
  await page.getByRole('button', { name: /Show 100 more of/ }).click();
  assert.equal(await page.locator('.change').count(), 200);
  await page.getByRole('button', { name: /Show all of it/ }).click();
  const length = await page.evaluate(() =>
    Math.max(
      ...[...document.querySelector('waymark-history').shadowRoot.querySelectorAll('pre')].map(
        (pre) => pre.textContent.length,
      ),
    ),
  );
  assert.ok(length < 70_000, `${length}`);
  await finish(page);
});

test('5 MB that the service refuses to compare are told of, not shown as nothing', async () => {
  const page = await newPage(chrome);
  await page.route('**/diff?**', (route) =>
    route.fulfill({
      status: 200,
      contentType: 'application/json',
      body: JSON.stringify({
        from: { version: 1 },
        to: { version: 2 },
        counts: { added: 0, removed: 0, changed: 1 },
        changes: [
          { op: 'replace', path: '/x', label: 'x', before: 'a'.repeat(5_000_000), after: '\u202e'.repeat(5_000_000) },
        ],
      }),
    }),
  );
  await open(page, service, 'crm/large');
  await page.getByRole('treeitem').first().click();
  await page
    .getByRole('button', { name: /Show all of it \(5,000,000 characters\)/ })
    .first()
    .waitFor();
  await finish(page);
});
