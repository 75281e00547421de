/** Smaller things that people met, each once. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Service, accessible, browser, finish, hands, newPage, open, refresh, start } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {string} */ let ben;
const api = (env) => `/v1/apps/crm/envs/${env}`;
const working = (env) => service.call('GET', `${api(env)}/working`);
const post = (env, path, body, token) => service.call('POST', `${api(env)}/${path}`, body, {}, token);
const opened = (env, options) => start(chrome, service, `crm/${env}`, options);
const openVersion = (page, version) =>
  page.evaluate((n) => document.querySelector('waymark-history').openVersion(n), version);

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  ben = service.token('ben', 'crm/*:publisher');
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

/** Saves each as a version. @param {string} env @param {...[any, string?]} saves */
async function saved(env, ...saves) {
  for (const [n, [config, token]] of saves.entries())
    await service.save(
      `crm/${env}`,
      Array.isArray(config) ? config : { ...config, ...(n === 0 && { first: true }) },
      token,
    );
}

test('B14: Escape and Cancel ask before a text is thrown away', async () => {
  await saved('b14', [{ n: 1 }]);
  const { page, menu, dialog, act, says, button } = await opened('b14');
  await menu('Edit JSON…');
  const area = page.locator('textarea.json:not([disabled])');
  await area.fill('{"n": 2}');
  for (const leave of [() => page.keyboard.press('Escape'), () => page.keyboard.press('Escape'), () => act('Cancel')]) {
    await area.focus();
    await leave();
    await says('What you typed was not saved.');
    await act('Keep it');
    assert.equal(await area.inputValue(), '{"n": 2}');
  }
  await page.keyboard.press('Escape');
  await accessible(page, 'a text that would be lost');
  await act('Throw it away');
  assert.equal(await dialog().count(), 0);
  // Where nothing was typed, nothing is asked.
  await menu('Edit JSON…');
  await area.waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await dialog().count(), 0);
  await button('Create snapshot').click();
  await dialog().getByLabel('Note').fill('Typed');
  await page.keyboard.press('Escape');
  await says('What you typed was not saved.');
  await finish(page);
});

test('B15: a change inside of a long line is marked, and what is around it', async () => {
  const line = (word) => `${'before '.repeat(400)}${word} ${'after '.repeat(400)}`;
  await saved(
    'b15',
    [{ text: line('old-word'), other: `${line('a')}\nb` }],
    [{ text: line('new-word'), other: `${line('c')}\nb` }, ben],
  );
  const { page, row } = await opened('b15');
  await row(/Ben/);
  const change = page.locator('.change', { hasText: 'old' });
  await change.locator('del', { hasText: 'old' }).waitFor();
  await change.locator('ins', { hasText: 'new' }).waitFor();
  // What is unchanged is folded, and comes back.
  const pre = change.locator('.before pre');
  assert.ok((await pre.textContent()).length < 600);
  await pre
    .getByRole('button', { name: /characters unchanged/ })
    .first()
    .click();
  assert.ok((await pre.textContent()).length > 2700);
  await accessible(page, 'a long line with a change in it');
  const box = await change.locator('del').first().boundingBox();
  assert.ok(box && box.width > 0);
  // Of a line of a longer text, too.
  await page.locator('.line.removed del', { hasText: 'a' }).first().waitFor();
  await finish(page);
});

test('B16: what was brought back is called by its name', async () => {
  const pages = ['a', 'b', 'c', 'd'].map((id) => ({ id, title: id.toUpperCase() }));
  await saved('b16', [{ pages }], [{ pages: pages.slice(0, 2) }, ben]);
  const { page, row, button, act, toast } = await opened('b16');
  await row(/Ben/);
  for (const name of [/Page "C"/, /Page "D"/]) await page.getByRole('checkbox', { name }).check();
  await button('Bring back 2 selected parts…').click();
  await act('Bring back 2 parts');
  await toast('Brought back 2 pages from #1');
  await page.getByRole('treeitem', { name: /Brought back 2 pages from #1/ }).waitFor();
  await finish(page);
});

test('B17: "Who changed this?" of an older entry does not call its value that of now', async () => {
  await saved('b17', [{ n: 1 }], [{ n: 2 }, ben], [{ n: 3 }]);
  const { page, row, button, dialog } = await opened('b17');
  await row(/Ben/);
  await button(/^Who changed this\? n/).click();
  await dialog().locator('.value.after', { hasText: 'In #2' }).waitFor();
  assert.equal(await dialog().getByText('Now', { exact: true }).count(), 0);
  await dialog().getByRole('button', { name: 'Close' }).click();
  await page.evaluate(() => void document.querySelector('waymark-history').showBlame('/n'));
  await dialog().getByText('Now', { exact: true }).waitFor();
  await finish(page);
});

test('B18: keys work as soon as the page is there', async () => {
  await saved('b18', [{ n: 1 }], [{ n: 2 }, ben]);
  const { page, dialog } = await opened('b18');
  await page.keyboard.press('?');
  await dialog().getByRole('heading', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('j');
  await page.locator('[aria-selected=true]').waitFor();
  await finish(page);
});

test('B19: a link in the same tab opens its entry, and the way back leads through what was open', async () => {
  await saved('b19', [{ n: 1 }], [{ n: 2 }, ben], [{ n: 3 }]);
  await saved('b19-other', [{ other: 1 }]);
  const { page, row } = await opened('b19');
  const meta = (text) => page.locator('.detail .meta', { hasText: text }).first().waitFor();
  await row(/Ben/);
  await meta('#2');
  await page.evaluate(() => (location.hash = '#app=crm&env=b19&version=3'));
  await meta('#3');
  await page.goBack();
  await meta('#2');
  await page.goBack();
  await page.getByText('Choose an entry to see what changed.').waitFor();
  await page.goForward();
  await meta('#2');
  await page.evaluate(() => (location.hash = '#app=crm&env=b19-other&version=1'));
  await page.locator('waymark-history[env=b19-other]').waitFor();
  await meta('#1');
  await finish(page);
});

test('B20: all environments can be chosen, and are found by typing', async () => {
  const page = await newPage(chrome);
  const items = Array.from({ length: 450 }, (_, n) => ({ app: 'crm', environment: `env-${n}`, role: 'admin' }));
  await saved('env-417', [{ n: 417 }]);
  await page.route('**/v1/apps?*', (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get('after') ?? 0);
    const next = from + 200 < items.length ? `/v1/apps?after=${from + 200}&limit=200` : null;
    return route.fulfill({ json: { items: items.slice(from, from + 200), next } });
  });
  await open(page, service, 'crm/env-417');
  await page.getByRole('treeitem').first().waitFor();
  const picker = page.getByLabel('Environment', { exact: true });
  await picker.waitFor();
  await accessible(page, 'many environments');
  assert.equal(await page.locator('#environments option').count(), 450);
  await saved('env-7', [{ n: 7 }, ben]);
  await picker.fill('crm/env-7');
  await picker.press('Enter');
  await page.locator('waymark-history[env=env-7]').waitFor();
  await page.getByRole('treeitem', { name: /Ben/ }).waitFor();
  await finish(page);
});

test('B21: an import says which file and how much, and is undone and named as an edit', async () => {
  await saved('b21', [{ title: 'A', n: 1 }]);
  const { page, button, dialog, act, row, says, toast } = await opened('b21');
  await button('Backups').click();
  const buffer = Buffer.from('{"title": "From a file", "n": 2}');
  await dialog()
    .locator('input[type=file]')
    .setInputFiles({ name: 'spring.json', mimeType: 'application/json', buffer });
  await says('Restore spring.json?', '2 changed');
  await act('Restore backup');
  await toast('Imported a file');
  await row(/Imported a file.*spring\.json.*2 changes/);
  await button('Snapshot…').waitFor();
  await button('Undo this edit…').click();
  await says('2 changes by');
  await act('Undo #2');
  await toast('Undid #2');
  assert.deepEqual(await working('b21'), { title: 'A', n: 1 });
  await finish(page);
});

test('B22: restoring what is there changes nothing for users either, and cannot be pressed', async () => {
  await saved('b22', [{ n: 1 }], [{ n: 2 }, ben]);
  const { page, button, says, dialog, row } = await opened('b22');
  await row(/Ben/);
  await button('Restore…').click();
  await says('no change: working is the same already.');
  assert.equal(await dialog().getByText('immediately').count(), 0);
  assert.ok(await dialog().getByRole('button', { name: 'Restore #2' }).isDisabled());
  await finish(page);
});

test('B23: one change becomes visible, and hints name the next number', async () => {
  await saved('b23', [{ n: 1 }]);
  for (const version of [1, 4]) {
    await post('b23', 'publish', { version });
    await service.save('crm/b23', { n: version + 1 });
  }
  await post('b23', 'rollback', {});
  const { page, button, menu, says, act, dialog, row } = await opened('b23');
  await menu('Make every edit live…');
  await says('1 change becomes visible now');
  await act('Cancel');
  await button('Create snapshot').click();
  const { next_name: next } = await service.call('GET', api('b23'));
  await says(`Empty: the next free number, ${next}.`);
  await act('Cancel');
  await button('Snapshots').click();
  await row(/v1/);
  await button('Rename…').click();
  await says('goes on working');
  assert.equal(await dialog().getByText('Empty:').count(), 0);
  await finish(page);
});

test('B24: a note that is too long is told before it is sent, by what the service counts', async () => {
  await saved('b24', [{ n: 1 }]);
  const { page, button, dialog, says, act, toast } = await opened('b24');
  await button('Create snapshot').click();
  const note = dialog().getByLabel('Note');
  await note.fill('字'.repeat(500));
  let sent = 0;
  page.on('request', (request) => (sent += Number(request.method() === 'POST')));
  await act('Create snapshot');
  await says('The note is too long by 500 bytes');
  assert.equal(sent, 0);
  await note.fill('字'.repeat(333));
  await act('Create snapshot');
  await toast('Snapshot');
  await finish(page);
});

test('B25: a file that the service refuses gets no preview, and no button', async () => {
  await saved('b25', [{ a: 1, b: 2 }]);
  const { page, button, dialog, says } = await opened('b25');
  await button('Backups').click();
  await dialog()
    .locator('input[type=file]')
    .setInputFiles({ name: 'twice.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1,"a":2}') });
  await says('Restore twice.json?', /is there twice/);
  assert.equal(
    await dialog()
      .getByText(/removed/)
      .count(),
    0,
  );
  assert.ok(await dialog().getByRole('button', { name: 'Restore backup' }).isDisabled());
  assert.deepEqual(await working('b25'), { a: 1, b: 2 });
  await finish(page);
});

test('B26: a deep link shows its entry in the timeline, too', async () => {
  await saved('b26', [{ n: 0 }]);
  for (let n = 1; n < 250; n++) await service.save('crm/b26', { n }, n % 2 ? ben : undefined);
  const page = await newPage(chrome);
  await open(page, service, 'crm/b26', service.admin, '&version=60');
  const row = page.locator('[aria-selected=true]');
  await row.waitFor();
  assert.match(await row.textContent(), /#60/);
  const [timeline, box] = [await page.locator('.timeline').boundingBox(), await row.boundingBox()];
  assert.ok(box.y >= timeline.y && box.y + box.height <= timeline.y + timeline.height, JSON.stringify([timeline, box]));
  assert.equal(await page.locator('.detail').evaluate((e) => getComputedStyle(e).outlineStyle), 'none');
  await finish(page);
});

test('B27: a token that was never taken is not "no longer"; signing in is given up, or done with the printed address', async () => {
  await saved('b27', [{ n: 1 }]);
  const page = await newPage(chrome);
  await open(page, service, 'crm/b27', 'x.y.z');
  await page.getByText('You are not signed in').waitFor();
  assert.equal(await page.getByText('no longer').count(), 0);
  const { button } = hands(page);
  await button('Sign in again').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await page.getByRole('dialog').count(), 0);
  await button('Sign in again').click();
  await page.getByLabel(/^Token/).fill(`${service.origin}/#token=${service.admin}`);
  await page.getByLabel(/^Token/).press('Enter');
  await page.getByRole('treeitem').first().waitFor();
  await finish(page);
});

test('B28: back online and signed in again, what is open says so', async () => {
  await saved('b28', [{ n: 1 }], [{ n: 2 }, ben]);
  const { page, row, button, dialog, says } = await opened('b28');
  let answer = (route) => route.abort();
  let broken = true;
  await page.route('**/v1/**', (route) => (broken ? answer(route) : route.fallback()));
  await row(/Ben/);
  await page.locator('.detail').getByText('You are offline').waitFor();
  await button('Restore…').click();
  await says('You are offline');
  await refresh(page);
  broken = false;
  await refresh(page);
  await page.locator('.detail .change').first().waitFor({ state: 'attached' });
  await dialog().getByText('no change: working is the same already').waitFor();
  assert.equal(await page.getByText('You are offline').count(), 0);
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  // A question whose action was refused for the token.
  await button('Create snapshot').click();
  broken = true;
  answer = (route) => route.fulfill({ status: 401, json: { message: 'Unauthorized' } });
  await dialog().getByRole('button', { name: 'Create snapshot' }).click();
  await says('You are no longer signed in');
  broken = false;
  await page.evaluate((token) => (document.querySelector('waymark-history').token = token), ben);
  await dialog().getByText('You are no longer signed in').waitFor({ state: 'detached' });
  await finish(page);
});

test('B29: a check names places as the rest does', async () => {
  await saved('b29', [{ pages: [{ id: 'a', title: 'A title that is too long' }] }]);
  await service.call('PUT', `${api('b29')}/settings`, {
    schema: { properties: { pages: { items: { properties: { title: { maxLength: 5 } } } } } },
  });
  const { page, button, act, dialog } = await opened('b29');
  await button('Publish first release').click();
  await act('Publish v1');
  await dialog().getByText('Page "A title that is too long" › title').waitFor();
  assert.equal(await dialog().getByText('/pages/0/title').count(), 0);
  await finish(page);
});

test('what turns the direction of words is written out wherever a name is', async () => {
  const { execFileSync } = await import('node:child_process');
  const evil = 'Eve\u202Enimda';
  const token = execFileSync(
    process.env.WAYMARK_BIN ?? new URL('../../target/debug/waymark', import.meta.url).pathname,
    ['token', '--data', service.data, '--subject', 'eve', '--name', evil, '--grant', '*/*:admin'],
    { encoding: 'utf8' },
  ).trim();
  await saved('bidi', [{ n: 1 }], [{ n: 2 }, token]);
  await post('bidi', 'publish', { version: 2, note: 'no\u202Ete' }, token);
  await service.save('crm/bidi', { n: 3 }, token);
  const page = await newPage(chrome);
  await open(page, service, 'crm/bidi', token);
  await page.getByRole('treeitem').first().waitFor();
  const { button, says, act } = hands(page);
  const raw = () =>
    page.evaluate(() => {
      const root = document.querySelector('waymark-history').shadowRoot;
      const attributes = [...root.querySelectorAll('*'), ...document.querySelectorAll('*')].flatMap((e) =>
        ['aria-label', 'title', 'aria-description'].map((name) => e.getAttribute(name) ?? ''),
      );
      const all = document.body.textContent + root.textContent + attributes.join('');
      return /[\u202a-\u202e\u2066-\u2069]/.test(all);
    });
  await page.locator('.bearer', { hasText: '⟦202E⟧' }).waitFor();
  // The service writes it out itself, in its own way.
  await page.locator('.standing', { hasText: '\\u202e' }).waitFor();
  await page.getByLabel('People').locator('option', { hasText: '\\u202e' }).waitFor({ state: 'attached' });
  assert.equal(await raw(), false);
  await page.getByRole('treeitem', { name: /First save/ }).click();
  await button('Restore…').click();
  await says('undoing 1 change by Eve\\u202enimda');
  assert.equal(await raw(), false);
  await act('Restore #1');
  await page.locator('.toast').waitFor();
  await page.getByLabel('People').selectOption('eve');
  await button('Snapshots').click();
  assert.equal(await raw(), false);
  await finish(page);
});
