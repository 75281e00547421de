import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Service, browser, finish, open, start } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {any} */ let hand;
/** @type {any} */ let page;
/** @type {string} */ let ben;
let place = 'crm/production';
let api = '';
let count = 0;

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  ben = service.token('ben', '*/*:publisher');
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

/** Every test has an environment of its own, with two edits after the first save. */
beforeEach(async () => {
  place = `crm/test-${++count}`;
  api = `/v1/apps/crm/envs/test-${count}`;
  await service.save(place, {
    first: true,
    title: 'Desk',
    pages: [
      { id: 'a', title: 'Start' },
      { id: 'b', title: 'Help' },
    ],
    sql: 'SELECT *\nFROM orders\nWHERE open\nLIMIT 10',
  });
  await service.save(
    place,
    {
      title: 'Desk',
      pages: [
        { id: 'a', title: 'Start' },
        { id: 'b', title: 'Help' },
      ],
      sql: 'SELECT *\nFROM orders\nLIMIT 10',
    },
    ben,
  );
  await service.save(place, {
    title: 'Desk two',
    pages: [{ id: 'a', title: 'Start' }],
    sql: 'SELECT *\nFROM orders\nLIMIT 10',
  });
});

const opened = async () => {
  hand = await start(chrome, service, place);
  page = hand.page;
};
const button = (name) => hand.button(name);
const menu = (name) => hand.menu(name);
const dialog = () => hand.dialog();
const act = (name) => hand.act(name);
const toast = (text) => hand.toast(text);
const row = (name) => hand.row(name);
const working = () => service.call('GET', `${api}/working`);
const standing = () => service.call('GET', api);
/** The dialog says these, and has the focus on Cancel. */
async function says(...texts) {
  await hand.says(...texts);
  assert.equal(await hand.focused(), 'Cancel');
}

test('restore shows what it undoes, and can be undone from the toast', async () => {
  await opened();
  await row(/First save/);
  await button('Restore…').click();
  await says(
    'Restore #1',
    'working becomes #1, undoing 3 changes',
    'by Local administrator and Ben',
    'Users',
    'they see this immediately',
  );
  await act('Restore #1');
  await toast('Reverted changes to #1');
  assert.equal((await working()).title, 'Desk');
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await toast('Undone');
  assert.equal((await working()).title, 'Desk two');
  await page
    .getByRole('treeitem', { name: /Reverted/ })
    .first()
    .waitFor();
  await finish(page);
});

test('publish, publish again, roll back and unpublish say what users and builders get', async () => {
  await opened();
  await button('Publish first release').click();
  await says('Publish v1 to test-', 'from here on they see v1 (#3)');
  await act('Publish v1');
  await toast('Users have it within 5 seconds');
  await page.locator('.stands.live', { hasText: 'v1' }).waitFor();
  await page.locator('.row.is-published .badge.live').waitFor();
  assert.equal((await standing()).live.name, 'v1');
  await service.save(place, { title: 'Desk three' });
  await button('Review & publish').click();
  await says('Publish v2 to test-', 'from v1 to v2 (#6), 3 changes, within 5 seconds', 'no change');
  await act('Publish v2');
  await page.locator('.stands.live', { hasText: 'v2' }).waitFor();
  await button('Roll back to v1').click();
  await says('Roll back users to v1?', 'from v2 back to v1', "they keep everything, including v2's changes");
  await act('Roll back to v1');
  await toast('Rolled back to v1');
  assert.equal((await standing()).live.name, 'v1');
  await menu('Make every edit live…');
  await says('3 changes become visible now');
  await act('Unpublish v1');
  await toast('Every edit is live now');
  await page.getByText('Every edit is live', { exact: true }).waitFor();
  assert.equal((await standing()).live, null);
  await finish(page);
});

test('somebody published meanwhile: nothing is done, and it is reviewed again', async () => {
  await service.call('POST', `${api}/publish`, { version: 1 });
  await opened();
  await button('Review & publish').click();
  await says('from v1 to v2 (#5)');
  await service.call('POST', `${api}/publish`, { version: 2 }, {}, ben);
  await dialog()
    .getByRole('button', { name: /^Publish v/ })
    .click();
  await dialog().getByText('Ben published v2 just now').waitFor();
  assert.equal((await standing()).live.name, 'v2');
  await act('Review again');
  await dialog().getByText('from v2 to').waitFor();
  await finish(page);
});

test('what does not pass the check is not published, and it says where', async () => {
  await service.call('PUT', `${api}/settings`, { schema: { properties: { title: { maxLength: 4 } } } });
  await opened();
  await button('Publish first release').click();
  await act('Publish v1');
  await dialog().locator('.dialog-note', { hasText: 'does not pass the check' }).waitFor();
  await dialog()
    .locator('.dialog-note li', { hasText: /^title: / })
    .waitFor();
  assert.equal((await standing()).live, null);
  await finish(page);
});

test('a snapshot gets a name, and another one', async () => {
  await opened();
  await button('Create snapshot').click();
  assert.match(await dialog().getByLabel('Name', { exact: true }).inputValue(), /^\d{4}-\d\d-\d\d/);
  await dialog().getByLabel('Name', { exact: true }).fill('12');
  await act('Create snapshot');
  await dialog().getByText('Digits alone would be a version').waitFor();
  await dialog().getByLabel('Name', { exact: true }).fill('spring');
  await dialog().getByLabel('Note').fill('Before the sale');
  await dialog()
    .getByRole('button', { name: /Create snapshot|Try again/ })
    .click();
  await row(/spring/);
  await button('Rename…').click();
  await dialog().getByLabel('Name', { exact: true }).fill('easter');
  await act('Rename snapshot');
  await toast('Renamed spring to easter');
  assert.equal((await service.call('GET', `${api}/snapshots`)).items[0].name, 'easter');
  await button('Create snapshot').click();
  await dialog().getByLabel('Name', { exact: true }).fill('easter');
  await act('Create snapshot');
  await dialog().getByText('There is a snapshot called easter already').waitFor();
  await finish(page);
});

test('one edit is undone and what came later stays', async () => {
  await opened();
  await row(/sql/);
  await page.locator('.line.removed', { hasText: 'WHERE open' }).waitFor();
  await button('Undo this edit…').click();
  await says('Undo #2?', 'What came later stays');
  await act('Undo #2');
  await page.locator('.toast').waitFor();
  const config = await working();
  assert.ok(config.sql.includes('WHERE open') && config.title === 'Desk two', JSON.stringify(config));
  await finish(page);
});

test('an edit that was overwritten is not undone', async () => {
  await service.save(place, { title: 'Desk three', pages: [], sql: '' });
  await opened();
  await row(/Ben/);
  await button('Undo this edit…').click();
  await dialog().getByText('a later edit changed the same').waitFor();
  assert.ok(await dialog().getByRole('button', { name: 'Undo #2' }).isDisabled());
  assert.equal((await working()).title, 'Desk three');
  await finish(page);
});

test('a part is brought back alone', async () => {
  await opened();
  await row(/title and 1 more|Desk|1 changed/);
  await page.getByRole('checkbox', { name: /Help/ }).check();
  await button('Bring back 1 selected part…').click();
  await says('Bring back 1 part from #2?', 'everything else stays');
  await act('Bring back 1 part');
  await page.locator('.toast').waitFor();
  const config = await working();
  assert.deepEqual([config.pages.map((p) => p.id), config.title], [['a', 'b'], 'Desk two']);
  await finish(page);
});

test('what was moved cannot be brought back as a part, since only its place is another', async () => {
  const b = { id: 'b', title: 'Help' };
  const c = { id: 'c', title: 'Contact' };
  await service.save(place, { pages: [{ id: 'a', title: 'Start' }, b, c] });
  await service.save(place, { pages: [c, { id: 'a', title: 'Home' }, b] }, ben);
  await opened();
  await row(/Ben/);
  await page.locator('.change.op-move', { hasText: 'Contact' }).waitFor();
  assert.equal(await page.locator('.change').count(), 2);
  assert.equal(await page.getByRole('checkbox').count(), 1);
  await page.getByRole('checkbox', { name: /title/ }).check();
  await button('Bring back 1 selected part…').click();
  await act('Bring back 1 part');
  await page.locator('.toast').waitFor();
  assert.deepEqual((await working()).pages, [c, { id: 'a', title: 'Start' }, b]);
  await finish(page);
});

test('what alone differs between texts, and what a moved element follows, is said in words', async () => {
  const pages = ['a', 'b', 'c'].map((id) => ({ id, title: `Page ${id}` }));
  await service.save(place, { pages, line: 'one\ntwo\n', name: 'Desk', code: 'x' });
  await service.save(
    place,
    { pages: [pages[1], pages[2], pages[0]], line: 'one\r\ntwo\r\n', name: 'DESK', code: 'x\u200b' },
    ben,
  );
  await opened();
  await row(/Ben/);
  const list = page.locator('.detail .changes');
  for (const text of ['only line ends', 'only case', 'only invisible characters', /Now after .*Page c.*: from/])
    await list.getByText(text).first().waitFor();
  await finish(page);
});

test('who changed a line, a link to it, and its JSON', async () => {
  await opened();
  await row(/Ben/);
  await button('Who changed this? sql').click();
  await dialog().getByText('Ben', { exact: true }).waitFor();
  await act('Open #2');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await button('Copy link').click();
  await toast('Link copied');
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /#app=crm&env=test-\d+&version=2$/);
  const download = page.waitForEvent('download');
  await button('Download JSON').click();
  assert.match((await download).suggestedFilename(), /^crm-test-\d+-v2\.json$/);
  await open(page, service, place, service.admin, '&version=2');
  await page.getByRole('heading', { name: 'sql' }).waitFor();
  await finish(page);
});

test('who removed what is gone, also where other elements have its place now', async () => {
  const pages = (...ids) => ({ title: 'Desk two', pages: ids.map((id) => ({ id, title: id.toUpperCase() })) });
  await service.save(place, pages('x', 'y', 'z'), ben);
  await service.save(place, pages('y', 'z'), service.token('cleo', 'crm/*:editor'));
  for (const n of [1, 2, 3]) await service.save(place, { ...pages('y', 'z'), n }, ben);
  await service.save(place, { ...pages('y'), n: 3 });
  await opened();
  await open(page, service, place, service.admin, '&version=4');
  await page.getByLabel('Compare with').selectOption('working');
  await page.getByText('from #4 to #9').waitFor();
  await button('Who removed this? Page "X"').click();
  await dialog().getByRole('heading', { name: 'Who removed this?' }).waitFor();
  await dialog().getByText(/^Cleo/).waitFor();
  await dialog().getByText('not there').waitFor();
  await dialog().getByText('"title": "X"').waitFor();
  await act('Open #5');
  await page.getByText('from #4 to #5').waitFor();
  await button('Who removed this? Page "X"').click();
  await dialog().getByText(/^Cleo/).waitFor();
  await act('Close');
  await open(page, service, place, service.admin, '&version=4');
  await page.getByLabel('Compare with').selectOption('working');
  await page.getByText('from #4 to #9').waitFor();
  // A look that fails is taken again.
  let fails = true;
  await page.route('**/diff?**', (route) => (fails ? route.abort() : route.continue()));
  await button('Who removed this? Page "Z"').click();
  await dialog().getByText('You are offline, or the service is').waitFor();
  fails = false;
  await act('Try again');
  await dialog()
    .getByText(/^Local administrator/)
    .waitFor();
  await dialog().getByRole('button', { name: 'Open #9' }).waitFor();
  await finish(page);
});

test('what went with the whole around it was removed with that, though the rest is back', async () => {
  const x = { id: 'x', title: 'X' };
  const cleo = service.token('cleo', 'crm/*:editor');
  for (const [pages, who] of [
    [[{ ...x, note: 'n' }], ben],
    [[], cleo],
    [[{ id: 'y' }], ben],
    [[x], undefined],
  ])
    await service.save(place, { pages }, who);
  await opened();
  await open(page, service, place, service.admin, '&version=4');
  await page.getByLabel('Compare with').selectOption('working');
  await page.getByText('from #4 to #7').waitFor();
  await button('Who removed this? Page "X" › note').click();
  await dialog().getByText(/^Cleo/).waitFor();
  await finish(page);
});

test('a click is not lost when somebody saves meanwhile', async () => {
  await opened();
  await button('Backups').hover();
  await page.mouse.down();
  await service.save(place, { title: 'Desk three' }, ben);
  await page.evaluate(() => document.querySelector('waymark-history').refresh());
  await page.locator('.stands.working', { hasText: '#4' }).waitFor();
  await page.mouse.up();
  await dialog().getByText('A backup every day').waitFor();
  await finish(page);
});

test('compare with the working version', async () => {
  await opened();
  await row(/First save/);
  await page.getByLabel('Compare with').selectOption('working');
  await page.getByText('from #1 to #3').waitFor();
  assert.equal(await page.locator('.change').count(), 3);
  await finish(page);
});

test('JSON by hand: the place of a fault, a merge, and a conflict that is decided field by field', async () => {
  await opened();
  await menu('Edit JSON…');
  const area = dialog().getByLabel('The config as JSON');
  await page.waitForFunction(
    () => document.querySelector('waymark-history').shadowRoot.querySelector('textarea')?.value,
  );
  await area.fill('{\n  "title": oops\n}');
  await act('Save JSON');
  await dialog()
    .getByText(/line 2, column \d+/)
    .waitFor();
  const mine = { title: 'Mine', pages: [{ id: 'a', title: 'Start of mine' }], sql: 'mine' };
  await area.fill(JSON.stringify(mine));
  await service.save(
    place,
    {
      title: 'Bens',
      pages: [
        { id: 'new', title: 'New' },
        { id: 'a', title: 'Start' },
      ],
      sql: 'bens',
    },
    ben,
  );
  await dialog()
    .getByRole('button', { name: /Save JSON|Try again/ })
    .click();
  await page.getByRole('heading', { name: 'Ben changed the same' }).waitFor();
  await dialog().getByRole('group', { name: 'title' }).getByLabel('Keep mine').check();
  await dialog().getByRole('group', { name: 'sql' }).getByLabel("Keep Ben's").check();
  await act('Save the decisions');
  await page.locator('.toast').waitFor();
  const config = await working();
  assert.deepEqual(
    [config.title, config.sql, config.pages],
    [
      'Mine',
      'bens',
      [
        { id: 'new', title: 'New' },
        { id: 'a', title: 'Start of mine' },
      ],
    ],
  );
  await finish(page);
});

test('backups are taken, downloaded, restored after a look, and sent by picker and by drop', async () => {
  await opened();
  await button('Backups').dblclick();
  await dialog().getByText('A backup every day').waitFor();
  assert.equal(await page.getByRole('dialog').count(), 1);
  await act('Take a backup');
  await dialog().getByText('Taken and verified: #3').waitFor();
  const mine = dialog().locator('.backup', { hasText: 'by hand' });
  await mine.getByText('verified').waitFor();
  const download = page.waitForEvent('download');
  await mine.getByRole('button', { name: 'Download' }).click();
  const file = await (await download).path();
  await service.save(place, { title: 'Broken' });
  await mine.getByRole('button', { name: 'Restore' }).click();
  await dialog().getByText('working becomes what is in the backup').waitFor();
  await dialog().locator('.change', { hasText: 'title' }).first().waitFor();
  await act('Restore backup');
  await page.waitForFunction(() => !document.querySelector('waymark-history').shadowRoot.querySelector('dialog'));
  assert.equal((await working()).title, 'Desk two');
  await service.save(place, { title: 'Broken again' });
  await button('Backups').click();
  await dialog()
    .locator('input[type=file]')
    .setInputFiles({
      name: 'a.waymark.json.gz',
      mimeType: 'application/gzip',
      buffer: (await import('node:fs')).readFileSync(file),
    });
  await page.getByRole('heading', { name: 'Restore a.waymark.json.gz?' }).waitFor();
  await dialog().locator('.change').first().waitFor();
  await act('Restore backup');
  await page.waitForFunction(() => !document.querySelector('waymark-history').shadowRoot.querySelector('dialog'));
  assert.equal((await working()).title, 'Desk two');
  await button('Backups').click();
  const data = await page.evaluateHandle(() => {
    const d = new DataTransfer();
    d.items.add(new File(['{"title":"Dropped"}'], 'x.json'));
    return d;
  });
  await dialog().locator('.drop').dispatchEvent('drop', { dataTransfer: data });
  await page.getByRole('heading', { name: 'Restore x.json?' }).waitFor();
  await act('Restore backup');
  await page.waitForFunction(() => !document.querySelector('waymark-history').shadowRoot.querySelector('dialog'));
  assert.equal((await working()).title, 'Dropped');
  await button('Backups').click();
  await dialog()
    .locator('input[type=file]')
    .setInputFiles({ name: 'no.json', mimeType: 'application/json', buffer: Buffer.from('{"half":') });
  await dialog().getByText('What this changes cannot be shown.').waitFor();
  assert.ok(await dialog().getByRole('button', { name: 'Restore backup' }).isDisabled());
  await finish(page);
});
