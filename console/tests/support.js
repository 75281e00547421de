/** What the browser tests stand on: the built service over a fresh data folder, and Debian's Chromium. */

import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../../', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The binary: WAYMARK_BIN, or what `cargo build` made. */
function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  const found = process.env.WAYMARK_BIN ?? join(target, 'debug', 'waymark');
  assert.ok(existsSync(found), `${found} is missing: run "cargo build" first`);
  return found;
}

/** Starts Chromium; /usr/bin/chromium unless CHROMIUM says otherwise. */
export async function browser() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  assert.ok(existsSync(executablePath), `${executablePath} is missing: apt-get install chromium`);
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A running service. */
export class Service {
  /** @param {string[]} flags @param {string} [data] a folder that there is already */
  static async start(flags = [], data = mkdtempSync(join(tmpdir(), 'waymark-console-'))) {
    const service = new Service();
    service.data = data;
    service.child = spawn(binary(), ['--data', service.data, '--listen', '127.0.0.1:0', ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = createInterface({ input: service.child.stderr });
    for await (const line of lines) {
      const found = /Waymark serves (http:\/\/[^/]+)\/#token=(\S+)/.exec(line);
      if (!found) continue;
      [, service.origin, service.admin] = found;
      break;
    }
    assert.ok(service.origin, 'the service did not start');
    service.child.stderr.resume();
    return service;
  }

  /** A token. @param {string} who @param {string} grant */
  token(who, grant) {
    const name = who[0].toUpperCase() + who.slice(1);
    return execFileSync(binary(), ['token', '--data', this.data, '--subject', who, '--name', name, '--grant', grant], {
      encoding: 'utf8',
    }).trim();
  }

  /** @param {string} method @param {string} path @param {any} [body] @param {Record<string, string>} [headers] @param {string} [token] */
  async call(method, path, body, headers = {}, token = this.admin) {
    const response = await fetch(this.origin + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** Saves a config as a new version. @param {string} place app/env @param {any} config @param {string} [token] */
  save(place, config, token) {
    const [app, env] = place.split('/');
    const first = config?.first;
    if (first) delete config.first;
    return this.call('PUT', `/v1/apps/${app}/envs/${env}/working`, config, first ? {} : { 'If-Match': '*' }, token);
  }

  /** Ends it; the data stay. */
  async end() {
    this.child.kill('SIGTERM');
    await new Promise((resolve) => this.child.once('exit', resolve));
  }

  async stop() {
    await this.end();
    rmSync(this.data, { recursive: true, force: true });
  }
}

/**
 * A page that fails its test when a script fails, or when the Content-Security-Policy stops something.
 * @param {import('playwright-core').Browser} chrome
 * @param {object} [options]
 */
export async function newPage(chrome, options = {}) {
  const context = await chrome.newContext({
    viewport: { width: 1280, height: 800 },
    acceptDownloads: true,
    ...options,
  });
  if (process.env.FROM_DISK) await context.route(/\/(src\/[\w-]+\.js|\w+\.css)$/, fromDisk);
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(`${error}`));
  page.on('console', (message) => {
    // axe tries a style of its own, to no avail.
    if (page.hasAxe && /inline style/.test(message.text())) return;
    if (/Content Security Policy|TrustedHTML/i.test(message.text())) page.faults.push(message.text());
  });
  page.setDefaultTimeout(10_000);
  return page;
}

/** Opens the console. @param {any} page @param {Service} service @param {string} place app/env @param {string} [token] @param {string} [more] */
export async function open(page, service, place, token = service.admin, more = '') {
  const [app, env] = place.split('/');
  await page.goto('about:blank');
  await page.goto(`${service.origin}/#${new URLSearchParams({ token, app, env })}${more}`);
}

/** What tests do with a page of the panel. @param {any} page */
export function hands(page) {
  const button = (/** @type {string | RegExp} */ name) => page.getByRole('button', { name });
  const dialog = () => page.getByRole('dialog').last();
  return {
    button,
    dialog,
    /** Chooses in the menu "More". @param {string} name */
    menu: async (name) => {
      await page.locator('waymark-history summary').click();
      await button(name).click();
    },
    /** Presses a button of the dialog. @param {string} name */
    act: (name) => dialog().getByRole('button', { name, exact: true }).click(),
    /** Waits until the dialog says these. @param {...(string | RegExp)} texts */
    says: async (...texts) => {
      for (const text of texts) await dialog().getByText(text).first().waitFor();
    },
    /** @param {string} text */
    toast: (text) => page.locator('.toast', { hasText: text }).waitFor(),
    /** Opens an entry. @param {string | RegExp} name */
    row: (name) => page.getByRole('treeitem', { name }).first().click(),
    /** What has the focus: its text or label. */
    focused: () =>
      page.evaluate(() => {
        let e = document.activeElement;
        while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
        return e?.getAttribute('aria-label') ?? e?.textContent ?? '';
      }),
  };
}

/**
 * Opens the console, waits for the first row, and gives what tests do there.
 * @param {import('playwright-core').Browser} chrome
 * @param {Service} service
 * @param {string} place app/env
 * @param {{page?: object, empty?: boolean}} [options] `page`: those of the browser's context; `empty` where there is no row
 */
export async function start(chrome, service, place, options = {}) {
  const page = await newPage(chrome, options.page);
  await open(page, service, place);
  if (!options.empty) await page.getByRole('treeitem').first().waitFor();
  return { page, ...hands(page) };
}

/** A refusal of the service, with which a route is fulfilled. @param {number} status @param {string} type @param {object} [more] */
export const problem = (status, type, more = {}) => ({
  status,
  contentType: 'application/problem+json',
  headers: { 'apigw-requestid': 'REQ-9', 'access-control-expose-headers': 'apigw-requestid' },
  body: JSON.stringify({ type: `urn:waymark:problem:${type}`, detail: 'The reason.', ...more }),
});

/** Ends a page; none of its scripts may have failed. @param {any} page */
export async function finish(page) {
  const { faults } = page;
  await page.context().close();
  assert.deepEqual(faults, []);
}

/** No accessibility violation, in light and in dark. @param {any} page @param {string} what */
export async function accessible(page, what) {
  page.hasAxe = true;
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // By the debugger, which the page's policy does not bind.
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    const told = found.violations.map(
      (v) =>
        `${v.id}: ${v.nodes
          .map((n) => `${n.target} ${n.failureSummary}`)
          .slice(0, 3)
          .join(' | ')}`,
    );
    assert.deepEqual(told, [], `${what}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

/** Serves answers of a test's own. @param {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void} answer */
export async function serve(answer) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** While one writes: scripts and styles as they are in the folder now, not as they are in the binary. @param {any} route */
function fromDisk(route) {
  const path = new URL(route.request().url()).pathname;
  const file = join(root, 'console', path);
  // The page is the binary's, and may ask for scripts that are gone.
  if (!existsSync(file)) return route.abort();
  return route.fulfill({
    path: file,
    contentType: TYPES[extname(path)],
    headers: { 'access-control-allow-origin': '*' },
  });
}

const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript' };

/** Serves a file of the console as it is. @param {string} path @param {import('node:http').ServerResponse} response */
export function file(path, response) {
  // As the binary has it.
  if (path === '/config.json')
    return response.writeHead(200, { 'content-type': 'application/json' }).end('{"token_in_link": true}');
  const name = path === '/' ? 'index.html' : path.slice(1);
  const whole = join(root, 'console', name);
  if (!existsSync(whole) || name.includes('..')) return response.writeHead(404).end();
  return response
    .writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'text/plain', 'access-control-allow-origin': '*' })
    .end(readFileSync(whole));
}

/** Looks for something new, as the panel does by itself every few seconds. @param {any} page */
export const refresh = (page) => page.evaluate(() => document.querySelector('waymark-history').refresh());
