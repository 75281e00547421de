/** What is known of an environment: where it stands, and the timeline as far as it was read. */

import { Problem } from './api.js';
import { dayName } from './dom.js';

/** @import {Api, Line, Standing} from '../types' */

/** Lines that one request asks for. */
const PAGE = 100;

/** The kinds that a filter shows; none for all of them, by session. */
const KINDS = { all: '', snapshots: 'snapshot,renamed', releases: 'published,unpublished' };

/** The newest version of a line. @param {Line} line */
export const newest = (line) => ('to' in line ? line.to : line.version);
/** The oldest version of a line. @param {Line} line */
export const oldest = (line) => ('to' in line ? line.from : line.version);

/** Events: `standing`, `lines`, `state`. */
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

  /** @param {{show?: keyof typeof KINDS, author?: string}} filter */
  async setFilter(filter) {
    this.filter = { ...this.filter, ...filter };
    this.lines = [];
    this.next = null;
    this.ready = false;
    this.tell('lines');
    await this.readNewest();
  }

  /** Reads the first page and puts it before what is there already. @param {Promise<unknown>} [wait] shown after this */
  async readNewest(wait) {
    const round = ++this.round;
    await this.read(this.path(), async (page) => {
      await wait;
      if (round !== this.round) return;
      const last = page.items[page.items.length - 1];
      const until = last ? oldest(last) : 0;
      const rest = this.lines.filter((line) => newest(line) < until);
      // Without an overlap, something in between was never read.
      const joins = !page.next || this.lines.some((line) => newest(line) >= until);
      if (this.lines.length === 0 || !joins || rest.length === 0) this.next = page.next;
      this.lines = joins ? [...page.items, ...rest] : page.items;
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
    });
  }

  /** Looks at a thousand entries more. Resolves with the day of the last. */
  async morePeople() {
    let at = '';
    try {
      for (let n = 0; n < 5 && this.earlier; n++) {
        const page = await this.api.get(this.earlier);
        this.earlier = page.next;
        for (const line of page.items) this.people.set(line.author.id, line.author.name);
        at = page.items[page.items.length - 1]?.at ?? at;
      }
    } catch (error) {
      this.settle(error);
    }
    return at ? dayName(at) : 'where it was';
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
      await take(page);
      for (const line of page.items) this.people.set(line.author.id, line.author.name);
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
    this.problem = problem;
    this.tell('state');
  }

  /** Who wrote after a version, as far as is known. @param {number} version */
  authorsSince(version) {
    const names = new Set();
    for (const line of this.lines) {
      if (newest(line) <= version) break;
      const changed = line.kind === 'session' || ['saved', 'restored', 'imported'].includes(line.kind);
      if (changed) names.add(line.author.name);
    }
    return [...names];
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

/** @param {unknown} error */
export function asProblem(error) {
  return error instanceof Problem
    ? error
    : new Problem(-1, 'panel', { detail: `Something went wrong in this panel: ${error}` });
}
