import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Service, browser, finish, start } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {string} */ let ben;
let count = 0;

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  ben = service.token('ben', 'crm/*:editor');
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

/**
 * Edits JSON while Ben saves something else, up to where both are shown.
 * @param {object} first @param {object} bens @param {object} mine
 */
async function clash(first, bens, mine) {
  const env = `deciding-${++count}`;
  await service.save(`crm/${env}`, { ...first, first: true });
  const hand = await start(chrome, service, `crm/${env}`);
  await hand.menu('Edit JSON…');
  const area = hand.page.locator('textarea.json:not([disabled])');
  await area.fill(JSON.stringify(mine));
  await service.save(`crm/${env}`, bens, ben);
  await hand.act('Save JSON');
  await hand.page.getByRole('heading', { name: 'Ben changed the same' }).waitFor();
  const working = () => service.call('GET', `/v1/apps/crm/envs/${env}/working`);
  return { ...hand, area, working };
}

const item = (id, v) => ({ id, v });
const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((id) => item(id, 1));

for (const [what, first, bens, mine, text] of [
  ['an element that I removed and they edited', [a, b, c], [a, item('b', 2), c], [a, c], 'not there'],
  ['an element that they removed and I edited', [a, b, c], [a, c], [a, item('b', 2), c], 'not there'],
  ['an element that both moved', [a, b, c, d, e], [b, c, a, d, e], [b, c, d, e, a], 'Both moved it'],
  ['elements that nothing tells apart', [1, 2, 3], [1, 9, 3], [1, 8, 3], 'Item 2'],
  [
    'values too long to be shown',
    [a, b],
    [a, item('b', 'x'.repeat(9000))],
    [a, item('b', 'y'.repeat(9000))],
    'too long',
  ],
])
  test(`no decision is offered about ${what}, and the text stays`, async () => {
    const { page, dialog, says, act, area, working } = await clash(
      { title: 'Desk', items: first },
      { title: 'Bens', items: bens },
      { title: 'Mine', items: mine },
    );
    await says(text, 'Not all of this can be decided here. Take the newest version and make your change again.');
    assert.equal(await dialog().getByRole('radio').count(), 0);
    assert.equal(await dialog().getByRole('button', { name: 'Save the decisions' }).count(), 0);
    await act('Close');
    await says('Nothing was saved. Your text is still here');
    assert.deepEqual(JSON.parse(await area.inputValue()), { title: 'Mine', items: mine });
    assert.deepEqual(await working(), { title: 'Bens', items: bens });
    await finish(page);
  });

test('what is decided gets into the element that it is about, wherever that stands and whatever tells it apart', async () => {
  const list = (...versions) => versions.map(([id, v]) => ({ id, name: 'same', list: [{ uid: `${id}`, v }] }));
  const { page, dialog, act, working } = await clash(
    { 'a/b~': list([1, 'one'], [2, 'two'], [3, 'three']) },
    { 'a/b~': list([4, 'new'], [1, 'one'], [2, 'bens'], [3, 'bens']) },
    { 'a/b~': list([2, 'mine'], [3, 'mine'], [5, 'more']) },
  );
  assert.equal(await dialog().getByRole('group').count(), 2);
  await dialog().getByLabel('Keep mine').nth(0).check();
  await dialog().getByLabel("Keep Ben's").nth(1).check();
  await act('Save the decisions');
  await page.locator('.toast').waitFor();
  assert.deepEqual(await working(), { 'a/b~': list([4, 'new'], [2, 'mine'], [3, 'bens'], [5, 'more']) });
  await finish(page);
});

test('numbers that are written in another way tell the same apart, and long ones are not mixed up', async () => {
  const text = (v, w, one = '1', more = '') =>
    `{"items": [${more}{"id": ${one}, "v": "${v}"}, {"id": 12345678901234567890, "v": "x"}, {"id": 12345678901234567891, "v": "${w}"}]}`;
  const env = `deciding-${++count}`;
  const save = (body, headers, token) => service.call('PUT', `/v1/apps/crm/envs/${env}/working`, body, headers, token);
  await save(text('a', 'a'), {});
  const { page, menu, act, dialog } = await start(chrome, service, `crm/${env}`);
  await menu('Edit JSON…');
  await page.locator('textarea.json:not([disabled])').fill(text('mine', 'mine'));
  await save(text('bens', 'bens', '1.0', '{"id": 0, "v": "new"}, '), { 'If-Match': '*' }, ben);
  await act('Save JSON');
  await dialog().getByLabel('Keep mine').nth(1).check();
  await dialog().getByLabel("Keep Ben's").nth(0).check();
  await act('Save the decisions');
  await page.locator('.toast').waitFor();
  const { items } = await service.call('GET', `/v1/apps/crm/envs/${env}/working`);
  assert.deepEqual(
    items.map((one) => one.v),
    ['new', 'bens', 'x', 'mine'],
  );
  await finish(page);
});
