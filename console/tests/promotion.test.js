import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Service, accessible, browser, finish, problem, start } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {string} */ let ben;
const api = (env) => `/v1/apps/crm/envs/${env}`;

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  ben = service.token('ben', 'crm/*:editor');
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

/** @param {string} env @param {object} [options] */
const opened = async (env, options) => {
  const hand = await start(chrome, service, `crm/${env}`, options);
  const fromStaging = () => hand.dialog().getByLabel('Environment', { exact: true }).selectOption('staging');
  return { ...hand, fromStaging };
};
const standing = (env) => service.call('GET', api(env));

test("another environment's snapshot is published after a look, under the name that was shown", async () => {
  await service.save('crm/one', { first: true, title: 'Desk', url: 'https://example.com', pages: [] });
  await service.call('PUT', `${api('one')}/settings`, { keep: ['/url'] });
  await service.call('POST', `${api('one')}/publish`, { from: { env: 'staging', snapshot: 'rc1' }, go_ahead: true });
  const { page, menu, says, act, dialog, focused, toast, fromStaging } = await opened('one');
  await menu('Publish from another environment…');
  await fromStaging();
  await says("from v1 to v2, which is staging's rc2, 2 changes, within 5 seconds", 'no change', '1 changed, 1 added');
  assert.equal(await focused(), 'Cancel');
  await says('Values that the settings keep stay as they are in this environment.');
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

const ready = (dialog) => dialog().locator('.dialog-buttons button').last().isEnabled();
const live = (env) => service.call('GET', `${api(env)}/live`);

test('what would be lost is listed, and left out only when one says so', async () => {
  await service.save('crm/two', { first: true, title: 'Mine', pages: [] });
  await service.call('POST', `${api('two')}/publish`, { version: 1 });
  const { page, menu, says, act, dialog, fromStaging } = await opened('two');
  await menu('Publish from another environment…');
  await fromStaging();
  await says('two has changes that rc2 does not have', '#1 First save · Local administrator');
  // Without a promotion before, nobody knows what both have in common.
  await says('Nothing was promoted to two before, so they cannot be merged');
  assert.equal(
    await dialog()
      .getByLabel(/^Merge/)
      .count(),
    0,
  );
  assert.equal(await ready(dialog), false);
  await dialog().getByLabel('Leave them out').check();
  await says("from v1 to v2, which is staging's rc2, 4 changes", '1 changed, 3 added');
  // Another snapshot has to be looked at anew.
  await dialog().getByLabel('Snapshot').selectOption('rc1');
  await says('two has changes that rc1 does not have', 'Choose, and what users get is shown');
  assert.equal(await ready(dialog), false);
  await dialog().getByLabel('Leave them out').check();
  await act('Publish v2 without them');
  await page.locator('.stands.live', { hasText: 'v2' }).waitFor();
  assert.equal((await live('two')).title, 'Desk');
  assert.equal((await service.call('GET', `${api('two')}/working`)).title, 'Mine');
  await finish(page);
});

/** An environment that has rc1, and what Ben changed in it since. @param {string} env @param {any} edit */
async function following(env, edit) {
  await service.call('POST', `${api(env)}/publish`, { from: { env: 'staging', snapshot: 'rc1' } });
  const rc1 = { title: 'Desk', url: 'https://staging.example.com', pages: [{ id: 'a', title: 'Start' }] };
  await service.save(`crm/${env}`, { ...rc1, ...edit }, ben);
  const hand = await opened(env);
  await hand.menu('Publish from another environment…');
  await hand.fromStaging();
  await hand.says(`${env} has changes that rc2 does not have`, /· Ben,/);
  return hand;
}

test('changes of here are merged into what is promoted, after a look at the outcome', async () => {
  const { page, says, act, dialog, toast } = await following('merged', { fix: true });
  // What users have already loses nothing.
  await dialog().getByLabel('Snapshot').selectOption('rc1');
  await says('no change: this is what they have.');
  assert.equal(await dialog().getByRole('radio').count(), 0);
  await dialog().getByLabel('Snapshot').selectOption('rc2');
  await dialog().getByLabel('Merge them').check();
  await says(
    "from v1 to v2, which is staging's rc2 merged with changes by Ben, 3 changes, within 5 seconds",
    'no change.',
    '1 changed, 2 added',
  );
  assert.deepEqual(
    (await dialog().locator('.change .where').allTextContents()).sort(),
    ['Page "Help"', 'fix', 'title'].sort(),
  );
  await accessible(page, 'a merge');
  await act('Merge and publish v2');
  await toast('Published v2');
  const seen = await live('merged');
  assert.deepEqual([seen.title, seen.fix, seen.pages.length], ['Desk two', true, 2]);
  assert.equal((await service.call('GET', `${api('merged')}/working`)).title, 'Desk');
  await finish(page);
});

test('where both changed the same, both values are shown and whose they are, and nothing is merged', async () => {
  const { page, says, act, dialog } = await following('clash', { title: 'Counter' });
  await dialog().getByLabel('Merge them').check();
  await says('1 place was changed in both', 'Ben, in clash', 'In rc2', 'Counter', 'Desk two');
  await says('Nothing was published. Make them the same here or in staging, or leave the changes out.');
  assert.equal(await ready(dialog), false);
  assert.equal((await standing('clash')).live.name, 'v1');
  await accessible(page, 'a conflict');
  await dialog().getByLabel('Leave them out').check();
  await says('from v1 to v2');
  await act('Publish v2 without them');
  await page.locator('.stands.live', { hasText: 'v2' }).waitFor();
  assert.equal((await live('clash')).title, 'Desk two');
  await finish(page);
});

test('what is merged is what was shown: who edits meanwhile is shown first', async () => {
  const { page, says, act, dialog, toast } = await following('race', { fix: true });
  await dialog().getByLabel('Merge them').check();
  await says('1 changed, 2 added');
  await service.call(
    'PATCH',
    `${api('race')}/working`,
    { more: 1 },
    { 'Content-Type': 'application/merge-patch+json' },
  );
  await act('Merge and publish v2');
  await says('race was changed meanwhile, so nothing was published. Look again.', 'Local administrator and Ben');
  assert.equal((await standing('race')).live.name, 'v1');
  await says('1 changed, 3 added');
  await act('Merge and publish v2');
  await toast('Published v2');
  assert.equal((await live('race')).more, 1);
  await finish(page);
});

test('an edit after a look at a promotion that lost nothing is not promoted over', async () => {
  await service.call('POST', `${api('late')}/publish`, { from: { env: 'staging', snapshot: 'rc1' } });
  const { page, menu, says, act, dialog, fromStaging } = await opened('late');
  await menu('Publish from another environment…');
  await fromStaging();
  await says('from v1 to v2');
  await service.save('crm/late', { title: 'Late' }, ben);
  let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(null);
  });
  let looked = 0;
  await page.route('**/publish', async (route) => {
    // The look before it is published, and then the one that shows what it means now.
    if (route.request().postDataJSON().preview && looked++) await held;
    await route.continue();
  });
  await act('Publish v2');
  await says('late was changed meanwhile');
  assert.equal(await ready(dialog), false);
  release();
  await says('late has changes that rc2 does not have', /title.* · Ben,/);
  assert.equal(await ready(dialog), false);
  assert.equal((await standing('late')).live.name, 'v1');
  await finish(page);
});

test('an outcome that fails the check, cannot be computed or is too large to show', async () => {
  const { page, says, act, dialog, toast } = await following('checked', { fix: 'long' });
  await service.call('PUT', `${api('checked')}/settings`, { schema: { properties: { fix: { maxLength: 3 } } } });
  await dialog().getByLabel('Merge them').check();
  await says('this does not pass the check of this environment', /^fix: /);
  assert.equal(await ready(dialog), false);
  await service.call('PUT', `${api('checked')}/settings`, {});
  let answer = (route) => route.fulfill(problem(503, 'storage-unavailable', { detail: 'Storage does not answer.' }));
  await page.route('**/publish', (route) => answer(route));
  await act('Try again');
  await says('Storage does not answer.');
  answer = async (route) => {
    const response = await route.fetch();
    const { config, changes, ...rest } = await response.json();
    return route.fulfill({ response, json: rest });
  };
  await act('Try again');
  await says('merged with changes by Ben, changes that cannot be shown');
  await act('Merge and publish v2');
  await toast('Published v2');
  assert.equal((await live('checked')).fix, 'long');
  await finish(page);
});

test('a new environment begins with a promotion', async () => {
  const { page, button, says, act, fromStaging } = await opened('new', { empty: true });
  await button('Publish from another environment…').click();
  await fromStaging();
  await says("from here on they see v1, which is staging's rc2", 'the history of new begins with it');
  await act('Publish v1');
  await page.locator('.stands.live', { hasText: 'v1' }).waitFor();
  assert.equal((await service.call('GET', `${api('new')}/working`)).title, 'Desk two');
  await finish(page);
});

test('what a refusal says of one snapshot is not said of another', async () => {
  const { page, says, dialog } = await following('slow', { fix: true });
  await dialog().getByLabel('Snapshot').selectOption('rc1');
  await says('no change: this is what they have.');
  let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(null);
  });
  let refused = () => {};
  const late = new Promise((resolve) => {
    refused = () => resolve(null);
  });
  await page.route('**/publish', async (route) => {
    if (route.request().postDataJSON().from.snapshot === 'rc2') await held;
    await route.continue();
  });
  page.on('response', (response) => response.status() === 409 && refused());
  await dialog().getByLabel('Snapshot').selectOption('rc2');
  await dialog().locator('.skeleton').waitFor();
  await dialog().getByLabel('Snapshot').selectOption('rc1');
  await says('no change: this is what they have.');
  release();
  await late;
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  assert.equal(await dialog().getByRole('radio').count(), 0);
  await finish(page);
});

test('a version that lacks what was promoted is published only when one says so', async () => {
  await service.save('crm/lacking', { first: true, n: 1 });
  await service.call('POST', `${api('lacking')}/publish`, {
    from: { env: 'staging', snapshot: 'rc1' },
    go_ahead: true,
  });
  await service.save('crm/lacking', { n: 2 });
  const { page, button, says, act, toast, dialog } = await opened('lacking');
  await button('Review & publish').click();
  await says('from v1 to v2 (#');
  await act('Publish v2');
  await says('Users have changes that v2 does not have', /Promoted rc1/, 'Nothing was published.');
  await accessible(page, 'what users would lose');
  assert.equal((await live('lacking')).title, 'Desk');
  await act('Review again');
  await says('from v1 to v2 (#');
  await act('Publish v2 all the same');
  await toast('Published v2. Users have it');
  assert.deepEqual(await live('lacking'), { n: 2 });
  assert.equal(await dialog().count(), 0);
  await finish(page);
});

test('nobody here removed what users have from a promotion alone', async () => {
  await service.save('crm/never', { first: true, title: 'Mine' });
  await service.call('POST', `${api('never')}/publish`, { from: { env: 'staging', snapshot: 'rc2' }, go_ahead: true });
  await service.save('crm/never', { title: 'Mine two' }, ben);
  const { page, row, button, says } = await opened('never');
  await row(/Ben/);
  await page.getByLabel('Compare with').selectOption('live');
  await page.getByText('from v1 (#2) to #4').waitFor();
  await button('Who removed this? url').click();
  await says('Who removed this?', 'The working version never had it: it came with v1.');
  await finish(page);
});

test('somebody was faster, and the name is taken', async () => {
  await service.save('crm/three', { first: true, title: 'Desk', pages: [] });
  await service.call('POST', `${api('three')}/publish`, { from: { env: 'staging', snapshot: 'rc1' }, go_ahead: true });
  const { page, menu, says, act, button, dialog, fromStaging } = await opened('three');
  await menu('Publish from another environment…');
  await fromStaging();
  await says('from v1 to v2');
  await service.call('POST', `${api('three')}/snapshots`, { name: 'v2' });
  await act('Publish v2');
  await says('There is a snapshot called v2 already. Nothing was published.');
  await act('Review again');
  await says("from v1 to v3, which is staging's rc2");
  await service.call('POST', `${api('three')}/publish`, { snapshot: 'v2', go_ahead: true });
  await act('Publish v3');
  await says('published v2 just now');
  await act('Review again');
  await says('three has changes that rc2 does not have', 'Published v2');
  await dialog().getByLabel('Leave them out').check();
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
  const { page, menu, says, act, dialog } = await start(chrome, service, 'hr/production');
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
  const { page, button, says, act, toast } = await opened('four');
  await page.route('**/diff?**', (route) =>
    route.fulfill(problem(500, 'config-damaged', { version: 4, detail: 'It is damaged.' })),
  );
  await button('Roll back to v1').click();
  await says('What this changes cannot be shown.', 'from v2 back to v1, changes that cannot be shown');
  await act('Roll back to v1');
  await toast('Rolled back to v1');
  assert.equal((await standing('four')).live.name, 'v1');
  await finish(page);
});
