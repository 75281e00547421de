/** What the console says of versions, names and people is what the service has, also while others go on. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Service, accessible, browser, finish, hands, newPage, open, refresh, start } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {string} */ let ben;
/** @type {string} */ let cleo;
const api = (env) => `/v1/apps/crm/envs/${env}`;
const working = (env) => service.call('GET', `${api(env)}/working`);
const post = (env, path, body, token) => service.call('POST', `${api(env)}/${path}`, body, {}, token);
const opened = (env, options) => start(chrome, service, `crm/${env}`, options);

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  ben = service.token('ben', 'crm/*:publisher');
  cleo = service.token('cleo', 'crm/*:publisher');
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

/** Saves each as a version. @param {string} env @param {...[any, string?]} saves */
async function saved(env, ...saves) {
  for (const [n, [config, token]] of saves.entries())
    await service.save(`crm/${env}`, { ...config, ...(n === 0 && { first: true }) }, token);
}
/** What a download holds. */
async function downloaded(page, press) {
  const download = page.waitForEvent('download');
  await press();
  const got = await download;
  return { name: got.suggestedFilename(), config: JSON.parse(readFileSync(await got.path(), 'utf8')) };
}
const detail = (page) => page.locator('.detail');

test('B1: a promoted release shows, compares, restores and downloads its own config', async () => {
  await saved('b1-staging', [{ theme: 'red' }]);
  await post('b1-staging', 'snapshots', { name: 's1' });
  await post('b1', 'publish', { from: { env: 'b1-staging', snapshot: 's1' } });
  await service.save('crm/b1', { theme: 'blue', more: 1 });
  await post('b1', 'publish', { version: 4 });
  await service.save('crm/b1-staging', { theme: 'green' });
  await post('b1-staging', 'snapshots', { name: 's2' });
  await post('b1', 'publish', { from: { env: 'b1-staging', snapshot: 's2' }, go_ahead: true });
  const { subject } = await service.call('GET', `${api('b1')}/versions/7`);
  const { page, button, says, act } = await opened('b1');
  // That it came from staging is on the row, and in the facts.
  await page.getByRole('treeitem', { name: /from s2 \(#3\) of b1-staging/ }).waitFor();
  for (const version of [7, 8]) {
    await page.evaluate((n) => document.querySelector('waymark-history').openVersion(n), version);
    await detail(page).getByText(`#${version}`, { exact: false }).first().waitFor();
    const got = await downloaded(page, () => button('Download JSON').click());
    assert.deepEqual([got.name, got.config], ['crm-b1-snapshot-v3.json', { theme: 'green' }]);
    await detail(page)
      .locator('.facts', { hasText: subject.sha256.slice(0, 12) })
      .waitFor();
    await detail(page)
      .locator('.facts', { hasText: `${subject.bytes} bytes` })
      .waitFor();
    await detail(page).locator('.facts', { hasText: 's2 (#3) of b1-staging' }).waitFor();
  }
  await page.evaluate(() => document.querySelector('waymark-history').openVersion(7));
  await detail(page).getByText('from v3 (#7) to #8').waitFor();
  await detail(page).locator('.change', { hasText: 'theme' }).waitFor();
  await button('Restore…').click();
  await says('Restore v3', 'undoing 2 changes');
  await act('Restore v3');
  await page.locator('.toast', { hasText: 'Reverted changes to v3' }).waitFor();
  assert.deepEqual(await working('b1'), { theme: 'green' });
  await finish(page);
});

test('B2: a release that has no note is renamed, gets a note, and loses it', async () => {
  await saved('b2', [{ n: 1 }]);
  await post('b2', 'publish', { version: 1 });
  const { page, button, dialog, act, row, toast } = await opened('b2');
  await button('Snapshots').click();
  await row(/v1/);
  const field = (name) => dialog().getByLabel(name, { exact: true });
  const ready = () => dialog().getByText('goes on working as another name of it').waitFor();
  await button('Rename…').click();
  await ready();
  await field('Name').fill('winter-1');
  await act('Rename snapshot');
  await toast('Renamed v1 to winter-1');
  const listed = async () => (await service.call('GET', `${api('b2')}/snapshots`)).items[0];
  assert.equal((await listed()).name, 'winter-1');
  for (const note of ['First winter release', '']) {
    await button('Rename…').click();
    await ready();
    await field('Note').fill(note);
    await act('Rename snapshot');
    await toast('Changed the note of winter-1');
    // The toast of the note before says the same.
    await dialog().waitFor({ state: 'detached' });
    assert.equal((await listed()).note ?? '', note);
  }
  await finish(page);
});

test('B3: a rename is seen wherever the snapshot is, and is taken back', async () => {
  await saved('b3', [{ n: 1 }]);
  await post('b3', 'publish', { version: 1, note: 'Out' });
  await saved('b3-other', [{ n: 1 }]);
  const { page, button, dialog, act, row, says, toast } = await opened('b3');
  await page.locator('.stands.live time').waitFor();
  await service.call('PATCH', `${api('b3')}/snapshots/v1`, { name: 'winter-1', note: 'First' });
  await service.save('crm/b3', { n: 2 });
  await refresh(page);
  await page
    .getByRole('treeitem', { name: /^.*winter-1.*then v1/ })
    .first()
    .waitFor();
  await page.getByRole('treeitem', { name: /Published winter-1/ }).waitFor();
  // Who and when stay in the header.
  await page.locator('.stands.live', { hasText: 'winter-1' }).waitFor();
  await page.locator('.stands.live time').waitFor();
  await button('Releases').click();
  await row(/Published winter-1/);
  await page.getByRole('heading', { name: 'Published winter-1' }).waitFor();
  await button('Snapshots').click();
  await row(/First/);
  await page.getByRole('heading', { name: 'winter-1', exact: false }).first().waitFor();
  await button('Rename…').click();
  await says('winter-1 goes on working as another name of it');
  assert.equal(await dialog().getByLabel('Name', { exact: true }).inputValue(), 'winter-1');
  assert.equal(await dialog().getByLabel('Note', { exact: true }).inputValue(), 'First');
  await dialog().getByLabel('Name', { exact: true }).fill('v1');
  await dialog().getByLabel('Note', { exact: true }).fill('Second');
  await act('Rename snapshot');
  await toast('Renamed winter-1 to v1');
  // The entry of the renaming is about the snapshot, too.
  await service.call('PATCH', `${api('b3')}/snapshots/v1`, { name: 'first' });
  await refresh(page);
  await button('All').click();
  await row(/Renamed v1 to first/);
  await detail(page).getByText('from first (#1) to #').waitFor();
  await detail(page).locator('.change', { hasText: 'n' }).first().waitFor();
  const got = await downloaded(page, () => button('Download JSON').click());
  assert.deepEqual(got.config, { n: 1 });
  await page
    .getByLabel('Compare with')
    .locator('option', { hasText: 'what users see (first)' })
    .waitFor({ state: 'attached' });
  // Also where the filter hides that it was renamed.
  await button('Releases').click();
  await page.getByRole('treeitem', { name: /Published first/ }).waitFor();
  await service.call('PATCH', `${api('b3')}/snapshots/first`, { name: 'last' });
  await refresh(page);
  await page.getByRole('treeitem', { name: /Published last/ }).waitFor();
  await finish(page);
});

test('a name that is known late is that of what is compared, too', async () => {
  await saved('late', [{ n: 1 }], [{ n: 2 }, ben]);
  await post('late', 'snapshots', { name: 'old', version: 1 });
  await service.call('PATCH', `${api('late')}/snapshots/old`, { name: 'new' });
  const page = await newPage(chrome);
  let answer = () => {};
  const asked = new Promise((resolve) => (answer = () => resolve(null)));
  await page.route('**/snapshots?**', (route) => asked.then(() => route.continue()));
  await open(page, service, 'crm/late', service.admin, '&version=3');
  await detail(page).getByText('from old (#1) to').waitFor();
  answer();
  await detail(page).getByText('from new (#1) to').waitFor();
  await finish(page);
});

test('B4: Undo and Bring back show what will come out, and what cannot be done', async () => {
  await saved('b4', [{ title: 'A', n: 1 }], [{ title: 'B', n: 1 }, ben], [{ title: 'C', n: 1 }, cleo]);
  const { page, row, button, says, act, dialog } = await opened('b4');
  await row(/Ben/);
  await page.getByRole('checkbox', { name: /title/ }).check();
  await button('Bring back 1 selected part…').click();
  await dialog().locator('.change .before', { hasText: 'C' }).waitFor();
  await dialog().locator('.change .after', { hasText: 'A' }).waitFor();
  await act('Cancel');
  // A later edit changed the same: it is said before one presses.
  await button('Undo this edit…').click();
  await says('a later edit changed the same', /changed since by Cleo/);
  assert.ok(await dialog().getByRole('button', { name: 'Undo #2' }).isDisabled());
  await accessible(page, 'an undo that is not possible');
  await act('Cancel');
  // What was undone already.
  await post('b4', 'restore', { undo: 3 });
  await refresh(page);
  await row(/Cleo/);
  await button('Undo this edit…').click();
  await says('no change: nothing of it is left in the working version.');
  assert.ok(await dialog().getByRole('button', { name: 'Undo #3' }).isDisabled());
  await finish(page);
});

test('B8: after a start with a token that is not taken, the header comes back with a good one', async () => {
  await saved('b8', [{ n: 1 }]);
  const page = await newPage(chrome);
  await open(page, service, 'crm/b8', 'x.y.z');
  const { button } = hands(page);
  await button('Sign in again').click();
  await page.getByLabel(/^Token/).fill(service.admin);
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('treeitem').first().waitFor();
  await page.getByLabel('Environment', { exact: true }).waitFor();
  await page.locator('.bearer', { hasText: 'Local administrator' }).waitFor();
  await finish(page);
});

test('B9: the working version is by whoever edited it last, whatever others did since', async () => {
  await saved('b9', [{ n: 1 }], [{ n: 2 }, cleo]);
  const { page } = await opened('b9');
  const by = page.locator('.stands.working', { hasText: 'Cleo' });
  await by.waitFor();
  for (const [path, body] of [
    ['publish', { version: 1 }],
    ['snapshots', { name: 'a' }],
    ['publish', { snapshot: 'a' }],
    ['rollback', {}],
  ]) {
    await post('b9', path, body);
    await refresh(page);
    await page.waitForFunction(
      (n) => document.querySelector('waymark-history').shadowRoot.querySelectorAll('.row').length >= n,
      2,
    );
    await by.waitFor();
    assert.equal(await page.locator('.stands.working', { hasText: 'Local administrator' }).count(), 0, path);
  }
  await service.call('PATCH', `${api('b9')}/snapshots/a`, { name: 'b' });
  await refresh(page);
  await by.waitFor();
  await finish(page);
});

test('B10: an open entry follows what is live, and what was ticked is not ticked after it came back', async () => {
  await saved('b10', [{ title: 'A', n: 1 }], [{ title: 'B', n: 1 }, ben]);
  await post('b10', 'publish', { version: 1 });
  await post('b10', 'publish', { version: 2 });
  const { page, row, button, act, toast } = await opened('b10');
  await row(/Published v2/);
  await detail(page).locator('.badge.live').waitFor();
  await detail(page).locator('option', { hasText: 'what users see (v2)' }).waitFor({ state: 'attached' });
  await post('b10', 'rollback', {}, ben);
  await refresh(page);
  await detail(page).locator('.badge', { hasText: 'Release' }).waitFor();
  await detail(page).locator('option', { hasText: 'what users see (v1)' }).waitFor({ state: 'attached' });
  await page.evaluate(() => document.querySelector('waymark-history').openVersion(2));
  await page.getByRole('checkbox', { name: /title/ }).check();
  await button('Bring back 1 selected part…').click();
  await act('Bring back 1 part');
  await toast('Brought back title from #1');
  assert.equal(await page.getByRole('checkbox', { name: /title/ }).isChecked(), false);
  assert.equal(await button(/Bring back/).isVisible(), false);
  await finish(page);
});

test('B11: where the answer is lost nobody says that nothing was changed, and trying again does it once', async () => {
  await saved('b11', [{ n: 1 }]);
  const { page, button, dialog, says, act, toast } = await opened('b11');
  let lost = true;
  await page.route('**/snapshots', async (route) => {
    if (!lost || route.request().method() !== 'POST') return route.continue();
    lost = false;
    await route.fetch();
    return route.abort();
  });
  await button('Create snapshot').click();
  await dialog().getByLabel('Name', { exact: true }).fill('once');
  await act('Create snapshot');
  await says('No answer came, so it is not known whether this was done. Try again');
  assert.equal(await dialog().getByText('Nothing was changed').count(), 0);
  await act('Try again');
  await toast('once');
  assert.equal((await service.call('GET', `${api('b11')}/snapshots`)).items.length, 1);
  await finish(page);
});

test('B12: what the check finds in a save is said', async () => {
  // First, since a save believes what it read of a schema for half a minute.
  await service.call('PUT', `${api('b12')}/settings`, { schema: { properties: { title: { maxLength: 5 } } } });
  await saved('b12', [{ title: 'Desk' }]);
  const { page, menu, act, toast, row, button, says } = await opened('b12');
  await menu('Edit JSON…');
  await page.locator('textarea.json:not([disabled])').fill('{"title": "A longer title"}');
  await act('Save JSON');
  await toast(/title\..*does not pass the check of this environment: title: .*5/);
  // Also before a restore.
  await service.save('crm/b12', { title: 'Short' });
  await refresh(page);
  await row(/Local administrator/);
  await page.evaluate(() => document.querySelector('waymark-history').openVersion(2));
  await button('Restore…').click();
  await says('Restore #2', 'This does not pass the check of this environment');
  await act('Cancel');
  // And before one publishes.
  await button('Publish…').click();
  await says('Publish v1 to b12?', 'This does not pass the check of this environment', /title: .*5/);
  await accessible(page, 'a check that fails, before one publishes');
  await finish(page);
});

test('B13: a restore whose question was open while others saved takes nothing away that was not shown', async () => {
  await saved('b13', [{ n: 1 }], [{ n: 2 }, ben], [{ n: 3 }, cleo]);
  const { page, row, button, says, act, dialog, toast } = await opened('b13');
  await row(/First save/);
  await button('Restore…').click();
  await says('undoing 1 change by Cleo and Ben');
  await service.save('crm/b13', { n: 3, page: 'hers' }, cleo);
  await act('Restore #1');
  await says('b13 was changed meanwhile', 'undoing 2 changes by Cleo and Ben');
  await accessible(page, 'a question that somebody else changed');
  assert.deepEqual(await working('b13'), { n: 3, page: 'hers' });
  // It is seen without pressing, too.
  await service.save('crm/b13', { n: 3, page: 'hers', third: 1 }, ben);
  await refresh(page);
  await says('undoing 3 changes', 'b13 was changed meanwhile. This is what it means now.');
  // Where nothing that was shown is another, nobody is asked again.
  await post('b13', 'snapshots', { name: 'between' });
  await act('Restore #1');
  await toast('Reverted changes to #1');
  assert.deepEqual(await working('b13'), { n: 1 });
  assert.equal(await dialog().count(), 0);
  await finish(page);
});
