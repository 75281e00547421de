import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Service, browser, finish, problem, start } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {string} */ let ben;
const api = (env) => `/v1/apps/crm/envs/${env}`;

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  ben = service.token('ben', 'crm/*:editor');
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

const opened = (place, page) => start(chrome, service, place, { page });
const working = (env) => service.call('GET', `${api(env)}/working`);

test('a moment is restored, as the time is where the reader is', async () => {
  await service.save('crm/moment', { first: true, n: 1 });
  const { page, menu, says, act, dialog, toast, focused } = await opened('crm/moment', { timezoneId: 'Asia/Kolkata' });
  // Entries of other moments, without waiting for them.
  const asked = [];
  const at = '2026-11-13T03:44:00.000Z';
  await page.route('**/versions?at=*', (route) => {
    const time = new URL(route.request().url()).searchParams.get('at');
    asked.push(time);
    return time < at
      ? route.fulfill(problem(404, 'before-history'))
      : route.fulfill({
          json: { version: 1, kind: 'saved', label: 'First save', at, author: { id: 'ada', name: 'Ada' } },
        });
  });
  const sent = [];
  await page.route('**/restore', (route) => {
    const body = route.request().postDataJSON();
    if (body.preview)
      return route.fulfill(
        body.at < at
          ? problem(404, 'before-history')
          : {
              json: {
                version: 2,
                unchanged: false,
                changes: [{ op: 'replace', path: '/n', label: 'n', before: 2, after: 1 }],
                counts: { added: 0, removed: 0, changed: 1 },
              },
            },
      );
    sent.push(body);
    return route.fulfill({
      json: {
        version: 3,
        kind: 'restored',
        label: 'Reverted changes to #1 (as of then)',
        author: { id: 'x', name: 'X' },
      },
    });
  });
  await service.save('crm/moment', { n: 2 });
  await menu('Restore a moment…');
  await says('Your time, Asia/Calcutta.');
  assert.equal(await focused(), 'Cancel');
  const field = dialog().getByLabel('As it was on');
  await field.fill('2026-11-13T09:14');
  await field.blur();
  await says('The newest then was #1, 13 Nov, 09:14, by', 'working becomes #1, undoing 1 change');
  assert.equal(asked.pop(), at);
  await field.fill('2020-01-01T00:00');
  await field.blur();
  await says('Nothing was saved yet then. Choose a later time.');
  assert.ok(
    await dialog()
      .getByRole('button', { name: /^Restore/ })
      .isDisabled(),
  );
  await field.fill('2099-01-01T00:00');
  await field.blur();
  await says('Choose a day and a time that has passed.');
  await field.fill('2026-11-13T09:14');
  await field.blur();
  await says('undoing 1 change');
  await act('Restore #1');
  await toast('Reverted changes to #1');
  assert.deepEqual(sent, [{ at }]);
  await finish(page);
});

test('a moment that the service knows', async () => {
  await service.save('crm/known', { first: true, n: 1 });
  await service.save('crm/known', { n: 2 });
  const { page, menu, says, act } = await opened('crm/known');
  await page.clock.setFixedTime(Date.now() + 120_000);
  await menu('Restore a moment…');
  await page.getByLabel('As it was on').evaluate((field) => {
    const soon = new Date(Date.now() - 60_000 + 0);
    field.removeAttribute('max');
    field.value = new Date(soon.getTime() - soon.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    field.dispatchEvent(new Event('change'));
  });
  await says('The newest then was #2', 'no change: working is the same already');
  await act('Cancel');
  await finish(page);
});

test('a session is undone as one, and what others did since stays', async () => {
  await service.save('crm/session', { first: true, a: 1, b: 1, c: 1 }, ben);
  for (const a of [2, 3, 4]) await service.save('crm/session', { a, b: a, c: 1 });
  await service.save('crm/session', { a: 4, b: 4, c: 9 }, ben);
  const { page, row, button, says, act, toast } = await opened('crm/session');
  await row(/3 saves/);
  await button('Undo this session…').click();
  await says('Undo #2–#4?', '2 changes by', 'Local administrator', 'reversed. What came later stays.');
  await act('Undo #2–#4');
  await toast('Undid #2–#4');
  assert.deepEqual(await working('session'), { a: 1, b: 1, c: 9 });
  const { working: newest } = await service.call('GET', api('session'));
  assert.deepEqual([newest.version, newest.kind, newest.label], [6, 'restored', 'Undid #2–#4']);
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await toast('Undone');
  assert.deepEqual(await working('session'), { a: 4, b: 4, c: 9 });
  await finish(page);
});

test('a session is not undone where a later edit changed the same, and it says whose', async () => {
  await service.save('crm/clash', { first: true, a: 1, b: 1 }, ben);
  for (const a of [2, 3]) await service.save('crm/clash', { a, b: 1 });
  await service.save('crm/clash', { a: 7, b: 1 }, ben);
  const { page, row, button, says } = await opened('crm/clash');
  await row(/2 saves/);
  await button('Undo this session…').click();
  await says('Undo #2–#3?');
  await says('a later edit changed the same', /changed since by Ben/);
  assert.deepEqual(await working('clash'), { a: 7, b: 1 });
  await finish(page);
});

test('a large config is saved by way of an upload', async () => {
  // More than a request's body may have.
  const response = await fetch(`${service.origin}${api('large')}/working`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${ben}`, 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
    body: gzipSync(JSON.stringify({ long: 'x'.repeat(5_000_000), a: 1 })),
  });
  assert.equal(response.status, 201);
  for (const a of [2, 3])
    await service.call('PATCH', `${api('large')}/working`, { a }, { 'Content-Type': 'application/merge-patch+json' });
  const { page, row, button, act, toast } = await opened('crm/large');
  await row(/2 saves/);
  await button('Undo this session…').click();
  await act('Undo #2–#3');
  await toast('Undid #2–#3');
  assert.equal((await working('large')).a, 1);
  await finish(page);
});

test('people who wrote long ago are found', async () => {
  await service.save('crm/people', { first: true, n: 0 }, service.token('cleo', 'crm/*:editor'));
  // One page of the timeline, by two who took turns.
  for (let n = 1; n <= 101; n++) await service.save('crm/people', { n }, n % 2 ? ben : undefined);
  const { page, toast } = await opened('crm/people');
  const people = page.getByLabel('People');
  assert.deepEqual(await people.locator('option').allTextContents(), [
    'Everybody',
    'Ben',
    'Local administrator',
    'Look further back…',
  ]);
  await page.route('**/history?limit=200*', (route) => route.abort());
  await people.selectOption('Look further back…');
  await toast('0 more people, back to where it was.');
  assert.equal(await people.inputValue(), '');
  await page.unroute('**/history?limit=200*');
  await people.selectOption('Look further back…');
  await toast('1 more person, back to Today.');
  await people.selectOption('Cleo');
  await page.getByRole('treeitem', { name: /Cleo/ }).waitFor();
  assert.equal(await page.getByRole('treeitem').count(), 1);
  await finish(page);
});

test('the focus goes back to what opened a dialog, also where that is gone', async () => {
  await service.save('crm/focus', { first: true, n: 0 });
  const { page, button, act, focused, menu } = await opened('crm/focus');
  await button('Publish first release').press('Enter');
  await act('Publish v1');
  await page.locator('.stands.live', { hasText: 'v1' }).waitFor();
  await page.waitForFunction(() => document.querySelector('waymark-history').shadowRoot.activeElement !== null);
  assert.equal(await focused(), 'Timeline');
  await menu('Keys');
  await page.keyboard.press('Escape');
  assert.equal(await focused(), 'More');
  // Somebody saves meanwhile, and the buttons are drawn anew.
  await button('Create snapshot').press('Enter');
  await service.save('crm/focus', { n: 1 }, ben);
  await page.getByText('1 change not live').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await focused(), 'Create snapshot');
  await finish(page);
});
