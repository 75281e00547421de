/** Every way to name a version, and everything that one can do with an entry: the right config, the right words, the right facts. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Service, browser, finish, refresh, start } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
const api = '/v1/apps/crm/envs/production';
const call = (method, path, body, headers) => service.call(method, api + path, body, headers);

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  const staging = '/v1/apps/crm/envs/staging';
  await service.save('crm/staging', { first: true, theme: 'staging', n: 1 });
  await service.call('POST', `${staging}/snapshots`, { name: 's1' });
  await service.save('crm/production', { first: true, theme: 'first', n: 1 }); // #1
  await service.save('crm/production', { theme: 'second', n: 2 }, service.token('ben', 'crm/*:editor')); // #2
  await call('POST', '/snapshots', { name: 'spring', version: 1 }); // #3
  await call('POST', '/snapshots', { name: 'old', version: 2, note: 'Before' }); // #4
  await call('PATCH', '/snapshots/old', { name: 'new', note: 'After' }); // #5
  const file = await fetch(`${service.origin}${api}/restore`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${service.admin}`, 'Content-Type': 'application/octet-stream' },
    body: '{"theme": "file", "n": 3}',
  });
  assert.equal(file.status, 200); // #6
  await call('POST', '/publish', { from: { env: 'staging', snapshot: 's1' }, go_ahead: true }); // #7 v1, #8
  await call('POST', '/publish', { snapshot: 'spring', go_ahead: true }); // #9
  await service.save('crm/production', { theme: 'newest', n: 4, more: true }); // #10
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

/** Of each way: the entry, what names its config, what it is called, and what its title says. */
const WAYS = {
  number: { version: 2, ref: 2, called: '#2', title: /theme/, theme: 'second' },
  snapshot: { version: 3, ref: 'spring', called: 'spring', title: /^spring/, theme: 'first' },
  'renamed snapshot': { version: 4, ref: 'new', called: 'new', title: /^new/, theme: 'second' },
  'the renaming': { version: 5, ref: 'new', called: 'new', title: /^Renamed old to new/, theme: 'second' },
  imported: { version: 6, ref: 6, called: '#6', title: /^Imported a file/, theme: 'file' },
  promoted: { version: 7, ref: 'v1', called: 'v1', title: /^v1/, theme: 'staging' },
  'promoted release': { version: 8, ref: 'v1', called: 'v1', title: /^Published v1/, theme: 'staging' },
  live: { version: 9, ref: 'spring', called: 'spring', title: /^Published spring/, theme: 'first' },
  working: { version: 10, ref: 10, called: '#10', title: /theme/, theme: 'newest' },
};

const OPS = { add: 'Added', remove: 'Removed', replace: 'Changed', move: 'Moved' };
/** What the service says that changed. */
async function changed(from, to) {
  const { changes } = await call('GET', `/diff?from=${from}&to=${to}`);
  return changes.map((c) => `${OPS[c.op]} ${c.label} ${c.before ?? ''}>${c.after ?? ''}`);
}
/** The changes that are shown in an element. @param {any} root */
const shown = (root) =>
  root.locator('.change').evaluateAll((all) =>
    all.map((c) => {
      const text = (selector) => c.querySelector(selector)?.textContent ?? '';
      return `${text('.op')} ${text('.where')} ${text('.before pre')}>${text('.after pre')}`;
    }),
  );

for (const [way, { version, ref, called, title, theme }] of Object.entries(WAYS))
  test(`${way}: compared, downloaded, linked, restored and published`, async () => {
    // The same before each.
    await call('POST', '/restore', { version: 10 });
    await call('POST', '/publish', { snapshot: 'spring', go_ahead: true });
    const text = await (
      await fetch(`${service.origin}${api}/versions/${ref}/config`, {
        headers: { Authorization: `Bearer ${service.admin}` },
      })
    ).text();
    assert.equal(JSON.parse(text).theme, theme);
    const { page, button, act, says, dialog } = await start(chrome, service, 'crm/production');
    const detail = page.locator('.detail');
    const show = () => page.evaluate((n) => document.querySelector('waymark-history').openVersion(n), version);
    await show();
    await detail
      .locator('.meta', { hasText: `#${version}` })
      .first()
      .waitFor();
    assert.match(await detail.locator('h2').textContent(), title);

    // Facts.
    const sha256 = createHash('sha256').update(text).digest('hex');
    await detail.locator('.facts code', { hasText: sha256.slice(0, 12) }).waitFor();
    await detail.locator('.facts', { hasText: `${Buffer.byteLength(text)} bytes` }).waitFor();
    if (ref === 'v1' && version === 7) await detail.locator('.facts', { hasText: 's1 (#1) of staging' }).waitFor();
    if (version === 4) await detail.locator('.facts', { hasText: 'Name then' }).waitFor();

    // Compared with what builders edit, and with what users see.
    const compare = page.getByLabel('Compare with');
    const heading = (other) => detail.locator('h3').filter({ hasText: other }).waitFor();
    const own = typeof ref === 'string' ? `${ref} (#` : `#${ref}`;
    if (await compare.locator('option[value=working]').count()) await compare.selectOption('working');
    await heading(`from ${own}`);
    assert.deepEqual(await shown(detail), await changed(ref, 'working'));
    await compare.selectOption('live');
    const escaped = own.replace(/[(]/g, '\\(');
    await heading(new RegExp(`from ${escaped}.* to spring \\(#1\\)|from spring \\(#1\\) to ${escaped}`));
    const [there, back] = [await changed('live', ref), await changed(ref, 'live')];
    assert.ok([JSON.stringify(there), JSON.stringify(back)].includes(JSON.stringify(await shown(detail))));

    // Downloaded.
    const download = page.waitForEvent('download');
    await button('Download JSON').click();
    const got = await download;
    assert.equal(readFileSync(await got.path(), 'utf8'), text);
    assert.equal(
      got.suggestedFilename(),
      `crm-production-${typeof ref === 'string' ? `snapshot-${ref}` : `v${ref}`}.json`,
    );

    // Linked: the link opens the same entry.
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await button('Copy link').click();
    await page.locator('.toast', { hasText: 'Link copied' }).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(link, new RegExp(`version=${version}$`));

    // Restored.
    await button('Restore…').click();
    await says(`Restore ${called}`);
    const restores = await changed('working', ref);
    await dialog().locator('h3').first().waitFor();
    assert.deepEqual(await shown(dialog()), restores);
    if (restores.length) {
      await act(`Restore ${called}`);
      await page.locator('.toast', { hasText: `Reverted changes to ${called}` }).waitFor();
    } else await act('Cancel');
    assert.equal((await call('GET', '/working')).theme, theme);

    // Published.
    await refresh(page);
    await show();
    await detail.getByRole('button', { name: 'Publish…' }).click();
    await dialog().locator('h3').first().waitFor();
    assert.deepEqual(await shown(dialog()), there);
    const next = (await call('GET', '')).next_name;
    const name = typeof ref === 'string' ? ref : next;
    await says(`Publish ${name} to production?`);
    await act(`Publish ${name}`);
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.equal((await call('GET', '/live')).theme, theme);
    await finish(page);
  });
