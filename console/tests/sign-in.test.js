/** Signing in as in an account: the page on one origin, under the template's policy, the API on another, the provider on a third. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startProvider } from './provider.js';
import { Service, browser, file, finish, newPage, serve } from './support.js';

/** @type {Service} */ let service;
/** @type {any} */ let chrome;
/** @type {{origin: string, stop: () => void}} */ let home;
/** @type {{origin: string, stop: () => void}} */ let provider;
/** What the page's config.json says; null where there is none. @type {any} */
let config;
const place = '#app=crm&env=production&version=2';

/** The policy that CloudFront sends, with this machine's addresses in the places of the account's. */
function policy() {
  const template = readFileSync(new URL('../../infra/template.yaml', import.meta.url), 'utf8');
  const [, text] = /"(default-src 'none'; script-src.*)"\n/.exec(template) ?? [];
  assert.ok(text, 'the template has a policy');
  return text
    .replace(/https:\/\/\$\{Api\}\S+/, service.origin)
    .replace(/https:\/\/\$\{(Transfer|Backups)\}[^\s;]+/g, 'http://127.0.0.1:*')
    .replace('https://${Issuer}', provider.origin)
    .replace('${SignInOrigins}', '');
}

before(async () => {
  service = await Service.start(['--empty']);
  chrome = await browser();
  home = await serve((request, response) => {
    const { pathname } = new URL(request.url, home.origin);
    response.setHeader('content-security-policy', policy());
    if (pathname === '/vendor/oauth4webapi.js') return file('/node_modules/oauth4webapi/build/index.js', response);
    if (pathname !== '/config.json') return file(pathname, response);
    return config === null
      ? response.writeHead(403).end()
      : response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(config));
  });
  provider = await startProvider(service, `${home.origin}/`);
  await service.save('crm/production', { first: true, title: 'Desk' });
  await service.save('crm/production', { title: 'Desk two' }, service.token('ben', 'crm/*:editor'));
});
after(async () => {
  await chrome?.close();
  home?.stop();
  provider?.stop();
  await service?.stop();
});

const setUp = (more = {}) => {
  config = {
    api: service.origin,
    sign_in: { issuer: provider.origin, client_id: 'waymark-console', ...more },
  };
};
const first = async (options) => {
  const page = await newPage(chrome, options);
  await page.goto(home.origin + place);
  return page;
};
const button = (page, name) => page.getByRole('button', { name });
const signIn = async (page, who = 'ada') => {
  await button(page, 'Sign in').click();
  await page.getByRole('link', { name: who }).click();
  await page.getByRole('treeitem').first().waitFor();
};

test('one signs in, is where one wanted to be, and the token is in memory alone', async () => {
  setUp();
  const page = await first();
  const asked = [];
  page.on('request', (request) => asked.push(request));
  await page.getByRole('heading', { name: 'Sign in to see a history' }).waitFor();
  await signIn(page);
  await page.getByText('Ada Lindqvist').waitFor();
  await page.locator('.detail h2').waitFor();
  assert.equal(page.url(), `${home.origin}/${place}`);
  const sent = asked.find((request) => request.url().includes('/v1/apps/crm')).headers().authorization;
  const token = sent.replace('Bearer ', '');
  assert.equal(JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).sub, 'ada');
  const kept = await page.evaluate(
    () => document.documentElement.outerHTML + JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie,
  );
  assert.ok(!kept.includes(token) && !kept.includes('waymark:sign-in'), kept);
  const authorization = new URL(asked.find((request) => request.url().includes('/auth?')).url()).searchParams;
  assert.equal(authorization.get('code_challenge_method'), 'S256');
  assert.match(authorization.get('code_challenge'), /^[\w-]{43}$/);

  // Loaded again, the provider knows who it is, and asks nothing.
  await page.reload();
  await page.getByText('Ada Lindqvist').waitFor();
  await page.locator('.detail h2').waitFor();

  // Signed out, it does not sign in by itself.
  await button(page, 'Sign out').click();
  await button(page, 'Sign out').click();
  await page.getByRole('heading', { name: 'Sign in to see a history' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in to see a history' }).waitFor();
  await finish(page);
});

test('a token in a link counts only where the service says that its own links bring one', async () => {
  const token = service.token('mallory', '*/*:admin');
  const link = `${home.origin}/#token=${token}&app=crm&env=production`;
  setUp();
  const page = await newPage(chrome);
  const asked = [];
  page.on('request', (request) => asked.push(request.headers().authorization ?? ''));
  await page.goto(link);
  await page.getByRole('heading', { name: 'Sign in to see a history' }).waitFor();
  assert.ok(!page.url().includes(token), 'the token is out of the address all the same');
  await signIn(page);
  await page.getByText('Ada Lindqvist').waitFor();
  // Nor does one that is pasted into the same tab.
  await page.evaluate((to) => (location.href = to), `${link}&version=1`);
  await page.locator('.detail .meta', { hasText: '#1' }).first().waitFor();
  assert.ok(!page.url().includes(token));
  await page.getByText('Ada Lindqvist').waitFor();
  // A page without a provider does not take it either, unless it says so.
  config = { api: service.origin };
  await page.goto('about:blank');
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign in with a token' }).waitFor();
  assert.ok(!asked.some((header) => header.includes(token)), 'the token was not sent');
  config.token_in_link = true;
  await page.goto('about:blank');
  await page.goto(link);
  await page.getByRole('treeitem').first().waitFor();
  await finish(page);
});

test("the provider's grants decide: a viewer may look, and publish nothing", async () => {
  setUp();
  const page = await first();
  await signIn(page, 'vera');
  await page.getByText('You can view production. Editing needs the editor role').waitFor();
  await finish(page);
});

test('refused by the provider: why, and again', async () => {
  setUp();
  const page = await first();
  await button(page, 'Sign in').click();
  await page.getByRole('link', { name: 'deny' }).click();
  await page.getByText('The identity provider refused: Ada said no.').waitFor();
  await signIn(page);
  await finish(page);
});

test('an answer that nobody asked for, or to another question, is not accepted', async () => {
  setUp();
  const page = await newPage(chrome);
  await page.goto(`${home.origin}/?code=stolen&state=page.x`);
  await page.getByText('This sign-in was not begun in this tab').waitFor();
  await page.evaluate(() =>
    sessionStorage.setItem(
      'waymark:sign-in',
      JSON.stringify({ state: 'page.mine', nonce: 'n', verifier: 'v'.repeat(43), place: '' }),
    ),
  );
  await page.goto(`${home.origin}/?code=stolen&state=page.other&iss=${encodeURIComponent(provider.origin)}`);
  await page.getByText('The answer is not one to the sign-in that was begun here').waitFor();
  assert.equal(await page.getByRole('treeitem').count(), 0);
  // The provider's own code, and an ID token for another question.
  await page.route('**/token', async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    const [head, middle, tail] = body.id_token.split('.');
    const claims = { ...JSON.parse(Buffer.from(middle, 'base64url').toString()), nonce: 'another' };
    body.id_token = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), tail].join('.');
    await route.fulfill({ response: answer, json: body });
  });
  await button(page, 'Sign in').click();
  await page.getByRole('link', { name: 'ada' }).click();
  await page.getByText('The answer is not one to the sign-in that was begun here').waitFor();
  assert.equal(await page.getByRole('treeitem').count(), 0);
  await finish(page);
});

test('an expired token: one signs in again beside what one was doing, and goes on', async () => {
  setUp();
  const page = await first();
  await signIn(page);
  await button(page, 'Create snapshot').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('typed');
  // From here on the service takes another key's tokens only, until there is a new one.
  const old = await page.evaluate(() => document.querySelector('waymark-history').token);
  await page.route(`${service.origin}/v1/**`, (route) =>
    route.request().headers().authorization === `Bearer ${old}`
      ? route.fulfill({
          status: 401,
          contentType: 'application/json',
          headers: { 'access-control-allow-origin': '*' },
          body: '{"message":"Unauthorized"}',
        })
      : route.fallback(),
  );
  await dialog.getByRole('button', { name: 'Create snapshot' }).click();
  await dialog.getByText('You are no longer signed in. What you were doing is kept.').waitFor();
  const opened = page.context().waitForEvent('page');
  await dialog.getByRole('button', { name: 'Sign in again' }).click();
  const popup = await opened;
  await popup.waitForEvent('close');
  await page.waitForFunction((token) => document.querySelector('waymark-history').token !== token, old);
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'typed');
  await dialog.getByRole('button', { name: 'Create snapshot' }).click();
  await page.locator('.toast', { hasText: 'typed' }).waitFor();
  await finish(page);
});

test('where no window may open, one signs in in this one, and the place is kept', async () => {
  setUp();
  const page = await first();
  await signIn(page);
  await page.evaluate(() => {
    window.open = () => null;
    document.querySelector('waymark-history').token = 'old';
  });
  await button(page, 'Sign in again').first().click();
  await page.waitForFunction(() => document.querySelector('waymark-history')?.token.length > 10);
  await page.locator('.detail h2').waitFor();
  assert.equal(page.url(), `${home.origin}/${place}`);
  await finish(page);
});

test('a token is renewed before it ends, where the provider allows it', async () => {
  setUp({ scope: 'openid profile offline_access', parameters: { prompt: 'consent' } });
  const page = await newPage(chrome);
  await page.clock.install();
  await page.goto(home.origin + place);
  await signIn(page);
  const old = await page.evaluate(() => document.querySelector('waymark-history').token);
  await page.clock.runFor(3_550_000);
  await page.waitForFunction((token) => document.querySelector('waymark-history').token !== token, old);
  assert.ok(await page.locator('.detail h2').isVisible());
  await finish(page);
});

test('a provider that cannot be reached, and a page that is not set up', async () => {
  setUp({ issuer: 'http://127.0.0.1:9' });
  const page = await first();
  page.faults.length = 0;
  await page.getByText('http://127.0.0.1:9 does not work now. It cannot be reached.').waitFor();
  await page.context().close();
  config = null;
  const bare = await first();
  await bare.getByRole('heading', { name: 'This page is not set up' }).waitFor();
  setUp();
  await button(bare, 'Try again').click();
  await bare.getByRole('heading', { name: 'Sign in to see a history' }).waitFor();
  await finish(bare);
});
