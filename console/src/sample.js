/** The sample app beside the panel. */

import { Api } from './api.js';
import { inShort } from './dialog.js';
import { button, fill, h, may, own } from './dom.js';
import { asProblem } from './store.js';

/** @import {Drawing, WaymarkHistory} from '../types' */

const STEPS = [
  [
    'Heal the users’ side',
    'Users see refunds of other customers on the page Customer. Press “Roll back to v1” and watch.',
  ],
  ['Find who did it', 'Open Ben’s edit “Customer page: faster query” and press “Who changed this?” on the query.'],
  ['Undo that edit', 'Press “Undo this edit…” there. Ada’s new column title on the same page stays.'],
  ['Bring back two pages', 'Open Cleo’s session, choose the removed pages Reports and Archive, and bring them back.'],
  [
    'Edit as two people',
    'Open this page as Ben beside this one. Begin to edit a title here, save another title there: both stay. Then the same title: you choose.',
  ],
  ['Publish v3', 'Press “Review & publish”.'],
];

export class Sample {
  /** @param {string} api @param {() => string} token @param {WaymarkHistory} history */
  constructor(api, token, history) {
    this.api = new Api(api, 'refund-desk', 'production', token);
    this.history = history;
    this.page = 'customer';
    /** @type {any} */
    this.working = null;
    this.version = 0;
    this.editing = false;
    this.users = h('div.app', { 'data-side': 'users' });
    this.builders = h('div.app', { 'data-side': 'builders' });
    this.said = h('p.said', { role: 'status' });
    this.opener = h('p.opener');
    this.element = h(
      'div.sample',
      h(
        'section.card.try',
        { 'aria-label': 'Try it' },
        h('h2', 'Try it'),
        h(
          'ol',
          STEPS.map(([title, text], n) =>
            h('li', h('details', { name: 'step', open: n === 0 }, h('summary', title), h('p', text))),
          ),
        ),
        this.opener,
      ),
      h('section.card', { 'aria-label': 'Users see' }, h('h3', 'Users see'), this.users),
      h(
        'section.card',
        { 'aria-label': 'Builders edit' },
        h('h3', 'Builders edit', h('span.meta', ' click a title')),
        this.builders,
        this.said,
      ),
    );
    history.addEventListener('waymark:changed', () => this.refresh());
    history.addEventListener('waymark:published', () => this.refresh());
  }

  async refresh() {
    try {
      const live = await this.api
        .call('GET', '/live')
        .catch((error) => (asProblem(error).type === 'nothing-live' ? null : Promise.reject(error)));
      const standing = await this.api.get('');
      if (standing.working.version !== this.version && !this.editing) {
        this.working = JSON.parse(await this.api.config(standing.working.version));
        this.version = standing.working.version;
      }
      this.live = live;
      this.editor = may(standing.role, 'editor');
      this.paint();
    } catch {
      // The panel beside it says what is wrong.
    }
  }

  paint() {
    const go = (/** @type {string} */ page) => {
      this.page = page;
      this.paint();
    };
    this.users.replaceChildren(
      ...(this.live ? draw(this.live, { page: this.page, go }) : [h('p', 'Nothing is published.')]),
    );
    if (!this.editing)
      this.builders.replaceChildren(
        ...draw(this.working, {
          page: this.page,
          go,
          edit: this.editor ? (pointer, before) => this.edit(pointer, before) : undefined,
        }),
      );
  }

  /** @param {string} pointer @param {string} before */
  edit(pointer, before) {
    const shown = this.builders.querySelector(`[data-pointer="${pointer}"]`);
    if (!shown || this.editing) return;
    this.editing = true;
    const base = this.version;
    const field = h('input', {
      type: 'text',
      class: 'editing',
      value: before,
      'aria-label': 'Title',
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Enter') void this.save(base, pointer, before, field.value);
        if (event.key === 'Escape') this.stop();
      },
    });
    shown.replaceWith(field);
    field.select();
    this.say(`Editing on #${base}. Enter saves, Escape gives up.`);
  }

  /** @param {string} text */
  say(text) {
    fill(this.said, text);
  }

  stop() {
    this.editing = false;
    this.say('');
    void this.refresh().then(() => this.paint());
  }

  /** @param {number} base @param {string} pointer @param {string} before @param {string} after */
  async save(base, pointer, before, after) {
    if (before === after) return this.stop();
    const patch = [{ op: 'replace', path: pointer, value: after }];
    const type = { 'Content-Type': 'application/json-patch+json' };
    try {
      const saved = await this.api.call('PATCH', '/working', {
        body: patch,
        headers: { ...type, 'Waymark-Base': `${base}` },
      });
      this.stop();
      const others = saved.merged?.with?.map((/** @type {any} */ e) => e.author.name) ?? [];
      const merged = others.length ? `, merged with what ${[...new Set(others)].join(' and ')} saved` : '';
      this.say(`Saved as #${saved.version}${merged}.${inShort(saved.warnings)}`);
    } catch (error) {
      const problem = asProblem(error);
      this.stop();
      if (problem.type !== 'merge-conflict') {
        const lost = 'No answer came. Look at the history: it may have been saved.';
        this.say(problem.unclear ? lost : problem.message);
        return undefined;
      }
      const root = this.history.shadowRoot ?? document.body;
      const edit = await import('./edit.js').catch(() => null);
      const done = await edit?.settle(/** @type {any} */ (root), problem, (mine) =>
        mine.length === 0
          ? Promise.resolve()
          : this.api.call('PATCH', '/working', {
              // Places of what is newest, in which both have a value.
              body: mine.map(({ path, theirs }) => ({ op: 'replace', path, value: theirs })),
              headers: { ...type, 'If-Match': `"${problem.body.version}"` },
            }),
      );
      this.say(done ? 'Decided.' : 'Nothing was saved.');
      void this.refresh();
    }
    void this.history.refresh();
    return undefined;
  }

  /** @param {{name: string, token: string, grants: string[]}[]} people */
  offer(people) {
    const open = (/** @type {string} */ token) =>
      window.open(
        `${location.origin}/#${new URLSearchParams({ app: 'refund-desk', env: 'production', token })}`,
        '_blank',
        'noopener',
      );
    const role = (/** @type {string[]} */ grants) => (grants[0] ?? '').split(':').pop();
    this.opener.replaceChildren(
      'Open as ',
      ...people.flatMap((person, n) => [
        n ? ' ' : '',
        button(`${person.name} (${role(person.grants)})`, () => open(person.token), { class: 'quiet' }),
      ]),
    );
  }
}

/** What the sample's database would answer. Two of the rows are another customer's. */
const ROWS = {
  'open-refunds': [
    { order_no: '10-2231', customer: 'J. Moreau', amount: 42.5, requested_at: '13 Nov' },
    { order_no: '10-2240', customer: 'S. Adeyemi', amount: 129, requested_at: '14 Nov' },
  ],
  'customer-refunds': [
    { order_no: '10-2231', amount: 42.5, reason: 'Too small', state: 'open', customer_id: 1 },
    { order_no: '10-1978', amount: 18, reason: 'Damaged', state: 'approved', customer_id: 1 },
    { order_no: '10-2240', amount: 129, reason: 'Late', state: 'open', customer_id: 2 },
    { order_no: '10-2102', amount: 64.9, reason: 'Wrong colour', state: 'open', customer_id: 3 },
  ],
  waiting: [{ order_no: '10-2240', amount: 129, asked_by: 'Agent 7' }],
  customer: [{ name: 'J. Moreau', email: 'j@example.com', since: '2021', lifetime_value: 940 }],
  'by-month': [
    { month: 'November', refunds: 31, total: 2210 },
    { month: 'October', refunds: 58, total: 4105 },
  ],
  archived: [{ order_no: '08-0007', amount: 12, closed_at: '3 Mar 2024' }],
};

/**
 * The rows of a query, and whether other customers' are among them.
 * @param {any} config
 * @param {string} id
 */
function answer(config, id) {
  /** @type {Record<string, any>[]} */
  const rows = ROWS[/** @type {keyof typeof ROWS} */ (id)] ?? [];
  const query = list(config?.queries).find((q) => q?.id === id);
  const own = id !== 'customer-refunds' || /customer_id\s*=\s*:id/i.test(String(query?.sql ?? ''));
  return {
    rows: own ? rows.filter((row) => row.customer_id === undefined || row.customer_id === 1) : rows,
    leak: !own,
  };
}

/** @param {any} value @returns {any[]} */
const list = (value) => (Array.isArray(value) ? value : []);

/** Draws the app. @param {any} config @param {Drawing} options */
function draw(config, options) {
  const pages = list(config?.pages);
  const at = Math.max(
    0,
    pages.findIndex((page) => page?.id === options.page),
  );
  const tabs = h(
    'div.app-tabs',
    { role: 'group', 'aria-label': 'Pages of the app' },
    pages.map((page, n) =>
      h(
        'button',
        { type: 'button', 'aria-pressed': `${n === at}`, onclick: () => options.go(String(page?.id)) },
        String(page?.title ?? 'Page'),
      ),
    ),
  );
  const page = pages[at];
  const widgets = list(page?.widgets).map((widget, n) => drawn(config, widget, `/pages/${at}/widgets/${n}`, options));
  return [
    h('p.app-title', title(config?.title, '/title', options)),
    tabs,
    page
      ? h('div.app-page', h('h4', title(page.title, `/pages/${at}/title`, options)), widgets)
      : h('p', 'This app has no pages.'),
  ];
}

/** @param {any} text @param {string} pointer @param {Drawing} options */
function title(text, pointer, options) {
  const shown = String(text ?? '');
  if (!options.edit) return own(shown);
  return h(
    'button',
    {
      type: 'button',
      class: 'editable',
      'data-pointer': pointer,
      title: 'Click to edit',
      onclick: () => options.edit?.(pointer, shown),
    },
    shown,
  );
}

/** @param {any} config @param {any} widget @param {string} pointer @param {Drawing} options */
function drawn(config, widget, pointer, options) {
  const name = title(widget?.title, `${pointer}/title`, options);
  const type = String(widget?.type);
  if (type === 'button') return h('p.app-button', name);
  if (['table', 'detail', 'chart'].includes(type)) return h('div.app-widget', h('h5', name), table(config, widget));
  if (type === 'text') return h('div.app-widget', h('h5', name), h('p', own(String(widget.text ?? ''))));
  return h('div.app-widget', h('h5', name), h('p.app-input', own(String(widget?.placeholder ?? widget?.value ?? ''))));
}

/** @param {any} config @param {any} widget */
function table(config, widget) {
  const { rows, leak } = answer(config, String(widget.query));
  const columns = list(widget.columns).length
    ? list(widget.columns)
    : Object.keys(rows[0] ?? {}).map((id) => ({ id, title: id }));
  return [
    leak ? h('p.app-wrong', '⚠ Shows refunds of other customers') : null,
    h(
      'table',
      h(
        'thead',
        h(
          'tr',
          columns.map((c) => h('th', { scope: 'col' }, own(String(c?.title ?? '')))),
        ),
      ),
      h(
        'tbody',
        rows.map((row) =>
          h(
            'tr',
            { class: row.customer_id > 1 ? 'foreign' : null },
            columns.map((c) => h('td', String(row[c?.id] ?? ''))),
          ),
        ),
      ),
    ),
  ];
}
