/** The panel: its parts, states and keys. */

import { Actions, create, restoreMoment } from './actions.js';
import { Api } from './api.js';
import { Detail } from './detail.js';
import { Dialog, interrupted, noMatch, stopped, words } from './dialog.js';
import { button, fill, find, h, may, plural, skeleton } from './dom.js';
import { Header, unpublish } from './releases.js';
import { asProblem, newest, Store } from './store.js';
import { Timeline } from './timeline.js';

/** @import {Entry, Line} from '../types' */

/** How often is looked for something new, in milliseconds. */
const EVERY = 5_000;

/** How long a toast stays, in milliseconds. */
const TOAST = 10_000;

/** In the place of a person's id: looks for more of them. */
const EARLIER = '…';

export class Panel {
  /**
   * @param {ShadowRoot} root
   * @param {HTMLElement} host where events are heard
   * @param {{api: string, app: string, env: string, token: () => string}} where
   */
  constructor(root, host, where) {
    this.root = root;
    this.host = host;
    this.api = new Api(where.api, where.app, where.env, where.token);
    this.api.refused = () => this.expired();
    /** What the page was told of as no longer taken. */
    this.told = { token: '', at: -EVERY };
    /** The token of the last look. */
    this.token = where.token();
    /** The version that the page was told of last. */
    this.seen = 0;
    this.where = where;
    this.store = new Store(this.api);
    this.actions = new Actions(this);
    this.header = new Header(this);
    this.timeline = new Timeline(this.store, (line) => this.open(line));
    this.detail = new Detail(this);
    this.banner = h('div.banner', { role: 'status' });
    this.toasts = h('div.toasts', { role: 'status' });
    this.state = h('div.state');
    this.tools = h('div.tools');
    this.menu = h('div.menu', { tabindex: '-1' });
    this.more = h('details.more', h('summary', { 'data-act': 'more' }, 'More'), this.menu);
    this.more.addEventListener('focusout', ({ relatedTarget: to }) => {
      if (!(to instanceof Node && this.more.contains(to))) this.more.open = false;
    });
    this.more.addEventListener('toggle', () => this.paintTools());
    this.more.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.more.open) return;
      event.stopPropagation();
      this.shut();
    });
    this.body = h(
      'div.panel',
      { 'data-view': 'timeline' },
      this.banner,
      this.header.element,
      this.tools,
      h('div.split', h('div.lane', this.state, this.timeline.element), this.detail.element),
      this.toasts,
    );
    this.body.addEventListener('keydown', (event) => keys(this, event));
    for (const name of ['state', 'standing', 'lines']) this.store.addEventListener(name, () => this.paint());
    this.store.addEventListener('standing', () => this.paintTools());
    this.store.addEventListener('lines', () => this.paintTools());
    this.store.addEventListener('back', () => this.root.dispatchEvent(new Event('back')));
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.patience = undefined;
    /** What the tools were drawn from. */
    this.painted = '';
    /** A version to open as soon as it is known. */
    this.wanted = 0;
  }

  start() {
    this.root.append(this.body);
    this.timer = setInterval(() => {
      if (document.visibilityState === 'visible') void this.refresh();
    }, EVERY);
    this.life = new AbortController();
    const look = () => this.refresh();
    window.addEventListener('online', look, this.life);
    document.addEventListener('visibilitychange', look, this.life);
    this.paint();
    void this.refresh();
  }

  stop() {
    clearInterval(this.timer);
    clearTimeout(this.patience);
    this.life?.abort();
    for (const dialog of this.root.querySelectorAll('dialog')) dialog.close();
    this.body.remove();
    // What is still on its way tells and opens nothing.
    this.host = h('div');
    this.root = this.host.attachShadow({ mode: 'open' });
  }

  async refresh() {
    if (!this.where.token()) return this.store.settle(null);
    const token = this.where.token();
    await this.store.refresh();
    if (!this.store.problem && token !== this.token) this.root.dispatchEvent(new Event('back'));
    this.token = token;
    const version = this.store.standing?.working.version ?? 0;
    const before = this.seen;
    this.seen = version;
    if (version !== before) this.tell(before ? 'waymark:changed' : 'waymark:ready', { version });
    if (this.wanted) await this.openVersion(this.wanted);
    return undefined;
  }

  /** Tells the page that the token is refused: once of each, and not more often than `EVERY`. */
  expired() {
    const token = this.where.token();
    if (token === this.told.token || performance.now() - this.told.at < EVERY) return;
    this.told = { token, at: performance.now() };
    this.tell('waymark:token-expired', { asked: false });
  }

  /** @param {string} name @param {object} [detail] */
  tell(name, detail = {}) {
    this.host.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /** Shows what stands in the way, or that there is nothing. */
  paint() {
    const { store } = this;
    const { problem } = store;
    clearTimeout(this.patience);
    this.body.classList.toggle('stale', Boolean(problem));
    const had = this.root.activeElement?.closest('.banner, .state');
    fill(this.banner);
    fill(this.state);
    if (!this.where.token()) fill(this.state, words('Sign in to see the history', 'This page has no token yet.'));
    else if (problem && store.lines.length === 0) fill(this.state, stopped(this, problem));
    else if (problem) fill(this.banner, interrupted(this, problem));
    else if (!store.ready)
      this.patience = setTimeout(() => {
        if (!store.ready && !store.problem) fill(this.state, skeleton());
      }, 200);
    else if (store.lines.length === 0 && !store.loading) fill(this.state, noMatch(this));
    // Its button is another one now, or has done its work.
    if (had) (find(had, 'button') ?? this.timeline.scroller).focus();
  }

  /** Closes the menu. */
  shut() {
    /** @type {HTMLElement} */ (this.more.firstElementChild).focus();
    this.more.open = false;
  }

  paintTools() {
    const { standing, filter, people: known, earlier } = this.store;
    const role = standing?.role;
    const facts = JSON.stringify([role, standing?.settings, !standing?.live, filter, [...known], earlier]);
    // A button that is drawn anew may miss a click.
    if (this.more.open || facts === this.painted) return;
    this.painted = facts;
    const tab = (/** @type {'all' | 'snapshots' | 'releases'} */ show, /** @type {string} */ text) =>
      button(
        text,
        () => {
          void this.store.setFilter({ show });
          this.paintTools();
        },
        { class: 'tab', 'aria-pressed': filter.show === show ? 'true' : 'false', 'data-act': `show-${show}` },
      );
    const people = h(
      'select',
      { 'aria-label': 'People', 'data-act': 'people', onchange: () => this.byPerson(people.value) },
      h('option', { value: '' }, 'Everybody'),
      [...this.store.people].map(([id, name]) => h('option', { value: id, selected: id === filter.author }, name)),
      this.store.earlier === null ? null : h('option', { value: EARLIER }, 'Look further back…'),
    );
    const item = (/** @type {boolean} */ able, /** @type {string} */ text, /** @type {() => unknown} */ run) =>
      able
        ? button(text, () => {
            this.shut();
            void run();
          })
        : null;
    const editor = may(role, 'editor');
    const publisher = may(role, 'publisher');
    fill(this.menu, [
      item(editor, 'Restore a moment…', () => restoreMoment(this.actions)),
      item(publisher && Boolean(standing?.settings.releases), 'Publish from another environment…', () =>
        this.promote(),
      ),
      item(
        publisher && Boolean(standing?.live),
        standing?.settings.live_without_release === 'working' ? 'Make every edit live…' : 'Unpublish…',
        () => unpublish(this.actions),
      ),
      item(editor, 'Edit JSON…', () => this.edit()),
      item(true, 'Keys', () => help(this)),
    ]);
    const had = find(this.tools, ':focus')?.dataset.act;
    this.tools.replaceChildren(
      h(
        'div.filters',
        { role: 'group', 'aria-label': 'Filter' },
        tab('all', 'All'),
        tab('snapshots', 'Snapshots'),
        tab('releases', 'Releases'),
        people,
      ),
      h(
        'div.buttons',
        editor ? button('Create snapshot', () => create(this.actions, 0), { 'data-act': 'snapshot' }) : null,
        button('Backups', () => this.backups(), { 'data-act': 'backups' }),
        this.more,
      ),
    );
    if (had) find(this.tools, `[data-act="${had}"]`)?.focus();
  }

  /** Loads everything else on demand. @param {() => Promise<unknown>} run */
  async late(run) {
    if (this.loading) return;
    this.loading = true;
    try {
      await run();
    } catch (error) {
      this.toast(asProblem(error).message);
    }
    this.loading = false;
  }

  edit() {
    return this.late(async () => (await import('./edit.js')).editJson(this));
  }

  backups() {
    return this.late(async () => new (await import('./backups.js')).Backups(this).open());
  }

  promote() {
    return this.late(async () => (await import('./promotion.js')).promote(this.actions));
  }

  /** Shows what one person did, or looks for more people. @param {string} id */
  async byPerson(id) {
    if (id !== EARLIER) return this.store.setFilter({ author: id });
    const before = this.store.people.size;
    const until = await this.store.morePeople();
    this.painted = '';
    this.paintTools();
    const found = plural(this.store.people.size - before, 'more person', 'more people');
    return this.toast(`${found}, back to ${until}.`);
  }

  /** @param {Line} line */
  open(line) {
    this.wanted = 0;
    this.body.dataset.view = 'entry';
    this.timeline.select(line);
    this.detail.show(line);
    this.tell('waymark:opened', { version: newest(line) });
    this.detail.element.focus({ preventScroll: true });
  }

  /** @param {number} version */
  async openVersion(version) {
    this.wanted = version;
    if (!this.store.ready) return;
    this.wanted = 0;
    try {
      await this.store.reach(version);
      const line = this.store.find(version) ?? (await this.api.get(`/versions/${version}`));
      this.open(line);
      this.timeline.reveal(line);
    } catch (error) {
      const problem = asProblem(error);
      this.toast(problem.status === 404 ? `There is no version #${version}.` : problem.message);
    }
  }

  back() {
    this.body.dataset.view = 'timeline';
    this.timeline.scroller.focus();
  }

  /** Shows no entry any more. */
  shutEntry() {
    this.wanted = 0;
    this.detail.empty();
    this.back();
  }

  /** @param {string} pointer @param {string | number} [version] */
  blame(pointer, version = 'working') {
    return this.late(async () => (await import('./blame.js')).blame(this, pointer, version));
  }

  /** Something was appended by this panel. @param {Entry & {unchanged?: boolean}} entry */
  changed(entry) {
    if (!entry.unchanged) void this.refresh();
  }

  /** What users see was changed by this panel. @param {Entry} entry */
  published(entry) {
    this.tell('waymark:published', { live: entry.live, version: entry.version });
    void this.refresh();
  }

  /** @param {string} text @param {string} [act] @param {() => unknown} [run] */
  toast(text, act, run) {
    const toast = h(
      'div.toast',
      h('span', text),
      act
        ? button(act, () => {
            toast.remove();
            void run?.();
          })
        : null,
      button('×', () => toast.remove(), { class: 'quiet', 'aria-label': 'Dismiss' }),
    );
    this.toasts.replaceChildren(toast);
    const fade = () => {
      if (toast.matches(':hover, :focus-within')) setTimeout(fade, 2000);
      else toast.remove();
    };
    setTimeout(fade, TOAST);
  }

  /** A link that opens a version. @param {number} version */
  link(version) {
    const template = this.host.getAttribute('link');
    if (template) return template.replace('{version}', `${version}`);
    const url = new URL(location.href);
    url.hash = new URLSearchParams({ app: this.where.app, env: this.where.env, version: `${version}` }).toString();
    return url.href;
  }
}

/** None restores or rolls back, on purpose. */
const KEYS = [
  ['↑ ↓ or k j', 'the entry before, the next one'],
  ['→ ←', 'show and hide the saves of a session'],
  ['Enter', 'open it'],
  ['Esc', 'back to the timeline'],
  ['[ ]', 'the change before, the next one'],
  ['c', 'compare with…'],
  ['s', 'create a snapshot'],
  ['p', 'review and publish'],
  ['u', 'undo the edit that is open'],
  ['/', 'filter'],
  ['?', 'this list'],
];

/** @param {Panel} panel */
function help(panel) {
  new Dialog(panel.root, {
    title: 'Keys',
    body: [
      h(
        'dl.keys',
        KEYS.map(([key, what]) => [h('dt', h('kbd', key)), h('dd', what)]),
      ),
    ],
  });
}

/** @param {Panel} panel @param {KeyboardEvent} event */
export function keys(panel, event) {
  const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
  if (panel.root.querySelector('dialog')) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target.matches('input, textarea, select') || target.closest('dialog')) return;
  const { detail } = panel;
  /** @type {Record<string, () => unknown>} */
  const map = {
    Escape: () => panel.back(),
    '[': () => detail.step(-1),
    ']': () => detail.step(1),
    j: () => panel.timeline.step(1),
    k: () => panel.timeline.step(-1),
    c: () => find(detail.element, '[data-act=compare]')?.focus(),
    s: () => find(panel.tools, '[data-act=snapshot]')?.click(),
    p: () => find(panel.header.element, '[data-act=publish]')?.click(),
    u: () => find(detail.element, '[data-act=undo]')?.click(),
    '/': () => find(panel.tools, '[data-act=show-all]')?.focus(),
    '?': () => help(panel),
  };
  const act = map[event.key];
  if (!act) return;
  event.preventDefault();
  void act();
}
