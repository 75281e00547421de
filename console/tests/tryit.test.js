import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Service, browser, finish, newPage } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
const api = '/v1/apps/refund-desk/envs/production';

before(async () => {
  service = await Service.start();
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

test('the six steps of "Try it"', async () => {
  const page = await newPage(chrome, { viewport: { width: 1400, height: 900 } });
  await page.goto(`${service.origin}/#token=${service.admin}`);
  const users = page.getByRole('region', { name: 'Users see' });
  const builders = page.getByRole('region', { name: 'Builders edit' });
  const dialog = () => page.getByRole('dialog').last();
  const wrong = 'Shows refunds of other customers';
  await users.getByText(wrong).waitFor();

  // 1. Roll back to v1, and the users' side heals.
  await page.getByRole('button', { name: 'Roll back to v1' }).click();
  await dialog().getByText("they keep everything, including v2's changes").waitFor();
  await dialog().getByRole('button', { name: 'Roll back to v1' }).click();
  await users.getByText(wrong).waitFor({ state: 'detached' });
  await builders.getByText(wrong).waitFor();

  // 2. Find who changed the query.
  await page.getByRole('treeitem', { name: /customerRefunds.*sql.*Ben Okafor/ }).click();
  await page.locator('.line.removed', { hasText: 'AND customer_id = :id' }).waitFor();
  await page.getByRole('button', { name: /^Who changed this\? Query/ }).click();
  await dialog().getByText('Ben Okafor', { exact: true }).waitFor();
  await dialog().getByRole('button', { name: 'Close' }).click();

  // 3. Undo that edit; the new column title on the same page stays.
  await page.getByRole('button', { name: 'Undo this edit…' }).click();
  await dialog().getByRole('button', { name: 'Undo #49' }).click();
  await builders.getByText(wrong).waitFor({ state: 'detached' });
  assert.ok(await builders.getByRole('columnheader', { name: 'Why', exact: true }).isVisible());

  // 4. Bring back the two pages.
  await page.getByRole('treeitem', { name: /[Rr]emoved.*Cleo Marchetti/ }).click();
  await page.getByRole('checkbox', { name: /Reports/ }).check();
  await page.getByRole('checkbox', { name: /Archive/ }).check();
  await page.getByRole('button', { name: 'Bring back 2 selected parts…' }).click();
  await dialog().getByRole('button', { name: 'Bring back 2 parts' }).click();
  for (const name of ['Reports', 'Archive']) await builders.getByRole('button', { name }).first().waitFor();

  // 5. Open as the second builder: another widget is merged, the same title is a conflict.
  const opened = page.context().waitForEvent('page');
  await page.getByRole('button', { name: /Open as|Ben Okafor \(editor\)/ }).click();
  const ben = await opened;
  await ben.getByText('You can edit production. Publishing needs the publisher role.').waitFor();
  const bens = ben.getByRole('region', { name: 'Builders edit' });
  const edit = async (where, from, to, finish = true) => {
    await where.locator('.editable', { hasText: from }).last().click();
    await where.getByRole('textbox', { name: 'Title' }).fill(to);
    if (finish) await where.getByRole('textbox', { name: 'Title' }).press('Enter');
  };
  await edit(builders, 'Approve without asking up to', 'Approve alone up to', false);
  await edit(bens, 'Refunds of this customer', 'Their refunds');
  await ben.getByText(/Saved as #/).waitFor();
  await builders.getByRole('textbox', { name: 'Title' }).press('Enter');
  await page.getByText(/merged with what Ben Okafor saved/).waitFor();
  await edit(builders, 'Their refunds', 'Refunds so far', false);
  await ben.locator('.editable', { hasText: 'Approve alone' }).waitFor();
  await edit(bens, 'Their refunds', 'All their refunds');
  await ben.getByText(/Saved as #/).waitFor();
  await builders.getByRole('textbox', { name: 'Title' }).press('Enter');
  await page.getByRole('heading', { name: 'Ben Okafor changed the same' }).waitFor();
  await dialog().getByLabel('Keep mine').check();
  await dialog().getByRole('button', { name: 'Save the decisions' }).click();
  await builders.getByText('Refunds so far').waitFor();
  assert.match(JSON.stringify(await service.call('GET', `${api}/working`)), /Refunds so far.*Approve alone up to/);

  // 6. Review and publish v3.
  await page.getByRole('button', { name: 'Review & publish' }).click();
  await dialog().getByRole('button', { name: 'Publish v3' }).click();
  await page.locator('.stands.live', { hasText: 'v3' }).waitFor();
  await users.getByText('Refunds so far').waitFor();
  await finish(page);
});

test('a second start over the same data adds nothing, and staging differs by an address and a page', async () => {
  const diff = await service.call('GET', '/v1/apps/refund-desk/envs/staging/diff?from=55&from_env=production&to=1');
  const labels = diff.changes.map((change) => change.label).join('; ');
  assert.match(labels, /url/);
  assert.match(labels, /Bulk refunds/);
  const versions = async () => (await service.call('GET', `${api}/history?limit=1`)).items[0].version;
  const before = await versions();
  await service.end();
  service = await Service.start([], service.data);
  assert.equal(await versions(), before);
  assert.equal((await service.call('GET', '/v1/apps')).items.length, 2);
});
