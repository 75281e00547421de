import { Service, browser, newPage, open } from './support.js';
import { readdirSync, mkdirSync } from 'node:fs';
const only = process.argv[2];
const out = '/tmp/shots';
const service = await Service.start();
const chrome = await browser();
const place = 'refund-desk/production';
await service.call('POST', '/v1/apps/refund-desk/envs/staging/snapshots', { name: 'rc1' });
await service.call('POST', '/v1/apps/refund-desk/envs/production/backups', {note:'Before the sale'});
const combos = [];
for (const [w, width, height] of [['wide', 1400, 860], ['narrow', 380, 760]]) for (const c of ['light', 'dark']) combos.push([w, { width, height }, c]);
const B = (page, name) => page.getByRole('button', { name }).first();
const D = (page) => page.getByRole('dialog').last();
const menu = async (page, name) => { await page.locator('waymark-history summary').first().click(); await page.waitForTimeout(50); await B(page, name).click(); };
const row = (page, re) => page.getByRole('treeitem', { name: re }).first().click();
const back = async (page) => { const b = page.getByRole('button', { name: '← Timeline' }); if (await b.isVisible()) await b.click(); };
const V = {
  timeline: async () => {},
  menu: async (p) => { await p.locator('waymark-history summary').first().click(); },
  entry: async (p) => { await row(p, /sql/); await p.locator('.text-diff').waitFor(); },
  session: async (p) => { await row(p, /39 saves|40 saves/); await p.locator('.saves li').first().waitFor(); },
  unfolded: async (p) => { await p.locator('.fold').first().click(); await p.locator('.timeline').focus(); await p.keyboard.press('ArrowDown'); },
  snapshot: async (p) => { await p.getByRole('button', { name: 'Snapshots' }).click(); await row(p, /v1/); await p.locator('.change').first().waitFor(); },
  release: async (p) => { await p.getByRole('button', { name: 'Releases' }).click(); await row(p, /v2/); await p.locator('.change').first().waitFor(); },
  publish: async (p) => { await B(p, 'Review & publish').click(); await D(p).locator('.change').first().waitFor(); },
  rollback: async (p) => { await B(p, 'Roll back to v1').click(); await D(p).locator('.change').first().waitFor(); },
  unpublish: async (p) => { await menu(p, 'Make every edit live…'); await D(p).locator('.change').first().waitFor(); },
  moment: async (p) => { await menu(p, 'Restore a moment…'); await D(p).locator('h3').first().waitFor(); },
  promote: async (p) => { await menu(p, 'Publish from another environment…'); await D(p).locator('.change').first().waitFor(); },
  lost: async (p) => { await menu(p, 'Publish from another environment…'); await D(p).locator('.change').first().waitFor(); await D(p).getByRole('button', { name: 'Publish v3' }).click(); await D(p).locator('.dialog-note li').first().waitFor(); },
  restore: async (p) => { await row(p, /sql/); await B(p, 'Restore…').click(); await D(p).locator('.change').first().waitFor(); },
  undo: async (p) => { await row(p, /sql/); await B(p, 'Undo this edit…').click(); await D(p).locator('.line').first().waitFor(); },
  undosession: async (p) => { await row(p, /39 saves|40 saves/); await B(p, 'Undo this session…').click(); await D(p).locator('.change').first().waitFor(); },
  bring: async (p) => { await row(p, /Cleo/); await p.getByRole('checkbox').first().check(); await B(p, /Bring back/).click(); await D(p).locator('.change').first().waitFor(); },
  create: async (p) => { await B(p, 'Create snapshot').click(); await D(p).locator('#name').waitFor(); },
  backups: async (p) => { await B(p, 'Backups').click(); await D(p).locator('.backup').first().waitFor(); },
  restorebackup: async (p) => { await B(p, 'Backups').click(); await D(p).locator('.backup').first().waitFor(); await D(p).getByRole('button', { name: /Restore… the/ }).first().click(); await D(p).getByText('Builders').waitFor(); },
  json: async (p) => { await menu(p, 'Edit JSON…'); await D(p).locator('textarea:not([disabled])').waitFor(); await D(p).locator('textarea').fill('{\n  "title": oops\n}'); await D(p).getByRole('button', { name: 'Save JSON' }).click(); await D(p).getByText(/Line 2/).waitFor(); },
  blame: async (p) => { await row(p, /sql/); await p.locator('.text-diff').waitFor(); await B(p, /^Who changed this\? Query/).click(); await D(p).locator('.blamed').waitFor(); },
  keys: async (p) => { await menu(p, 'Keys'); },
  nomatch: async (p) => { await p.getByLabel('People').selectOption('ben'); await B(p, 'Releases').click(); await p.getByText('No releases by').waitFor(); },
  toast: async (p) => { await row(p, /sql/); await p.locator('.text-diff').waitFor(); await p.context().grantPermissions(['clipboard-write']); await B(p, 'Copy link').click(); await p.locator('.toast').waitFor(); },
  offline: async (p) => { await row(p, /sql/); await p.locator('.text-diff').waitFor(); await back(p); await p.context().setOffline(true); await p.evaluate(() => document.querySelector('waymark-history').refresh()); await p.locator('.banner p').waitFor(); },
  expired: async (p) => { await p.evaluate(() => { document.querySelector('waymark-history').token = 'x'; }); await p.locator('.banner p').waitFor(); },
  expireddialog: async (p) => { await B(p, 'Create snapshot').click(); await p.evaluate(() => { document.querySelector('waymark-history').token = 'x'; }); await D(p).getByRole('button', { name: 'Create snapshot' }).click(); await D(p).getByRole('button', { name: 'Sign in again' }).waitFor(); },
  damaged: async (p) => { await p.route('**/diff?**', (r) => r.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:waymark:problem:config-damaged', version: 2, detail: 'x' }) })); await row(p, /sql/); await p.getByText('cannot be read safely').waitFor(); },
  emergency: async (p) => { await p.route('**/diff?**', (r) => r.fulfill({ status: 500, headers: {'apigw-requestid':'REQ-7'}, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:waymark:problem:config-damaged', version: 2, detail: 'Version 2 cannot be read: what is stored is not what was saved.' }) })); await B(p, 'Roll back to v1').click(); await D(p).getByText('cannot be shown.').waitFor(); },
};
const S = {
  nohistory: [service.admin, 'crm/nowhere', 'No history yet'],
  forbidden: [service.token('rita', 'crm/*:reader'), 'crm/production', 'You may not see'],
  viewer: [service.token('vera', '*/*:viewer'), place, 'You can view'],
  badtoken: ['x', place, 'no longer signed in'],
  signin: ['', place, 'Sign in to see'],
  noenv: [service.token('eve', 'hr/*:editor'), '/', 'No environments'],
};
const conflict = { type: 'urn:waymark:problem:merge-conflict', base: 7, version: 9, total: 2, conflicts: [{ path: '/title', label: 'title', base: 'a', ours: 'Refunds of this customer', theirs: 'All their refunds', author: { id: 'ben', name: 'Ben Okafor' } }, { path: '/pages/0/sql', label: 'Page "Customer" › sql', ours: 'SELECT 1\nFROM a', theirs: 'SELECT 2\nFROM b', author: { id: 'ben', name: 'Ben Okafor' } }] };
V.conflict = async (p) => { await p.route('**/working', (r) => r.request().method() === 'PUT' ? r.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify(conflict) }) : r.continue()); await menu(p, 'Edit JSON…'); await D(p).locator('textarea:not([disabled])').waitFor(); await D(p).locator('textarea').fill('{}'); await D(p).getByRole('button', { name: 'Save JSON' }).click(); await p.getByText('Ben Okafor changed the same').waitFor(); };
for (const [w, viewport, colorScheme] of combos) {
  for (const [name, run] of Object.entries(V)) {
    if (only && !only.split(',').includes(name)) continue;
    const page = await newPage(chrome, { viewport, colorScheme, reducedMotion: 'reduce' });
    try {
      await open(page, service, place);
      await page.getByRole('treeitem').first().waitFor();
      await page.locator('.stands.live .meta').waitFor();
      await run(page);
      await page.waitForTimeout(150);
    } catch (e) { console.log('FAILED', name, w, String(e).slice(0, 300)); }
    await page.screenshot({ path: `${out}/${name}-${w}-${colorScheme}.png` });
    await page.context().close();
  }
  for (const [name, [token, where, text]] of Object.entries(S)) {
    if (only && !only.split(',').includes(name)) continue;
    const page = await newPage(chrome, { viewport, colorScheme, reducedMotion: 'reduce' });
    try { await open(page, service, where, token); await page.getByText(text).first().waitFor(); await page.waitForTimeout(150); } catch (e) { console.log('FAILED', name, String(e).slice(0, 200)); }
    await page.screenshot({ path: `${out}/${name}-${w}-${colorScheme}.png` });
    await page.context().close();
  }
}
await chrome.close();
await service.stop();
