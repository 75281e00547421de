/** The timeline: a tree of which only the rows in sight are in the page. */

import { avatar, dayKey, dayName, exactTime, h, own, plural, timeOfDay, total, visible } from './dom.js';
import { newest } from './store.js';

/** @import {Line, LineRow, Promotion, Row, Standing, Store} from '../types' */

/** Heights in pixels, as the style sheet has them. */
export const ROW = 56;
export const DAY = 36;

/** Days are slow to compute. @type {WeakMap<Line, string>} */
const days = new WeakMap();

/** @param {Line} line */
function dayOf(line) {
  let day = days.get(line);
  if (day === undefined) days.set(line, (day = dayKey(line.at)));
  return day;
}

/**
 * Lays out lines under their days, with the saves of open sessions.
 * @param {Line[]} lines
 * @param {Set<number>} open the newest versions of sessions that show their saves
 * @returns {{rows: Row[], height: number}}
 */
export function layOut(lines, open) {
  /** @type {Row[]} */
  const rows = [];
  let top = 0;
  let day = '';
  let place = 0;
  for (const line of lines) {
    const key = dayOf(line);
    if (key !== day) {
      day = key;
      rows.push({ kind: 'day', text: dayName(line.at), top });
      top += DAY;
    }
    rows.push({ kind: 'line', line, level: 1, top, place: ++place });
    top += ROW;
    if (!line.items || !open.has(newest(line))) continue;
    for (const entry of line.items) {
      rows.push({ kind: 'line', line: entry, level: 2, top, place });
      top += ROW;
    }
  }
  return { rows, height: top };
}

/** The last row that begins at or above a place. @param {Row[]} rows @param {number} y */
export function rowAt(rows, y) {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rows[middle]?.top ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Rows that are kept above and below those in sight. */
const SPARE = 8;

export class Timeline {
  /** @param {Store} store @param {(line: Line) => void} open */
  constructor(store, open) {
    this.store = store;
    this.open = open;
    /** @type {Set<number>} */
    this.unfolded = new Set();
    /** @type {Row[]} */
    this.rows = [];
    this.selected = '';
    this.newestSeen = 0;
    /** @type {Map<string, HTMLElement>} */
    this.shown = new Map();
    this.canvas = h('div.canvas', { role: 'none' });
    this.scroller = h(
      'div.timeline',
      {
        role: 'tree',
        tabindex: '0',
        'aria-label': 'Timeline',
        onscroll: () => this.paint(),
        onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e),
      },
      this.canvas,
    );
    this.pill = h('button', { type: 'button', class: 'pill', hidden: true, onclick: () => this.toTop() });
    this.element = h('div.timeline-frame', this.pill, this.scroller);
    for (const name of ['lines', 'names']) store.addEventListener(name, () => this.update());
    // The badge of what is live.
    store.addEventListener('standing', () => {
      if (this.live !== store.standing?.live?.published) this.update();
    });
    new ResizeObserver(() => this.paint()).observe(this.scroller);
  }

  /** Takes the store's lines. What the reader looks at stays where it is. */
  update() {
    this.live = this.store.standing?.live?.published;
    const at = rowAt(this.rows, this.scroller.scrollTop);
    const anchor = this.rows.slice(at).find((row) => row.kind === 'line');
    const offset = anchor ? this.scroller.scrollTop - anchor.top : 0;
    const { rows, height } = layOut(this.store.lines, this.unfolded);
    this.rows = rows;
    this.canvas.style.height = `${height + (this.store.next ? ROW : 0)}px`;
    for (const element of this.shown.values()) element.remove();
    this.shown.clear();
    const head = this.store.lines[0] ? newest(this.store.lines[0]) : 0;
    if (this.scroller.scrollTop > DAY && anchor?.kind === 'line') {
      const same = rows.find((row) => row.kind === 'line' && keyOf(row) === keyOf(anchor));
      if (same) this.scroller.scrollTop = same.top + offset;
      this.announce(head);
    } else {
      this.newestSeen = head;
      this.announce(head);
    }
    this.paint();
  }

  /** @param {number} head */
  announce(head) {
    if (!this.newestSeen) this.newestSeen = head;
    const fresh = head - this.newestSeen;
    this.pill.hidden = fresh <= 0;
    this.pill.textContent = fresh > 0 ? `${plural(fresh, 'new change')} ↑` : '';
  }

  toTop() {
    this.scroller.scrollTop = 0;
    this.newestSeen = this.store.lines[0] ? newest(this.store.lines[0]) : 0;
    this.announce(this.newestSeen);
    this.scroller.focus();
  }

  paint() {
    const { scrollTop, clientHeight } = this.scroller;
    if (scrollTop <= DAY && !this.pill.hidden) {
      this.newestSeen = this.store.lines[0] ? newest(this.store.lines[0]) : 0;
      this.announce(this.newestSeen);
    }
    const first = Math.max(0, rowAt(this.rows, scrollTop) - SPARE);
    const last = Math.min(this.rows.length - 1, rowAt(this.rows, scrollTop + clientHeight) + SPARE);
    const wanted = new Set();
    for (let index = first; index <= last; index++) {
      const row = this.rows[index];
      if (!row) continue;
      const key = keyOf(row);
      wanted.add(key);
      if (!this.shown.has(key)) this.show(key, row);
    }
    for (const [key, element] of this.shown) {
      if (wanted.has(key)) continue;
      element.remove();
      this.shown.delete(key);
    }
    this.mark();
    if (this.store.next && scrollTop + clientHeight * 3 > this.canvas.offsetHeight) void this.store.readOn();
  }

  /** @param {string} key @param {Row} row */
  show(key, row) {
    const element = row.kind === 'day' ? h('div.day', { role: 'none' }, row.text) : this.line(row);
    element.style.transform = `translateY(${row.top}px)`;
    // In the order in sight, for those who read by ear.
    const after = [...this.shown.values()].find((other) => topOf(other) > row.top);
    element.dataset.top = `${row.top}`;
    this.canvas.insertBefore(element, after ?? null);
    this.shown.set(key, element);
    if (after) this.shown = new Map([...this.shown].sort((a, b) => topOf(a[1]) - topOf(b[1])));
  }

  /** @param {LineRow} row */
  line(row) {
    const { line, level } = row;
    const session = line.items;
    const unfolded = Boolean(session) && this.unfolded.has(newest(line));
    const badge = badgeOf(line, this.store.standing);
    const { name, snapshot } = this.store.subject(line);
    const damaged = line.kind === 'damaged';
    const facts = damaged
      ? ['Who made it, and when, cannot be told']
      : [line.author.name, timeOfDay(line.at), session ? plural(line.saves, 'save') : `#${newest(line)}`];
    if (name && line.name !== name && line.kind !== 'renamed') facts.push(`then ${line.name}`);
    if (line.origin) facts.push(`from ${cameFrom(line.origin)}`);
    const time = damaged ? null : exactTime(line.at);
    const note = line.kind === 'snapshot' && snapshot ? snapshot.note : line.note;
    if (!session && note) facts.push(note);
    return h(
      'div',
      {
        class: `row level${level} is-${line.kind}${badge === 'Live' ? ' is-live' : ''}`,
        role: 'treeitem',
        id: `row-${keyOf(row)}`,
        'aria-level': level,
        'aria-expanded': session ? unfolded : null,
        'aria-setsize': -1,
        'aria-posinset': row.place,
        'aria-selected': 'false',
        'aria-description': time,
        onclick: () => this.choose(row, true),
      },
      h('span.rail', { 'aria-hidden': 'true' }, h('span.dot')),
      avatar(line.author),
      h(
        'span.words',
        h(
          'span.first',
          own(titleOf(line, this.store), 'label'),
          badge && h('span', { class: `badge ${badge.toLowerCase()}` }, badge),
        ),
        h(
          'span.second',
          { title: time },
          visible(facts.join(' · ')),
          line.changes && total(line.changes) > 1 ? ` · ${plural(total(line.changes), 'change')}` : null,
        ),
      ),
      session && this.foldButton(row, unfolded),
    );
  }

  /** For the mouse; by keyboard it is → and ←. @param {LineRow} row @param {boolean} unfolded */
  foldButton(row, unfolded) {
    const fold = (/** @type {Event} */ event) => {
      event.stopPropagation();
      this.fold(row);
    };
    return h('span.fold', { 'aria-hidden': 'true', onclick: fold }, unfolded ? '▾' : '▸');
  }

  /** @param {LineRow} row @param {boolean} [unfold] */
  fold(row, unfold = !this.unfolded.has(newest(row.line))) {
    if (!row.line.items) return;
    if (unfold) this.unfolded.add(newest(row.line));
    else this.unfolded.delete(newest(row.line));
    this.update();
  }

  /** @param {LineRow} row @param {boolean} open */
  choose(row, open) {
    this.selected = keyOf(row);
    this.mark();
    if (open) this.open(row.line);
  }

  /** Marks the row of a line as the chosen one. @param {Line} line */
  select(line) {
    const row = this.rowOf(line);
    if (row) this.selected = keyOf(row);
    this.mark();
  }

  /** The row of a line; of a save whose session is closed, that of the session. @param {Line} line */
  rowOf(line) {
    const version = newest(line);
    const lines = this.rows.filter((row) => row.kind === 'line');
    return (
      lines.find((row) => newest(row.line) === version && Boolean(row.line.items) === Boolean(line.items)) ??
      lines.find((row) => row.line.items && version <= row.line.to && version >= row.line.from)
    );
  }

  /** Brings the row of a line into sight. @param {Line} line */
  reveal(line) {
    const row = this.rowOf(line);
    const { scrollTop, clientHeight } = this.scroller;
    if (!row || (row.top >= scrollTop + DAY && row.top + ROW <= scrollTop + clientHeight)) return;
    this.scroller.scrollTop = row.top - clientHeight / 3;
    this.paint();
  }

  mark() {
    for (const [key, element] of this.shown) {
      if (element.getAttribute('role') === 'treeitem')
        element.setAttribute('aria-selected', `${key === this.selected}`);
    }
    if (this.shown.has(this.selected)) this.scroller.setAttribute('aria-activedescendant', `row-${this.selected}`);
    else this.scroller.removeAttribute('aria-activedescendant');
  }

  /** Goes to the row that is some steps away. @param {number} by */
  step(by) {
    const lines = this.rows.filter((row) => row.kind === 'line');
    const at = lines.findIndex((row) => keyOf(row) === this.selected);
    const row = lines[Math.min(lines.length - 1, Math.max(0, at + (at < 0 ? 1 : by)))];
    if (row?.kind !== 'line') return;
    const { scrollTop, clientHeight } = this.scroller;
    if (row.top < scrollTop + DAY) this.scroller.scrollTop = row.top - DAY;
    else if (row.top + ROW > scrollTop + clientHeight) this.scroller.scrollTop = row.top + ROW - clientHeight;
    this.paint();
    this.choose(row, false);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = this.rows.find((r) => r.kind === 'line' && keyOf(r) === this.selected);
    const line = row?.kind === 'line' ? row : undefined;
    if (event.key === 'ArrowDown' || event.key === 'j') this.step(1);
    else if (event.key === 'ArrowUp' || event.key === 'k') this.step(-1);
    else if (event.key === 'Enter' && line) this.open(line.line);
    else if (event.key === 'ArrowRight' && line) this.fold(line, true);
    else if (event.key === 'ArrowLeft' && line) this.fold(line, false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @param {HTMLElement} element */
const topOf = (element) => Number(element.dataset.top);

/** @param {Row} row */
function keyOf(row) {
  return row.kind === 'day' ? `day-${row.top}` : `${row.level}-${newest(row.line)}`;
}

/** What a line is called, with the present name of its snapshot. @param {Line} line @param {Store} store */
export function titleOf(line, store) {
  const { name } = store.subject(line);
  if (!name || line.kind === 'renamed') return line.label;
  if (line.kind === 'snapshot') return name;
  // "Published v3": the name stands last.
  const { label, name: then = '' } = line;
  return label.endsWith(` ${then}`) ? label.slice(0, -then.length) + name : label;
}

/** "s2 (#3) of staging" @param {Promotion} origin */
export const cameFrom = ({ environment, snapshot, version, merged }) =>
  `${snapshot} (#${version}) of ${environment}${merged ? ', merged with changes made here' : ''}`;

/** The one badge of a line. @param {Line} line @param {Standing | null} standing */
export function badgeOf(line, standing) {
  if (line.kind === 'published') return standing?.live?.published === newest(line) ? 'Live' : 'Release';
  if (line.kind === 'snapshot') return 'Snapshot';
  if (line.kind === 'restored') return 'Reverted';
  return '';
}
