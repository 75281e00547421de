import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Service, browser, finish, hands, newPage, open } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
const api = (env) => `/v1/apps/crm/envs/${env}`;

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  await service.save('crm/staging', {
    first: true,
    title: 'Desk',
    url: 'https://staging.example.com',
    pages: [{ id: 'a', title: 'Start' }],
  });
  await service.call('POST', `${api('staging')}/snapshots`, { name: 'rc1' });
  await service.save('crm/staging', {
    title: 'Desk two',
    url: 'https://staging.example.com',
    pages: [
      { id: 'a', title: 'Start' },
      { id: 'b', title: 'Help' },
    ],
  });
  await service.call('POST', `${api('staging')}/snapshots`, { name: 'rc2' });
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

const start = async (env) => {
  const page = await newPage(chrome);
  await open(page, service, `crm/${env}`);
  const fromStaging = () => page.getByLabel('Environment', { exact: true }).last().selectOption('staging');
  return { page, fromStaging, ...hands(page) };
};
const standing = (env) => service.call('GET', api(env));

test("another environment's snapshot is published after a look, under the name that was shown", async () => {
  await service.save('crm/one', { first: true, title: 'Desk', url: 'https://example.com', pages: [] });
  await service.call('PUT', `${api('one')}/settings`, { keep: ['/url'] });
  await service.call('POST', `${api('one')}/publish`, { from: { env: 'staging', snapshot: 'rc1' }, go_ahead: true });
  const { page, menu, says, act, dialog, focused, toast, fromStaging } = await start('one');
  await page.getByRole('treeitem').first().waitFor();
  await menu('Publish from another environment…');
  await fromStaging();
  await says("from v1 to v2, which is staging's rc2, 2 changes, within 5 seconds", 'no change', '1 changed, 1 added');
  assert.equal(await focused(), 'Cancel');
  await says('1 value of this environment stay as they are');
  assert.equal(await dialog().locator('.change', { hasText: 'url' }).count(), 0);
  // The one before, which users have.
  await dialog().getByLabel('Snapshot').selectOption('rc1');
  await says('No changes');
  await dialog().getByLabel('Snapshot').selectOption('rc2');
  await says('2 changes');
  await act('Publish v2');
  await toast('Published v2. Users have it within 5 seconds.');
  const { live } = await standing('one');
  assert.equal(live.name, 'v2');
  const seen = await service.call('GET', `${api('one')}/live`);
  assert.deepEqual([seen.title, seen.url], ['Desk two', 'https://example.com']);
  await finish(page);
});

test('what would be lost is listed, and only then one may go ahead', async () => {
  await service.save('crm/two', { first: true, title: 'Mine', pages: [] });
  await service.call('POST', `${api('two')}/publish`, { version: 1 });
  const { page, menu, says, act, dialog, fromStaging } = await start('two');
  await page.getByRole('treeitem').first().waitFor();
  await menu('Publish from another environment…');
  await fromStaging();
  await says("which is staging's rc2");
  await act('Publish v2');
  await says('Nothing was published. These changes were made in two, and rc2 does not have them', 'First save');
  assert.equal((await standing('two')).live.name, 'v1');
  // Another choice has to be looked at anew.
  await dialog().getByLabel('Snapshot').selectOption('rc1');
  await says("which is staging's rc1");
  await act('Publish v2');
  await says('rc1 does not have them');
  await act('Publish v2 without them');
  await page.locator('.stands.live', { hasText: 'v2' }).waitFor();
  assert.equal((await service.call('GET', `${api('two')}/live`)).title, 'Desk');
  assert.equal((await service.call('GET', `${api('two')}/working`)).title, 'Mine');
  await finish(page);
});

test('a new environment begins with a promotion', async () => {
  const { page, button, says, act, fromStaging } = await start('new');
  await button('Publish from another environment…').click();
  await fromStaging();
  await says("from here on they see v1, which is staging's rc2", 'the history of new begins with it');
  await act('Publish v1');
  await page.locator('.stands.live', { hasText: 'v1' }).waitFor();
  assert.equal((await service.call('GET', `${api('new')}/working`)).title, 'Desk two');
  await finish(page);
});

test('somebody was faster, and the name is taken', async () => {
  await service.save('crm/three', { first: true, title: 'Desk', pages: [] });
  await service.call('POST', `${api('three')}/publish`, { from: { env: 'staging', snapshot: 'rc1' }, go_ahead: true });
  const { page, menu, says, act, button, fromStaging } = await start('three');
  await page.getByRole('treeitem').first().waitFor();
  await menu('Publish from another environment…');
  await fromStaging();
  await says('from v1 to v2');
  await service.call('POST', `${api('three')}/snapshots`, { name: 'v2' });
  await act('Publish v2');
  await says('There is a snapshot called v2 already. Nothing was published.');
  await act('Review again');
  await says("from v1 to v3, which is staging's rc2");
  await service.call('POST', `${api('three')}/publish`, { snapshot: 'v2' });
  await act('Publish v3');
  await says('published v2 just now');
  await act('Review again');
  await says("from v2 to v3, which is staging's rc2");
  await act('Cancel');
  // The same for a version of its own: what was read before is what is made, or nothing is.
  await service.save('crm/three', { title: 'Desk three' });
  await page.getByText('changes not live').waitFor();
  await button('Review & publish').click();
  await says('Publish v3 to three?');
  await service.call('POST', `${api('three')}/snapshots`, { name: 'v3', version: 1 });
  await act('Publish v3');
  await says('There is a snapshot called v3 already. Nothing was published.');
  await act('Review again');
  await says('Publish v4 to three?');
  await act('Publish v4');
  await page.locator('.stands.live', { hasText: 'v4' }).waitFor();
  await finish(page);
});

test('nothing to bring: no other environment, and one without snapshots', async () => {
  await service.save('hr/production', { first: true, n: 1 });
  const page = await newPage(chrome);
  await open(page, service, 'hr/production');
  await page.getByRole('treeitem').first().waitFor();
  const { menu, says, act, dialog } = hands(page);
  await menu('Publish from another environment…');
  await says('You can see no other environment of hr.');
  assert.ok(await dialog().getByRole('button', { name: 'Publish', exact: true }).isDisabled());
  await act('Cancel');
  await service.save('hr/empty', { first: true, n: 1 });
  await menu('Publish from another environment…');
  await says('empty has no snapshots yet.');
  await finish(page);
});

test('in an emergency users are rolled back although nobody can see what that changes', async () => {
  await service.save('crm/four', { first: true, n: 1 });
  await service.call('POST', `${api('four')}/publish`, { version: 1 });
  await service.save('crm/four', { n: 2 });
  await service.call('POST', `${api('four')}/publish`, { version: 4 });
  const { page, button, says, act, toast } = await start('four');
  await page.route('**/diff?**', (route) =>
    route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      body: JSON.stringify({ type: 'urn:waymark:problem:config-damaged', version: 4, detail: 'It is damaged.' }),
    }),
  );
  await button('Roll back to v1').click();
  await says('What this changes cannot be shown.', 'from v2 back to v1, changes that cannot be shown');
  await act('Roll back to v1');
  await toast('Rolled back to v1');
  assert.equal((await standing('four')).live.name, 'v1');
  await finish(page);
});
