/** The console page: which environment, who looks, and the panel. */

import './waymark-history.js';
import { button, h } from './dom.js';
import { Sample } from './sample.js';

/** @import {WaymarkHistory} from '../types' */

/** The address's fragment says where to look, and may bring a token; the token is taken out of it at once. */
const given = new URLSearchParams(location.hash.slice(1));
/** In memory only: a page that is loaded again asks for it again. */
let token = given.get('token') ?? '';
given.delete('token');
history.replaceState(null, '', `${location.pathname}${given.size ? `#${given}` : ''}`);

const main = /** @type {HTMLElement} */ (document.querySelector('main'));
const places = /** @type {HTMLElement} */ (document.querySelector('.places'));
/** @type {WaymarkHistory | null} */
let panel = null;
/** @type {Sample | null} */
let sample = null;

/** @param {string} path */
async function ask(path) {
  const response = await fetch(path, { headers: { Authorization: `Bearer ${token}` }, cache: 'no-store' });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

/** Who looks, as the token says. */
function bearer() {
  try {
    const middle = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
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
  const element = /** @type {WaymarkHistory} */ (h(/** @type {any} */ ('waymark-history'), { app, env }));
  element.token = token;
  element.addEventListener('waymark:token-expired', () => signIn());
  element.addEventListener('waymark:opened', (event) => {
    given.set('version', `${/** @type {CustomEvent} */ (event).detail.version}`);
    history.replaceState(null, '', `#${given}`);
  });
  panel = element;
  sample = null;
  main.replaceChildren(element);
  main.classList.toggle('with-sample', app === 'refund-desk' && env === 'production');
  const version = Number(given.get('version'));
  if (version > 0) void element.openVersion(version);
  if (app === 'refund-desk' && env === 'production') {
    sample = new Sample('', () => token, element);
    main.append(sample.element);
    // The previews are drawn as soon as the panel has read where it stands: `waymark:ready`.
    void ask('/sample/people').then(
      (found) => sample?.offer(found.items),
      () => {},
    );
  }
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
  const select = h(
    'select',
    {
      'aria-label': 'Environment',
      onchange: () => {
        given.delete('version');
        open(select.value);
      },
    },
    names.map((name) => h('option', { value: name, selected: name === first }, name)),
  );
  places.replaceChildren(select, h('span', { class: 'bearer' }, bearer()));
  if (panel && first === wanted) return;
  if (first) open(first);
  else
    main.replaceChildren(
      h(
        'div',
        { class: 'notice' },
        h('h2', null, 'No environments yet'),
        h('p', null, 'Save a first config and it appears here:'),
        h(
          'pre',
          null,
          `curl -X PUT ${location.origin}/v1/apps/crm/envs/production/working \\\n  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"title": "Customers"}'`,
        ),
        button('Look again', () => void start()),
      ),
    );
}

/** @param {string} name */
function open(name) {
  const [app = '', env = ''] = name.split('/');
  show(app, env);
}

/** Asks for a token, and goes on with it where the reader was. */
function signIn() {
  const field = h('input', { id: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false' });
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'sign-in', class: 'sign-in' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'sign-in' }, 'Sign in'),
      h('p', null, 'Waymark prints an address with a token when it starts; open that one. Or paste a token here:'),
      h('label', { for: 'token' }, 'Token'),
      field,
      h('button', { class: 'primary' }, 'Sign in'),
    ),
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (!field.value.trim()) return;
    token = field.value.trim();
    if (panel) panel.token = token;
    else void start();
    void sample?.refresh();
  });
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
}

async function start() {
  if (!token) {
    main.replaceChildren(
      h(
        'div',
        { class: 'notice' },
        h('h2', null, 'Sign in to see a history'),
        h(
          'p',
          null,
          'Open the address that Waymark printed when it started: it brings a token along, which this page keeps in memory only.',
        ),
        button('Sign in with a token', signIn, { class: 'primary' }),
      ),
    );
    return;
  }
  // Whoever knows where to look need not wait for the list.
  const [app, env] = [given.get('app'), given.get('env')];
  if (app && env) show(app, env);
  try {
    choose((await ask('/v1/apps?limit=200')).items);
  } catch (error) {
    if (panel) return; // It says itself what is wrong.
    const expired = /** @type {Error} */ (error).message === '401';
    main.replaceChildren(
      h(
        'div',
        { class: 'notice', role: 'alert' },
        h('h2', null, expired ? 'You are not signed in' : 'The service cannot be reached'),
        h(
          'p',
          null,
          expired ? 'The token has expired, or is not one of this service.' : 'Start it, or look at your connection.',
        ),
        button(expired ? 'Sign in' : 'Try again', () => (expired ? signIn() : void start()), { class: 'primary' }),
      ),
    );
  }
}

void start();
