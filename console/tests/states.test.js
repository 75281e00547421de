import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Service, accessible, browser, finish, hands, newPage, open, problem } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
const place = 'crm/production';
const prefix = '/v1/apps/crm/envs/production';

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  await service.save(place, { first: true, title: 'Desk' });
  await service.save(place, { title: 'Desk two' }, service.token('ben', 'crm/*:editor'));
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

const seen = (page, text) => page.getByText(text).first().waitFor();
const show = async (token, where = place) => {
  const page = await newPage(chrome);
  await open(page, service, where, token);
  return page;
};

test('no environment, and one without a history', async () => {
  const nothing = await newPage(chrome);
  await nothing.goto(`${service.origin}/#token=${service.token('eve', 'hr/*:editor')}`);
  await seen(nothing, 'No environments yet');
  await finish(nothing);
  const page = await show(service.admin, 'crm/nowhere');
  await seen(page, 'No history yet');
  await seen(page, 'The first save by your builder appears here');
  await finish(page);
});

test('no match for a filter, and back', async () => {
  const page = await show();
  await page.getByRole('button', { name: 'Snapshots' }).click();
  await seen(page, 'No snapshots');
  await page.getByRole('button', { name: 'Show everything' }).click();
  await page.getByRole('treeitem').first().waitFor();
  await page.getByLabel('People').selectOption({ label: 'Ben' });
  await page.getByRole('treeitem', { name: /title/ }).first().waitFor();
  await finish(page);
});

/** A page that sums up how far things moved that nobody had touched, as the browser scores it. @param {object} [options] */
async function watched(options) {
  const page = await newPage(chrome, options);
  await page.addInitScript(() => {
    globalThis.moved = 0;
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) globalThis.moved += shift.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  return page;
}
const NARROW = { viewport: { width: 412, height: 823 } };

test('a placeholder after a while, and not before', async () => {
  const page = await watched(NARROW);
  let release = () => {};
  await page.route('**/history?**', async (route) => {
    await new Promise((resolve) => {
      release = () => resolve(null);
    });
    await route.continue();
  });
  await open(page, service, place);
  await page.locator('.skeleton').first().waitFor();
  release();
  await page.getByRole('treeitem').first().waitFor();
  assert.equal(await page.locator('.lane .skeleton').count(), 0);
  assert.equal(await page.evaluate(() => globalThis.moved), 0);
  await finish(page);
});

test('rows wait for what stands above them, so that nothing moves while it loads', async () => {
  const page = await watched();
  let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(null);
  });
  let answered = () => {};
  const history = new Promise((resolve) => {
    answered = () => resolve(null);
  });
  await page.route('**/envs/production', async (route) => {
    await held;
    await route.continue();
  });
  page.on('requestfinished', (request) => request.url().includes('/history?') && answered());
  await open(page, service, place);
  await history;
  await page.locator('.skeleton').first().waitFor();
  assert.equal(await page.getByRole('treeitem').count(), 0);
  release();
  await page.getByRole('treeitem').first().waitFor();
  assert.equal(await page.locator('.standing .stands').count(), 2);
  assert.equal(await page.evaluate(() => globalThis.moved), 0);
  await finish(page);
});

test('offline: what is known stays readable, and it goes on by itself', async () => {
  const page = await show();
  await page.getByRole('treeitem').first().click();
  await page.locator('.change').first().waitFor();
  await page.context().setOffline(true);
  await seen(page, 'Offline. This is what was known last');
  assert.ok(await page.getByRole('treeitem').first().isVisible());
  assert.ok(await page.locator('.change').first().isVisible());
  await page.getByRole('button', { name: 'Restore…' }).click();
  await seen(page, 'You are offline, or the service is. Nothing was changed');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.context().setOffline(false);
  await page
    .locator('.banner', { hasText: 'Offline' })
    .waitFor({ state: 'detached' })
    .catch(() => {});
  await page.waitForFunction(
    () => !document.querySelector('waymark-history').shadowRoot.querySelector('.banner').textContent,
  );
  await finish(page);
});

test('an expired token: the place is kept, and a new one goes on there', async () => {
  const page = await show();
  await page.getByRole('treeitem', { name: /title/ }).first().click();
  await page.evaluate(() => {
    document.querySelector('waymark-history').token = 'old';
  });
  await seen(page, 'You are no longer signed in. Your place is kept.');
  assert.ok(await page.locator('.detail h2').isVisible());
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await page.getByLabel('Token').fill(service.admin);
  await page.getByLabel('Sign in').getByRole('button', { name: 'Sign in' }).click();
  await page.waitForFunction(
    () => !document.querySelector('waymark-history').shadowRoot.querySelector('.banner').textContent,
  );
  assert.ok(await page.locator('.detail h2').isVisible());
  await finish(page);
});

test('the token is nowhere in the page or its address', async () => {
  const page = await show();
  await page.getByRole('treeitem').first().waitFor();
  const found = await page.evaluate(
    (token) =>
      document.documentElement.outerHTML.includes(token) ||
      location.href.includes(token) ||
      JSON.stringify({ ...localStorage, ...sessionStorage }).includes(token) ||
      document.cookie !== '',
    service.admin,
  );
  assert.equal(found, false);
  await page.reload();
  await seen(page, 'Sign in to see a history');
  await finish(page);
});

test('forbidden: who may not view, who may not edit, who may not publish', async () => {
  const reader = await show(service.token('rita', 'crm/*:reader'));
  await seen(reader, 'You may not see this history');
  await finish(reader);
  const viewer = await show(service.token('vera', 'crm/*:viewer'));
  await seen(viewer, 'You can view production. Editing needs the editor role, publishing the publisher role.');
  await viewer.getByRole('treeitem').first().click();
  await viewer.getByRole('button', { name: 'Download JSON' }).waitFor();
  for (const name of ['Restore…', 'Create snapshot', 'Edit JSON', /Publish/])
    assert.equal(await viewer.getByRole('button', { name }).count(), 0, `${name}`);
  await finish(viewer);
  const editor = await show(service.token('eddy', 'crm/*:editor'));
  await seen(editor, 'You can edit production. Publishing needs the publisher role.');
  assert.equal(await editor.getByRole('button', { name: /Publish|Roll back/ }).count(), 0);
  await finish(editor);
});

test('a right that was taken away while a dialog was open', async () => {
  const page = await show();
  await page.getByRole('button', { name: 'Create snapshot' }).click();
  await page.route('**/snapshots', (route) =>
    route.fulfill(problem(403, 'forbidden', { needs: 'editor', has: 'viewer', detail: 'x' })),
  );
  await page.getByRole('dialog').getByRole('button', { name: 'Create snapshot' }).click();
  await seen(page, 'You are viewer here. This needs the editor role');
  await finish(page);
});

test("a server's failure: what to do, and the request's id", async () => {
  const page = await newPage(chrome);
  let broken = true;
  await page.route('**/history?**', (route) =>
    broken
      ? route.fulfill({
          status: 500,
          headers: { 'apigw-requestid': 'REQ-77', 'access-control-expose-headers': 'apigw-requestid' },
          contentType: 'application/json',
          body: '{"message":"Internal Server Error"}',
        })
      : route.continue(),
  );
  await open(page, service, place);
  await seen(page, 'REQ-77');
  await seen(page, 'The history cannot be shown');
  broken = false;
  await page.getByRole('button', { name: 'Try again' }).first().press('Enter');
  await page.getByRole('treeitem').first().waitFor();
  assert.equal(await hands(page).focused(), 'Timeline');
  await finish(page);
});

test('a failed action is tried again with the same key', async () => {
  const page = await show();
  const keys = [];
  await page.route('**/snapshots', (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    return keys.length === 1
      ? route.fulfill(problem(503, 'outcome-unknown', { detail: 'Send it again with the same key.' }))
      : route.continue();
  });
  await page.getByRole('button', { name: 'Create snapshot' }).click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('once');
  await page.getByRole('dialog').getByRole('button', { name: 'Create snapshot' }).click();
  await seen(page, 'Send it again with the same key.');
  await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).click();
  await page.locator('.toast').waitFor();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  await finish(page);
});

test('a version that cannot be read safely', async () => {
  const page = await show();
  await page.route('**/diff?**', (route) =>
    route.fulfill(problem(500, 'config-damaged', { version: 2, object: 'configs/x', detail: 'x' })),
  );
  await page.getByRole('treeitem', { name: /title/ }).first().click();
  await seen(page, 'Version #2 cannot be read safely');
  await page.getByRole('button', { name: 'Show backups' }).click();
  await page.getByRole('heading', { name: 'Backups' }).waitFor();
  await finish(page);
});

test('an entry that is damaged is told as damage, and everything else stays', async () => {
  const page = await newPage(chrome);
  const damaged = (version) => ({
    version,
    kind: 'damaged',
    label: `Damaged: #${version} is missing`,
    fault: 'is missing',
  });
  for (const path of ['**/history?**', '**/snapshots?**'])
    await page.route(path, async (route) => {
      const response = await route.fetch();
      const { items, next } = await response.json();
      // Also as the newest, which has none before it.
      await route.fulfill({ response, json: { items: [damaged(91), ...items, damaged(90)], next } });
    });
  await open(page, service, place);
  const rows = page.getByRole('treeitem', { name: /Damaged: #9\d is missing/ });
  await rows.first().waitFor();
  assert.equal(await rows.count(), 2);
  assert.match((await rows.first().textContent()) ?? '', /Who made it, and when, cannot be told/);
  await page.getByRole('treeitem', { name: /title/ }).first().click();
  await seen(page, 'Compare with');
  assert.doesNotMatch((await page.locator('.detail').textContent()) ?? '', /undefined/);
  await rows.first().click();
  await seen(page, 'Who made this entry, when, and what it changed cannot be told.');
  assert.equal(await page.locator('.detail').getByRole('button').count(), 1);
  await accessible(page, 'damage');
  // Nobody is offered as its author, also where people are looked for.
  const people = page.getByLabel('People');
  assert.doesNotMatch((await people.textContent()) ?? '', /\?|undefined/);
  await page.getByRole('button', { name: 'Show backups' }).click();
  await page.getByRole('heading', { name: 'Backups' }).waitFor();
  await finish(page);
});

test('a version that does not exist', async () => {
  const page = await newPage(chrome);
  await open(page, service, place, service.admin, '&version=4711');
  await seen(page, 'There is no version #4711.');
  await finish(page);
});

test('new entries do not move what is read, and are announced', async () => {
  const where = 'crm/long';
  const ben = service.token('ben', 'crm/*:editor');
  await service.save(where, { first: true, n: 0 });
  for (let n = 1; n < 30; n++) await service.save(where, { n }, n % 2 ? ben : undefined);
  const page = await show(service.admin, where);
  await page.getByRole('treeitem').first().waitFor();
  const scroller = page.locator('.timeline');
  await scroller.evaluate((e) => {
    e.scrollTop = 600;
  });
  await page.waitForTimeout(50);
  const at = () =>
    page.evaluate(() => {
      const root = document.querySelector('waymark-history').shadowRoot;
      const frame = root.querySelector('.timeline').getBoundingClientRect();
      const row = [...root.querySelectorAll('.row')].find((r) => r.getBoundingClientRect().top >= frame.top);
      return [row.id, Math.round(row.getBoundingClientRect().top - frame.top)];
    });
  const before = await at();
  for (let n = 0; n < 3; n++) await service.save(where, { n: `new ${n}` }, n % 2 ? undefined : ben);
  await page.getByRole('button', { name: '3 new changes ↑' }).waitFor();
  assert.deepEqual(await at(), before);
  await page.getByRole('button', { name: '3 new changes ↑' }).click();
  assert.equal(await scroller.evaluate((e) => e.scrollTop), 0);
  await finish(page);
});
