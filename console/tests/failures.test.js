/** What people meet when an action does not succeed: nothing is done, and it says what to do. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Service, browser, finish, problem, start } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {string} */ let ben;
let count = 0;
let place = '';
let api = '';

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  ben = service.token('ben', '*/*:publisher');
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});
beforeEach(async () => {
  place = `crm/fail-${++count}`;
  api = `/v1/apps/crm/envs/fail-${count}`;
  await service.save(place, { first: true, pages: [{ id: 'a', widgets: { x: 1, y: 2 } }], n: 1 });
  await service.save(place, { pages: [{ id: 'a', widgets: { y: 2 } }], n: 1 }, ben);
});

const opened = () => start(chrome, service, place);
const working = () => service.call('GET', `${api}/working`);

test('roll back and unpublish, when somebody was faster', async () => {
  for (const version of [1, 2]) await service.call('POST', `${api}/publish`, { version });
  const { page, button, menu, says, act } = await opened();
  await button('Roll back to v1').click();
  await says('from v2 back to v1');
  await service.call('POST', `${api}/unpublish`, {}, {}, ben);
  await act('Roll back to v1');
  await says('Ben unpublished', 'Nothing was changed.');
  await act('Cancel');
  await service.call('POST', `${api}/publish`, { snapshot: 'v2' });
  await page.locator('.stands.live', { hasText: 'v2' }).waitFor();
  await menu('Make every edit live…');
  await says('become visible now');
  await service.call('POST', `${api}/publish`, { snapshot: 'v1' }, {}, ben);
  await act('Unpublish v2');
  await says('Ben published v1 just now');
  assert.equal((await service.call('GET', api)).live.name, 'v1');
  await finish(page);
});

test('a part cannot come back where what it was in is gone', async () => {
  await service.save(place, { pages: [], n: 2 });
  const { page, row, button, says, dialog } = await opened();
  await row(/Ben/);
  await page.getByRole('checkbox', { name: /x/ }).check();
  await button('Bring back 1 selected part…').click();
  await says('What this changes cannot be shown.');
  assert.ok(await dialog().getByRole('button', { name: 'Bring back 1 part' }).isDisabled());
  assert.deepEqual(await working(), { pages: [], n: 2 });
  await finish(page);
});

test('too much at once, and a failure, say what to do and keep what was typed', async () => {
  const { page, button, dialog, act, says } = await opened();
  let answer = { status: 429, contentType: 'application/json', body: '{"message":"Too Many Requests"}' };
  await page.route('**/snapshots', (route) => route.fulfill(answer));
  await button('Create snapshot').click();
  await dialog().getByLabel('Name', { exact: true }).fill('typed');
  await act('Create snapshot');
  await says('Too much was asked of the service at once. Nothing was changed');
  answer = problem(503, 'storage-unavailable');
  await act('Create snapshot');
  await says('The reason.', 'Request REQ-9');
  assert.equal(await dialog().getByLabel('Name', { exact: true }).inputValue(), 'typed');
  await finish(page);
});

test('what the service says of a refusal is said as it is', async () => {
  const { page, button, dialog, act } = await opened();
  let answer = problem(500, 'internal');
  await page.route('**/snapshots', (route) => route.fulfill(answer));
  await button('Create snapshot').click();
  await dialog().getByLabel('Name', { exact: true }).fill('typed');
  let said = 'Create snapshot';
  for (const [status, type] of [
    [409, 'keep-ambiguous'],
    [409, 'part-ambiguous'],
    [422, 'check-too-costly'],
    [429, 'busy'],
    [503, 'busy'],
    [503, 'checks-busy'],
    [503, 'storage-full'],
    [500, 'entry-damaged'],
  ]) {
    const detail = `What ${type} (${status}) says.`;
    answer = problem(status, type, { detail });
    await act(said);
    const note = dialog().getByRole('alert');
    await note.getByText(detail).waitFor();
    assert.equal(await note.textContent(), status < 500 ? detail : `${detail} Request REQ-9.`);
    if (status >= 500) said = 'Try again';
  }
  await finish(page);
});

test('backups: a list that cannot be read, one that cannot be taken, a damaged one', async () => {
  const { page, button, dialog, act, says } = await opened();
  let fails = true;
  await page.route('**/backups?*', (route) =>
    fails
      ? route.fulfill(problem(503, 'storage-unavailable'))
      : route.fulfill({
          json: {
            items: [
              {
                id: 'manual-1',
                class: 'manual',
                version: 1,
                at: '2026-11-13T09:14:00Z',
                author: { id: 'a', name: 'A' },
                size: 10,
                fault: 'the object is gone',
              },
            ],
            next: null,
          },
        }),
  );
  await page.route('**/backups', (route) => route.fulfill(problem(503, 'storage-unavailable')));
  await page.route('**/backup-policy', (route) => route.fulfill(problem(503, 'storage-unavailable')));
  await button('Backups').click();
  await says('The reason.', 'The schedule cannot be read now.');
  fails = false;
  await act('Try again');
  await says('damaged: the object is gone');
  assert.equal(
    await dialog()
      .getByRole('button', { name: /^Restore…/ })
      .count(),
    0,
  );
  await act('Take a backup');
  await says('Request REQ-9');
  assert.ok(await dialog().getByRole('button', { name: 'Take a backup' }).isEnabled());
  await finish(page);
});

test('a backup of another environment is restored only when one says so', async () => {
  const other = await service.call('POST', `${api}/backups`, {});
  const { url } = await service.call('GET', `${api}/backups/${other.id}/file`, undefined, { Prefer: 'return=minimal' });
  const buffer = Buffer.from(await (await fetch(url)).arrayBuffer());
  place = 'crm/elsewhere';
  await service.save(place, { first: true, n: 9 });
  const { page, button, dialog, act, says } = await opened();
  await button('Backups').click();
  await dialog()
    .locator('input[type=file]')
    .setInputFiles({ name: 'a.waymark.json.gz', mimeType: 'application/gzip', buffer });
  await says('Restore a.waymark.json.gz?', 'This is a backup of', /crm\/fail-\d+/, 'Nothing was changed.');
  assert.ok(await dialog().getByRole('button', { name: 'Restore backup' }).isDisabled());
  assert.deepEqual(await service.call('GET', '/v1/apps/crm/envs/elsewhere/working'), { n: 9 });
  await dialog()
    .getByRole('button', { name: /^Restore crm\/fail-\d+ here…$/ })
    .click();
  await says('working becomes what is in the backup');
  await dialog().locator('.change').first().waitFor();
  await dialog()
    .getByRole('button', { name: /^Restore crm\/fail-\d+ here$/ })
    .click();
  await page.locator('.toast').waitFor();
  assert.equal((await service.call('GET', '/v1/apps/crm/envs/elsewhere/working')).n, 1);
  await finish(page);
});

test('a file that breaks off on its way', async () => {
  const { page, button, dialog, says } = await opened();
  await page.route(/[?&]X-Amz-Signature=/, (route) =>
    route.request().method() === 'PUT' ? route.abort() : route.continue(),
  );
  await button('Backups').click();
  await dialog()
    .locator('input[type=file]')
    .setInputFiles({ name: 'a.json', mimeType: 'application/json', buffer: Buffer.from('{"n":1}') });
  await says('You are offline, or the service is. Nothing was changed.');
  await finish(page);
});

test('a download whose address has expired or that breaks off is no config', async () => {
  const backup = await service.call('POST', `${api}/backups`, {});
  await service.save(place, { n: 2 });
  const { page, row, button, menu, dialog, act, says, toast } = await opened();
  const failed = 'The download failed, and nothing was changed. Its address lives 5 minutes: try again.';
  const url = `${service.origin}/expired`;
  let answer = (route) =>
    route.fulfill({ status: 403, contentType: 'application/xml', body: '<Error><Code>AccessDenied</Code></Error>' });
  await page.route(url, (route) => answer(route));
  for (const path of ['**/versions/*/config', `**/backups/${backup.id}/file`])
    await page.route(path, (route) => route.fulfill({ json: { url, name: 'a.waymark.json.gz' } }));
  let saved = 0;
  page.on('download', () => saved++);
  await row(/First save/);
  await button('Download JSON').click();
  await toast(failed);
  await menu('Edit JSON…');
  await says(failed);
  assert.equal(await dialog().locator('textarea').inputValue(), '');
  await act('Cancel');
  answer = (route) => route.abort();
  await menu('Edit JSON…');
  await says('You are offline, or the service is. Nothing was changed.');
  await act('Cancel');
  assert.equal(saved, 0);
  await finish(page);
});

test('who changed this: nobody so far, further back, and nothing there', async () => {
  const { page, says, act } = await opened();
  const answers = [
    { path: '/n', label: 'n', complete: false, unchanged_since: 2, next: `${api}/blame?path=/n&version=2` },
    {
      path: '/n',
      label: 'n',
      complete: true,
      deleted: false,
      value: 1,
      before: null,
      entry: { version: 1, author: { id: 'ada', name: 'Ada' }, at: '2026-11-13T09:14:00Z', label: 'First save' },
    },
  ];
  await page.route(/\/blame\?/, (route) => route.fulfill({ json: answers.shift() }));
  const ask = (pointer) => page.evaluate((p) => void document.querySelector('waymark-history').showBlame(p), pointer);
  await ask('/n');
  await says('Nobody changed it since #2.');
  await act('Look further back');
  await says('Ada');
  await act('Close');
  await page.unroute(/\/blame\?/);
  await ask('/nothing');
  await says('There is nothing at this place in this version, and there never was.');
  await finish(page);
});

test('a link that cannot be copied is shown, and what cannot be loaded or read is said', async () => {
  const { page, row, button, menu, says, act, toast } = await opened();
  await row(/First save/);
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('no'));
  });
  await button('Copy link').click();
  await says('Copy this link');
  assert.match(await page.getByRole('textbox', { name: 'Link' }).inputValue(), /version=1$/);
  await act('Close');
  await page.route('**/versions/1/config', (route) => route.fulfill(problem(500, 'config-damaged', { version: 1 })));
  await button('Download JSON').click();
  await toast('Version #1 cannot be read safely, so it cannot be downloaded.');
  await page.route('**/src/edit.js', (route) => route.abort());
  await menu('Edit JSON…');
  await toast('Something went wrong in this panel');
  await finish(page);
});
