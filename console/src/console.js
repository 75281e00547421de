/** The console page: which environment, who looks, and the panel. */

import './waymark-history.js';
import { button, fill, h, own } from './dom.js';

/** @import {Child, SignIn, WaymarkHistory} from '../types' */
/** @import {Sample} from './sample.js' */

let given = new URLSearchParams();
/** A token that the fragment brought: it counts only where the service prints such links. */
let linked = '';
/** In memory only. */
let token = '';
/** A token that says who looks, where the other does not. */
let who = '';

/** Reads the fragment, and takes a token out of it at once. */
function readFragment() {
  given = new URLSearchParams(location.hash.slice(1));
  linked = given.get('token') ?? '';
  if (!given.has('token')) return;
  given.delete('token');
  history.replaceState(null, '', location.pathname + location.search + place());
}
readFragment();

/** The page's config.json. @type {{api?: string, sign_in?: any, token_in_link?: boolean}} */
let config = {};
/** @type {SignIn | null} */
let provider = null;

const main = /** @type {HTMLElement} */ (document.querySelector('main'));
const places = /** @type {HTMLElement} */ (document.querySelector('.places'));
/** @type {WaymarkHistory | null} */
let panel = null;
/** @type {Sample | null} */
let sample = null;

/** Where the reader is, as a fragment. */
function place() {
  return given.size ? `#${given}` : '';
}

/** @param {string} path */
async function ask(path) {
  const response = await fetch((config.api ?? '') + path, {
    headers: { Authorization: `Bearer ${token}` },
    cache: 'no-store',
  });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

/** Whom a token names; the service checks it. @param {string} jwt */
function bearer(jwt) {
  try {
    const middle = (jwt.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(middle), (c) => c.charCodeAt(0))));
    return String(claims.name ?? claims.sub);
  } catch {
    return '';
  }
}

/** @param {string} app @param {string} env */
function show(app, env) {
  given.set('app', app);
  given.set('env', env);
  document.title = `${app}/${env} · Waymark`;
  const element = /** @type {WaymarkHistory} */ (
    h(/** @type {any} */ ('waymark-history'), { app, env, api: config.api })
  );
  element.token = token;
  // By itself it opens nothing.
  element.addEventListener('waymark:token-expired', (event) => {
    if (/** @type {CustomEvent} */ (event).detail.asked) void signIn();
  });
  element.addEventListener('waymark:opened', (event) => {
    const version = `${/** @type {CustomEvent} */ (event).detail.version}`;
    if (given.get('version') === version) return;
    given.set('version', version);
    history.pushState(null, '', place());
  });
  panel = element;
  sample = null;
  main.replaceChildren(element);
  const version = Number(given.get('version'));
  if (version > 0) void element.openVersion(version);
  const isSample = app === 'refund-desk' && env === 'production';
  main.classList.toggle('with-sample', isSample);
  if (isSample) element.addEventListener('waymark:ready', () => addSample(element), { once: true });
}

/** Puts the sample app beside its history, when that is there. @param {WaymarkHistory} beside */
async function addSample(beside) {
  const { Sample } = await import('./sample.js');
  if (panel !== beside) return;
  sample = new Sample(config.api ?? '', () => token, beside);
  main.append(sample.element);
  void sample.refresh();
  try {
    sample.offer((await ask('/sample/people')).items);
  } catch {
    // Elsewhere than on this machine nobody gives tokens away.
  }
}

/** Most environments that are a list; more are found by typing. Most pages of them. */
const MANY = 20;
const PAGES = 50;

/** All environments that one may see. @returns {Promise<{app: string, environment: string}[]>} */
async function environments() {
  const found = [];
  for (let [next, n] = ['/v1/apps?limit=200', 0]; next && n < PAGES; n++) {
    const page = await ask(next);
    found.push(...page.items);
    next = page.next;
  }
  return found;
}

/** A choice between environments. @param {string[]} names @param {string} first */
function picker(names, first) {
  const go = (/** @type {string} */ name) => {
    if (!names.includes(name)) return;
    given.delete('version');
    open(name);
    history.pushState(null, '', place());
  };
  if (names.length <= MANY) {
    const select = h(
      'select',
      { 'aria-label': 'Environment', onchange: () => go(select.value) },
      names.map((name) => h('option', { value: name, selected: name === first }, name)),
    );
    return select;
  }
  const field = h('input', {
    type: 'search',
    list: 'environments',
    'aria-label': 'Environment',
    value: first,
    autocomplete: 'off',
    spellcheck: 'false',
    onchange: () => go(field.value.trim()),
    onfocus: () => field.select(),
  });
  return [
    field,
    h(
      'datalist',
      { id: 'environments' },
      names.map((name) => h('option', { value: name })),
    ),
  ];
}

/** @param {{app: string, environment: string}[]} items */
function choose(items) {
  const wanted = `${given.get('app')}/${given.get('env')}`;
  const names = items.map((item) => `${item.app}/${item.environment}`);
  if (!names.includes(wanted) && given.get('app') && given.get('env')) names.push(wanted);
  const first = names.includes(wanted)
    ? wanted
    : names.includes('refund-desk/production')
      ? 'refund-desk/production'
      : (names[0] ?? '');
  fill(places, names.length ? picker(names, first) : null, h('span.bearer', own(bearer(who || token))));
  if (provider) places.append(button('Sign out', () => provider?.signOut()));
  if (panel && first === wanted) return;
  if (first) open(first);
  else
    notice(
      'No environments yet',
      [
        'Save a first config and it appears here:',
        h(
          'pre',
          `curl -X PUT ${config.api ?? location.origin}/v1/apps/crm/envs/production/working \\\n  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"title": "Customers"}'`,
        ),
      ],
      'Look again',
      start,
    );
}

/**
 * Something in the place of the panel.
 * @param {string} title
 * @param {Child} words
 * @param {string} [act]
 * @param {() => unknown} [run]
 */
function notice(title, words, act, run) {
  main.replaceChildren(
    h(
      'div.notice',
      { role: 'status' },
      h('h2', title),
      h('div', words),
      act ? button(act, () => run?.(), { class: 'primary' }) : null,
    ),
  );
}

/** @param {string} name */
function open(name) {
  const [app = '', env = ''] = name.split('/');
  show(app, env);
}

/** Signs in, and goes on where the reader was. */
async function signIn() {
  if (!provider) return paste();
  try {
    await (panel ? provider.again(place()) : provider.go(place()));
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    if (panel) box('You are not signed in', [h('p', message)], 'Close');
    else signedOut(error);
  }
  return undefined;
}

/** Goes on with a token. @param {string} fresh @param {string} [says] whose it is, where that is another one */
function take(fresh, says = '') {
  token = fresh;
  who = says;
  if (!panel) return;
  panel.token = token;
  void sample?.refresh();
  void environments().then(choose, () => {});
}

/** Nobody is signed in. @param {unknown} [why] */
function signedOut(why) {
  const text = /** @type {Error | undefined} */ (why)?.message;
  notice(
    text ? 'You are not signed in' : 'Sign in to see a history',
    text || 'Your identity provider says who you are.',
    'Sign in',
    signIn,
  );
}

/** A dialog. @param {string} title @param {Child} body @param {string} act @param {boolean} [cancels] */
function box(title, body, act, cancels = false) {
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'box', class: 'box' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'box' }, title),
      body,
      h(
        'div.box-buttons',
        cancels ? button('Cancel', () => dialog.close('')) : null,
        h('button.primary', { value: 'done' }, act),
      ),
    ),
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks for a token as it was printed, alone or in the address. */
function paste() {
  if (document.querySelector('dialog.box')) return;
  const field = h('input', { id: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false' });
  const words = 'Token, or the whole address, as Waymark prints it when it starts';
  const asked = box('Sign in', [h('label', { for: 'token' }, words), field], 'Sign in', true);
  asked.addEventListener('close', () => {
    const text = field.value.trim();
    const fresh = new URLSearchParams(text.split('#')[1] ?? '').get('token') ?? text;
    if (asked.returnValue !== 'done' || !fresh) return;
    take(fresh);
    if (!panel) void start();
  });
  field.focus();
}

async function start() {
  // Whoever knows where to look need not wait for the list.
  const [app, env] = [given.get('app'), given.get('env')];
  if (app && env) show(app, env);
  try {
    choose(await environments());
  } catch (error) {
    if (panel) return; // It says itself what is wrong.
    if (/** @type {Error} */ (error).message !== '401')
      notice('The service cannot be reached', 'Look at your connection.', 'Try again', start);
    else notice('You are not signed in', 'The token has expired, or is not one of this service.', 'Sign in', signIn);
  }
}

/** Reads how this page is set up, and signs in. */
async function begin() {
  try {
    const response = await fetch('config.json');
    if (!response.ok) throw new Error(`${response.status}`);
    config = await response.json();
  } catch {
    return notice(
      'This page is not set up',
      'config.json beside it cannot be read. It says where the service is and how people sign in.',
      'Try again',
      begin,
    );
  }
  if (config.token_in_link) token = linked;
  if (token) return start();
  if (!config.sign_in)
    return notice(
      'Sign in to see a history',
      'Open the address that Waymark printed when it started. The token in it is kept in memory only.',
      'Sign in with a token',
      paste,
    );
  try {
    const { SignIn } = await import('./sign-in.js');
    provider = new SignIn(config.sign_in, take);
    const done = await provider.finish();
    readFragment();
    return done ? start() : (await provider.go(place(), true)) || signedOut();
  } catch (error) {
    readFragment();
    return signedOut(error);
  }
}

/** Another address in the same tab: a link that was pasted, or the way back. */
window.addEventListener('hashchange', () => {
  const before = `${given.get('app')}/${given.get('env')}`;
  readFragment();
  const fresh = config.token_in_link ? linked : '';
  if (fresh) take(fresh);
  const [app, env] = [given.get('app'), given.get('env')];
  if (!panel || !token) return void (token && start());
  if (app && env && `${app}/${env}` !== before) {
    show(app, env);
    return void environments().then(choose, () => {});
  }
  return void panel.openVersion(Number(given.get('version') ?? 0));
});

document.addEventListener('keydown', (event) => {
  if (event.target === document.body) panel?.press(event);
});

void begin();
