/** What is known of an environment. */

import { Problem } from './api.js';
import { dayName } from './dom.js';

/** @import {Api, Line, Snapshot, Standing} from '../types' */

/** Lines that one request asks for. */
const PAGE = 100;

/** The kinds that a filter shows; none for all of them, by session. */
const KINDS = { all: '', snapshots: 'snapshot,renamed', releases: 'published,unpublished' };

/** The newest version of a line. @param {Line} line */
export const newest = (line) => ('to' in line ? line.to : line.version);
/** The oldest version of a line. @param {Line} line */
export const oldest = (line) => ('to' in line ? line.from : line.version);

/** Where the listing of snapshots begins, and its most pages at once. @type {{next: string | null, until: number}} */
const BEGINNING = { next: '/snapshots?limit=200', until: Infinity };
const PAGES = 5;

/** Kinds of entries whose config is that of a snapshot, and not the working one. */
const NAMING = ['snapshot', 'renamed', 'published'];

/** Events: `standing`, `lines`, `state`, `names`. */
export class Store extends EventTarget {
  /** @param {Api} api */
  constructor(api) {
    super();
    this.api = api;
    /** @type {Standing | null} */
    this.standing = null;
    /** @type {Line[]} */
    this.lines = [];
    /** @type {string | null} */
    this.next = null;
    this.loading = false;
    /** The timeline was read at least once with the present filter. */
    this.ready = false;
    /** @type {Problem | null} what stands in the way of reading */
    this.problem = null;
    /** @type {{show: keyof typeof KINDS, author: string}} */
    this.filter = { show: 'all', author: '' };
    /** @type {Map<string, string>} people seen, by id */
    this.people = new Map();
    /** Where to look for more people. @type {string | null} */
    this.earlier = '/history?limit=200';
    /** Snapshots as they are now, by the entries that made them. @type {Map<number, Snapshot>} */
    this.snapshots = new Map();
    this.named = BEGINNING;
    this.stale = false;
    this.round = 0;
  }

  /** @param {string} name */
  tell(name) {
    this.dispatchEvent(new Event(name));
  }

  /** Reads where things stand, and the newest lines when there is something new. */
  async refresh() {
    try {
      const asked = this.api.get('').then((standing) => this.stands(standing));
      const first = this.ready || this.loading ? null : this.readNewest(asked);
      const grew = await asked;
      // Reading settles by itself, whichever way it ends.
      if (first || grew) await (first ?? this.readNewest());
      else this.settle(null);
    } catch (error) {
      this.settle(error);
    }
  }

  /** Takes where things stand. Says whether there is a newer entry. @param {Standing} standing */
  stands(standing) {
    const before = this.standing;
    this.standing = standing;
    if (JSON.stringify(standing) !== JSON.stringify(before)) this.tell('standing');
    return standing.working.version !== before?.working.version;
  }

  /**
   * Reads how the snapshots that the lines are about are called now.
   * @param {boolean} [anew] also those that were read before
   */
  async readNames(anew = false) {
    const round = (this.naming = {});
    this.stale ||= anew;
    const needed = this.lines.reduce((least, line) => Math.min(least, line.snapshot ?? least), Infinity);
    const until = this.stale ? Math.min(needed, this.named.until) : needed;
    let named = this.stale ? BEGINNING : this.named;
    const found = new Map(this.snapshots);
    try {
      for (let n = 0; n < PAGES && named.next && named.until > until; n++) {
        const { items = [], next = null } = await this.api.get(named.next);
        if (round !== this.naming) return;
        for (const item of items) if (item.name) found.set(item.version, item);
        named = { next, until: items[items.length - 1]?.version ?? 0 };
      }
    } catch {
      // Former names go on working.
      return;
    }
    this.stale = false;
    this.named = named;
    this.snapshots = new Map([...found].sort(([a], [b]) => b - a));
    this.tell('names');
  }

  /** A snapshot as it is now, by the entry that made it. @param {number} version @returns {Promise<Snapshot | undefined>} */
  async snapshot(version) {
    const { items } = await this.api.get('/snapshots', { before: version + 1, limit: 1 });
    return items?.find((/** @type {Snapshot} */ item) => item.name && item.version === version);
  }

  /**
   * The config of a line: a snapshot by its present name, or a version by its number.
   * @param {Line} line
   * @returns {{ref: string | number, name?: string, snapshot?: Snapshot}}
   */
  subject(line) {
    if (line.items || !line.name || !NAMING.includes(line.kind)) return { ref: newest(line) };
    const snapshot = this.snapshots.get(line.snapshot ?? 0);
    const name = snapshot?.name ?? line.name;
    return { ref: name, name, snapshot };
  }

  /** @param {{show?: keyof typeof KINDS, author?: string}} filter */
  async setFilter(filter) {
    this.filter = { ...this.filter, ...filter };
    this.lines = [];
    this.next = null;
    this.ready = false;
    this.tell('lines');
    await this.readNewest();
  }

  /** Reads the first page and puts it before the others. @param {Promise<unknown>} [wait] shown after this */
  async readNewest(wait) {
    const round = ++this.round;
    await this.read(this.path(), async (page) => {
      await wait;
      if (round !== this.round) return;
      const last = page.items[page.items.length - 1];
      const until = last ? oldest(last) : 0;
      const rest = this.lines.filter((line) => newest(line) < until);
      // Without an overlap, something in between was never read.
      const head = this.lines[0] ? newest(this.lines[0]) : 0;
      // A filter may hide that one was renamed.
      const { show, author } = this.filter;
      const named = KINDS[show] || author || page.items.some((line) => line.snapshot && newest(line) > head);
      const joins = !page.next || this.lines.some((line) => newest(line) >= until);
      if (this.lines.length === 0 || !joins || rest.length === 0) this.next = page.next;
      this.lines = joins ? [...page.items, ...rest] : page.items;
      void this.readNames(Boolean(named));
    });
  }

  /** Reads the page after what is there, if there is one. */
  async readOn() {
    const { next, round } = this;
    if (!next || this.loading) return;
    await this.read(next, (page) => {
      if (round !== this.round) return;
      this.lines = this.lines.concat(page.items);
      this.next = page.next;
      void this.readNames();
    });
  }

  /** Looks at a thousand entries more. Resolves with the day of the last. */
  async morePeople() {
    let at = '';
    try {
      for (let n = 0; n < 5 && this.earlier; n++) {
        const page = await this.api.get(this.earlier);
        this.earlier = page.next;
        this.meet(page.items);
        at = page.items[page.items.length - 1]?.at ?? at;
      }
    } catch (error) {
      this.settle(error);
    }
    return at ? dayName(at) : 'where it was';
  }

  /** Notes the people. Damage has neither author nor time: it stands with its neighbour. @param {Line[]} items */
  meet(items) {
    let at = items.find((line) => line.at)?.at ?? `${new Date()}`;
    for (const line of items) {
      if (line.kind === 'damaged') Object.assign(line, { at, author: { id: '', name: '?' } });
      else this.people.set(line.author.id, line.author.name);
      ({ at } = line);
    }
  }

  path() {
    const query = new URLSearchParams({ limit: `${PAGE}` });
    const { show, author } = this.filter;
    if (KINDS[show]) query.set('kind', KINDS[show]);
    if (author) query.set('author', author);
    if (!KINDS[show] && !author) query.set('group', 'session');
    return `/history?${query}`;
  }

  /** @param {string} path @param {(page: {items: Line[], next: string | null}) => unknown} take */
  async read(path, take) {
    this.loading = true;
    this.tell('state');
    try {
      const page = await this.api.get(path);
      this.meet(page.items);
      await take(page);
      this.ready = true;
      if (!this.next && this.filter.show === 'all' && !this.filter.author) this.earlier = null;
      this.loading = false;
      this.settle(null);
      this.tell('lines');
      // A filtered page may be empty although there is more behind it.
      if (page.items.length === 0 && this.next) await this.readOn();
    } catch (error) {
      this.loading = false;
      this.settle(error);
    }
  }

  /** Notes what stands in the way, or that nothing does. @param {unknown} error */
  settle(error) {
    const problem = error === null ? null : asProblem(error);
    const back = this.problem && !problem;
    this.problem = problem;
    this.tell('state');
    if (back) this.tell('back');
  }

  /** Reads on until a version is among the lines: a thousand entries at most. @param {number} version */
  async reach(version) {
    for (let n = 0; n < 1000 / PAGE && this.next && !this.loading && oldestOf(this.lines) > version; n++)
      await this.readOn();
  }

  /** The entry of a version, if the timeline has it. @param {number} version @returns {Line | undefined} */
  find(version) {
    for (const line of this.lines) {
      if (newest(line) === version) return line;
      if (line.items && version <= line.to && version >= line.from) {
        return line.items.find((entry) => entry.version === version) ?? line;
      }
    }
    return undefined;
  }
}

/** @param {Line[]} lines */
function oldestOf(lines) {
  const last = lines[lines.length - 1];
  return last ? oldest(last) : 0;
}

/** @param {unknown} error */
export function asProblem(error) {
  return error instanceof Problem
    ? error
    : new Problem(-1, 'panel', { detail: `Something went wrong in this panel: ${error}` });
}
