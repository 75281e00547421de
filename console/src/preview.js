/** The sample app, drawn from its config: a small page of it, as its users would have it. */

import { h, own } from './dom.js';

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
 * The rows of a query, and whether it gives more than it should: other customers' refunds, where nothing keeps to the
 * customer that is looked at.
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

/**
 * @typedef {object} Options
 * @property {string} page the id of the page that is open
 * @property {(page: string) => void} go
 * @property {(pointer: string, before: string) => void} [edit] makes titles editable
 */

/** Draws the app. @param {any} config @param {Options} options */
export function draw(config, options) {
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

/** @param {any} text @param {string} pointer @param {Options} options */
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

/** @param {any} config @param {any} widget @param {string} pointer @param {Options} options */
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
