/**
 * What a question showed is what came out, also where somebody else did something in between. What that is follows from a seed;
 * `SEEDS=40` plays more of them, `SEED=7` that one alone.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Service, browser, finish, hands, newPage, open } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {string} */ let cleo;
/** @type {string} */ let dan;
let count = 0;

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  cleo = service.token('cleo', '*/*:admin');
  dan = service.token('dan', '*/*:admin');
});
after(async () => {
  await chrome?.close();
  await service?.stop();
});

/** Numbers from a seed: mulberry32. @param {number} seed */
function random(seed) {
  return (/** @type {number} */ below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** An environment of its own: edits of three, a session, two releases; and another environment beside it. */
async function environment() {
  const env = `env-${++count}`;
  const api = `/v1/apps/crm/envs/${env}`;
  const pages = ['a', 'b', 'c'].map((id) => ({ id, title: id.toUpperCase() }));
  const call = (method, path, body, token, headers) => service.call(method, api + path, body, headers, token);
  const first = { title: 'A', n: 1, pages };
  await service.save(`crm/${env}`, { ...first, first: true });
  await service.save(`crm/${env}`, { ...first, title: 'B' }, dan);
  await service.save(`crm/${env}`, { ...first, title: 'B', n: 2 }, cleo);
  await service.save(`crm/${env}`, { ...first, title: 'B', n: 3, pages: [pages[0], pages[2]] }, cleo);
  await call('POST', '/snapshots', { name: 's1', version: 1 });
  await call('POST', '/publish', { snapshot: 's1' });
  await call('POST', '/publish', { version: 2 });
  await service.save(`crm/staging-${env}`, { first: true, title: 'Staged', n: 9, pages });
  await service.call('POST', `/v1/apps/crm/envs/staging-${env}/snapshots`, { name: 'rc1' });
  return { env, call };
}

/** What somebody else does in between. */
const OTHERS = {
  'saves another place': (call, n) =>
    call('PATCH', '/working', { other: n }, dan, { 'Content-Type': 'application/merge-patch+json' }),
  'saves the same place': (call, n) =>
    call('PATCH', '/working', { title: `T${n}`, n }, dan, { 'Content-Type': 'application/merge-patch+json' }),
  'adds a page': (call, n) =>
    call('PATCH', '/working', [{ op: 'add', path: '/pages/0', value: { id: `p${n}`, title: 'P' } }], dan, {
      'Content-Type': 'application/json-patch+json',
      'If-Match': '*',
    }),
  'takes a snapshot': (call, n) => call('POST', '/snapshots', { name: `other-${n}` }, dan),
  'publishes a version': (call, n) => call('POST', '/publish', { version: 1 + (n % 4) }, dan),
  'rolls back': (call) => call('POST', '/rollback', {}, dan),
  unpublishes: (call) => call('POST', '/unpublish', {}, dan),
  'renames what is live': (call, n) => call('PATCH', '/snapshots/v1', { name: `live-${n}` }, dan),
  'renames the release before': (call, n) =>
    call('PATCH', '/snapshots/s1', { name: `before-${n}`, note: `Note ${n}` }, dan),
  restores: (call, n) => call('POST', '/restore', { version: 1 + (n % 3) }, dan),
};

/** Opens each question. */
const version = (page, n) => page.evaluate((v) => document.querySelector('waymark-history').openVersion(v), n);
const QUESTIONS = {
  restore: async ({ page, button }) => {
    await version(page, 1);
    await button('Restore…').click();
  },
  undo: async ({ page, button }) => {
    await version(page, 2);
    await button('Undo this edit…').click();
  },
  'undo a session': async ({ page, button }) => {
    await version(page, 4);
    await button('Undo this session…').click();
  },
  'bring back': async ({ page, button }) => {
    await version(page, 2);
    await page.getByRole('checkbox', { name: /title/ }).check();
    await button('Bring back 1 selected part…').click();
  },
  publish: async ({ page, button }) => {
    await version(page, 3);
    await button('Publish…').click();
  },
  promote: async ({ menu, dialog }, env) => {
    await menu('Publish from another environment…');
    await dialog().getByLabel('Environment', { exact: true }).selectOption(`staging-${env}`);
    await dialog().getByLabel('Leave them out').check();
  },
  'roll back': ({ button }) => button('Roll back to s1').click(),
  unpublish: ({ menu }) => menu('Make every edit live…'),
  rename: async ({ page, button, dialog }) => {
    await version(page, 5);
    await button('Rename…').click();
    await dialog().getByText('goes on working').waitFor();
    await dialog().getByLabel('Name', { exact: true }).fill('chosen');
  },
  import: async ({ button, dialog }) => {
    await button('Backups').click();
    const buffer = Buffer.from('{"title": "File", "n": 1, "pages": []}');
    await dialog().locator('input[type=file]').setInputFiles({ name: 'a.json', mimeType: 'application/json', buffer });
    await dialog().getByRole('heading', { name: 'Restore a.json?' }).waitFor();
  },
};

/** Reads the question that is asked again; null where it is said that there is none any more. @param {any} page */
async function asked(page) {
  await page.waitForFunction(() =>
    document.querySelector('waymark-history').shadowRoot.querySelector('dialog[open], .toast'),
  );
  return read(page);
}

/** Waits until the last dialog is neither busy nor loading, and reads it; null where there is none. @param {any} page */
async function read(page) {
  await page.waitForFunction(() => {
    const dialog = [...document.querySelector('waymark-history').shadowRoot.querySelectorAll('dialog')].pop();
    return !dialog || (!dialog.hasAttribute('aria-busy') && !dialog.querySelector('.skeleton'));
  });
  return page.evaluate(() => {
    const dialog = [...document.querySelector('waymark-history').shadowRoot.querySelectorAll('dialog')].pop();
    if (!dialog) return null;
    const text = (root, selector) => root.querySelector(selector)?.textContent ?? '';
    const action = dialog.querySelector('.dialog-buttons button:nth-child(2)');
    return {
      title: text(dialog, 'h2'),
      users: text(dialog, '.users dd'),
      builders: text(dialog, '.builders dd'),
      changes: [...dialog.querySelectorAll('.change')].map((c) =>
        [text(c, '.op'), text(c, '.where'), text(c, '.before pre'), text(c, '.after pre')].join(' | '),
      ),
      note: text(dialog, '.dialog-note'),
      able: Boolean(action && !action.disabled),
      again: Boolean([...dialog.querySelectorAll('button')].find((b) => b.textContent === 'Review again')),
    };
  });
}

const WORDS = { add: 'Added', remove: 'Removed', replace: 'Changed', move: 'Moved' };
const pretty = (value) =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value, null, 2);

/** What the service says that changed, as a dialog shows it. */
async function changed(call, from, to) {
  if (from === to) return [];
  const { changes } = await call('GET', `/diff?from=${from}&to=${to}`);
  return changes.map((c) =>
    [WORDS[c.op], c.label, c.op === 'move' ? '' : pretty(c.before), c.op === 'move' ? '' : pretty(c.after)].join(' | '),
  );
}

/** Where it stands: what builders edit and what users get, by version or name and by content. @param {any} call */
async function state(call) {
  const standing = await call('GET', '');
  return {
    version: standing.working.version,
    working: JSON.stringify(await call('GET', '/working')),
    live: JSON.stringify(await call('GET', '/live')),
    ref: standing.live?.name ?? standing.working.version,
    name: standing.live?.name,
  };
}

/** The name of the snapshot that entry 5 made. @param {any} call */
const named = async (call) => (await call('GET', '/snapshots?before=6&limit=1')).items[0];

const seeds = process.env.SEED
  ? [Number(process.env.SEED)]
  : Array.from({ length: Number(process.env.SEEDS ?? 8) }, (_, n) => n + 1);

for (const question of Object.keys(QUESTIONS))
  for (const seed of seeds) {
    const pick = random(seed * 1000 + Object.keys(QUESTIONS).indexOf(question));
    const names = Object.keys(OTHERS);
    const what = names[(seed + pick(names.length)) % names.length] ?? '';
    const n = pick(1000);
    test(`${question}, while somebody ${what} (SEED=${seed})`, async () => {
      const { env, call } = await environment();
      const page = await newPage(chrome);
      // Nobody looks for something new but the test.
      await page.addInitScript(() => {
        const every = globalThis.setInterval;
        globalThis.setInterval = (run, time, ...rest) => (time === 5000 ? 0 : every(run, time, ...rest));
      });
      await open(page, service, `crm/${env}`);
      await page.getByRole('treeitem').first().waitFor();
      await page.locator('.stands.live time').waitFor();
      const hand = { page, ...hands(page) };
      await QUESTIONS[question](hand, env);
      await read(page);
      await OTHERS[what](call, n);
      const before = { ...(await state(call)), snapshot: await named(call) };
      let shown = await read(page);
      for (let presses = 0; shown && presses < 5; presses++) {
        if (shown.again) await hand.act('Review again');
        else if (!shown.able) break;
        else {
          const pressed = shown;
          const button = page.locator('dialog').last().locator('.dialog-buttons button').nth(1);
          // A press may still be under way when the dialog is read again, and close it before the next one.
          await button.click({ timeout: 3000 }).catch(() => {});
          shown = await read(page);
          if (!shown) {
            shown = pressed;
            break;
          }
          continue;
        }
        shown = await asked(page);
        if (shown && question === 'promote' && !shown.able) {
          await hand.dialog().getByLabel('Leave them out').check();
          shown = await read(page);
        }
      }
      const now = { ...(await state(call)), snapshot: await named(call) };
      const told = JSON.stringify(shown);
      if (!shown || now.version === before.version) {
        // Not done: then it was not to be done, and nothing else was.
        assert.ok(!shown?.able || /^no change/.test(shown.users), told);
        assert.deepEqual(now, before);
        return finish(page);
      }
      assert.equal(/^no change/.test(shown.users), now.live === before.live, `Users: ${told}`);
      if (question === 'rename') {
        assert.ok(shown.builders.startsWith(`${before.snapshot.name} goes on working`), told);
        assert.equal(now.snapshot.name, 'chosen');
        assert.equal((await call('GET', `/versions/${before.snapshot.name}`)).version, 1);
        return finish(page);
      }
      const release = ['publish', 'promote', 'roll back'].includes(question);
      // A roll back keeps what builders have, and says so.
      if (question !== 'roll back')
        assert.equal(/^no change/.test(shown.builders), now.working === before.working, `Builders: ${told}`);
      const expected = release
        ? await changed(call, before.ref, now.ref)
        : question === 'unpublish'
          ? await changed(call, before.ref, before.version)
          : await changed(call, before.version, now.version);
      assert.deepEqual(shown.changes, expected, told);
      if (release) {
        // Called what the question said.
        const said = /(?:Publish|users to|Publish from) (\S+?)(?: to |\?)/.exec(shown.title)?.[1];
        if (said && question !== 'promote') {
          const [a, b] = await Promise.all([said, now.name].map((name) => call('GET', `/versions/${name}/config`)));
          assert.deepEqual(a, b, told);
        }
      }
      return finish(page);
    });
  }
