/** One entry or session: what changed, and what one can do with it. */

import { changeList, countsInWords } from './changes.js';
import { failed } from './dialog.js';
import {
  avatar,
  button,
  dateAndTime,
  exactTime,
  find,
  h,
  may,
  own,
  plural,
  size,
  skeleton,
  timeOfDay,
  when,
} from './dom.js';
import { publish } from './releases.js';
import { create, rename } from './actions.js';
import { asProblem, newest, oldest } from './store.js';
import { badgeOf, cameFrom, titleOf } from './timeline.js';

/** @import {Change, Child, Diff, Entry, Line, Panel, Problem} from '../types' */

/** Milliseconds before a placeholder is shown. */
const PATIENCE = 200;

export class Detail {
  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.element = h('section.detail', { 'aria-label': 'Entry', tabindex: '-1' });
    /** @type {Line | null} */
    this.line = null;
    /** @type {AbortController | null} */
    this.reading = null;
    /** What is compared. @type {[string | number, string | number]} */
    this.asked = [0, 0];
    this.failing = false;
    /** What it was drawn from. */
    this.drawn = '';
    this.moving = '';
    /** What somebody compares it with. */
    this.other = '';
    /** @type {Set<Change>} */
    this.picked = new Set();
    this.at = -1;
    this.empty();
    for (const name of ['standing', 'names']) panel.store.addEventListener(name, () => this.follow());
    panel.root.addEventListener('back', () => this.failing && this.read(...this.asked));
  }

  empty() {
    this.line = null;
    this.element.replaceChildren(h('p.hint', 'Choose an entry to see what changed.'));
  }

  /** @param {Line} line */
  show(line) {
    this.reading?.abort();
    this.line = line;
    this.failing = false;
    this.element.ariaLabel = 'Entry';
    if (line.kind === 'damaged') return this.damaged(line);
    this.changes = h('div.changes-box');
    this.top = h('div');
    this.side = h('div');
    this.other = this.drawn = this.moving = '';
    this.element.replaceChildren(this.top, h('div.columns', this.changes, this.side));
    this.follow();
    this.element.scrollTop = 0;
    void this.read(...this.sides(line));
    return void this.find(line);
  }

  /** @param {Line} line */
  damaged(line) {
    this.line = null;
    this.element.replaceChildren(
      this.wayBack(),
      h(
        'div.problem',
        h('h2', own(line.label)),
        h('p', 'Who made this entry, when, and what it changed cannot be told. Other versions are not affected.'),
        button('Show backups', () => this.panel.backups()),
      ),
    );
  }

  wayBack() {
    return button('← Timeline', () => this.panel.back(), { class: 'quiet back', 'data-act': 'back' });
  }

  /** Reads a snapshot that the listing did not go so far to. @param {Line} line */
  async find(line) {
    const { store } = this.panel;
    if (!line.snapshot || store.snapshots.has(line.snapshot)) return;
    const found = await store.snapshot(line.snapshot).catch(() => undefined);
    if (found) store.snapshots.set(found.version, found);
    if (found) store.tell('names');
  }

  /** Draws what follows from where things stand, and compares with that anew. */
  follow() {
    const { line } = this;
    const { store } = this.panel;
    const { standing } = store;
    if (!line || !this.top || !this.side) return;
    const { ref, snapshot } = store.subject(line);
    const names = this.names(line);
    const facts = JSON.stringify([
      badgeOf(line, standing),
      standing?.role,
      standing?.settings.releases,
      standing?.live?.name,
      ref,
      snapshot,
      names,
    ]);
    if (facts !== this.drawn) {
      this.drawn = facts;
      const had = find(this.top, ':focus')?.dataset.act;
      this.top.replaceChildren(this.head(line), this.buttons(line), this.compare(line, names));
      this.side.replaceChildren(this.facts(line));
      this.showPicked();
      if (had) (find(this.top, `[data-act="${had}"]`) ?? this.element).focus();
    }
    const moving = JSON.stringify([ref, standing?.edited?.version, standing?.live?.published]);
    const moved = this.moving && moving !== this.moving;
    this.moving = moving;
    // A new name is another side.
    if (moved && (!this.asked.includes(ref) || this.asked.some((side) => side === 'working' || side === 'live')))
      this.compared(line, this.other);
  }

  /**
   * What a line is compared with at first. 0 where there is nothing before.
   * @param {Line} line
   * @returns {[string | number, string | number]}
   */
  sides(line) {
    const { ref } = this.panel.store.subject(line);
    if (line.kind === 'published') return ['release-before', ref];
    if (typeof ref === 'string') return [ref, 'working'];
    // There is nothing before the first save, but there may be what was changed since.
    return [oldest(line) === 1 && newest(line) > 1 ? 1 : oldest(line) - 1, newest(line)];
  }

  /** @param {Line} line */
  head(line) {
    const { store } = this.panel;
    const badge = badgeOf(line, store.standing);
    const session = line.items;
    return h(
      'header.detail-head',
      this.wayBack(),
      h('h2', own(titleOf(line, store)), badge ? h('span', { class: `badge ${badge.toLowerCase()}` }, badge) : null),
      h(
        'p.meta',
        avatar(line.author),
        own(line.author.name),
        ' · ',
        when(line.at, dateAndTime(line.at)),
        ' · ',
        session ? `#${line.from}–#${line.to}, ${plural(line.saves, 'save')}` : `#${line.version}`,
      ),
    );
  }

  /** @param {Line} line */
  buttons(line) {
    const { actions, store } = this.panel;
    const role = store.standing?.role;
    const version = newest(line);
    const editor = may(role, 'editor');
    const session = line.items;
    const edit = session || ['saved', 'restored', 'imported'].includes(line.kind);
    const subject = store.subject(line);
    const publishable = may(role, 'publisher') && store.standing?.settings.releases && line.kind !== 'unpublished';
    // When it was named; an unknown release has no time.
    const at = session
      ? undefined
      : (subject.snapshot?.at ?? (subject.name && line.kind !== 'snapshot' ? undefined : line.at));
    const act = (/** @type {any} */ able, /** @type {string} */ text, /** @type {() => unknown} */ run, name = text) =>
      able ? button(text, () => void run(), { 'data-act': name }) : null;
    return h(
      'div.buttons',
      { role: 'group', 'aria-label': 'What to do with it' },
      act(editor, 'Restore…', () => actions.restore(subject, at)),
      act(
        editor && edit && oldest(line) > 1,
        session ? 'Undo this session…' : 'Undo this edit…',
        () => actions.undo(line),
        'undo',
      ),
      editor
        ? (this.bring = button('', () => this.bringBack(), { class: 'bring', hidden: true, 'data-act': 'bring' }))
        : null,
      act(publishable, 'Publish…', () => publish(actions, subject), 'publish-this'),
      act(editor && subject.name && line.snapshot, 'Rename…', () => rename(actions, line)),
      act(editor && !session && edit, 'Snapshot…', () => create(actions, version)),
      button('Copy link', () => actions.copyLink(version), { class: 'quiet', 'data-act': 'link' }),
      button('Download JSON', () => actions.download(subject), { class: 'quiet', 'data-act': 'download' }),
    );
  }

  /** @param {Line} line */
  names(line) {
    const { snapshots } = this.panel.store;
    return [...snapshots.values()].filter(({ version }) => version !== line.snapshot).map(({ name }) => name);
  }

  /** @param {Line} line @param {string[]} names */
  compare(line, names) {
    const standing = this.panel.store.standing;
    const [from, to] = this.sides(line);
    const option = (/** @type {string} */ value, /** @type {string} */ text) =>
      h('option', { value, selected: value === this.other }, text);
    const select = h(
      'select',
      { id: 'compare', 'data-act': 'compare', onchange: () => this.compared(line, select.value) },
      option(
        '',
        from === 'release-before'
          ? 'the release before'
          : to === 'working'
            ? 'the working version'
            : 'the version before',
      ),
      to === 'working' ? null : option('working', 'the working version'),
      standing?.live ? option('live', `what users see (${standing.live.name})`) : null,
      names.map((name) => option(name, `snapshot ${name}`)),
    );
    return h('div.compare', h('label', { for: 'compare' }, 'Compare with'), select);
  }

  /** @param {Line} line @param {string} other */
  compared(line, other) {
    this.other = other;
    if (!other) return void this.read(...this.sides(line));
    const { standing, snapshots } = this.panel.store;
    const { ref, snapshot } = this.panel.store.subject(line);
    if (other === 'working') return void this.read(ref, 'working');
    // The older one stands on the left, as far as it can be told.
    const own = snapshot?.subject.version ?? line.subject?.version ?? newest(line);
    const found = [...snapshots.values()].find(({ name }) => name === other);
    const place = other === 'live' ? standing?.live?.version : found?.subject.version;
    void ((place ?? 0) > own ? this.read(ref, other) : this.read(other, ref));
  }

  /** @param {Line} line */
  facts(line) {
    const fact = (/** @type {string} */ name, /** @type {Child} */ what) => [h('dt', name), h('dd', what)];
    const session = line.items;
    const save = (/** @type {Entry} */ entry) => {
      const open = () => this.panel.open(entry);
      return h('li', button(`#${entry.version} ${timeOfDay(entry.at)}`, open, { class: 'quiet' }), own(entry.label));
    };
    const rows = session
      ? [fact('Saves', h('ol.saves', { tabindex: '0', 'aria-label': 'Saves' }, line.items.map(save)))]
      : this.entryFacts(line, fact);
    return h('aside.facts', { 'aria-label': 'Facts' }, h('dl', rows));
  }

  /** @param {Entry} entry @param {(name: string, what: Child) => Child[]} fact */
  entryFacts(entry, fact) {
    const { name, snapshot } = this.panel.store.subject(entry);
    const { from, source } = entry;
    const { bytes, sha256 } = snapshot?.subject ?? entry.subject ?? entry;
    const note = entry.kind === 'snapshot' && snapshot ? snapshot.note : entry.note;
    const origin = snapshot?.origin ?? entry.origin;
    const known = !name || snapshot || entry.subject;
    return [
      fact('When', exactTime(entry.at)),
      name && entry.name !== name ? fact('Name then', own(entry.name ?? '')) : null,
      note ? fact('Note', own(note)) : null,
      origin ? fact('Promoted from', own(cameFrom(origin))) : null,
      from ? fact('From', from.name ? own(from.name) : `#${from.version}`) : null,
      source?.environment
        ? fact('From', own(`${source.environment}${source.version ? ` #${source.version}` : ''}`))
        : null,
      fact('Live then', entry.live ? own(entry.live) : 'no release'),
      known ? fact('Size', size(bytes)) : null,
      known ? fact('SHA-256', h('code', { title: sha256 }, sha256.slice(0, 12))) : null,
    ];
  }

  /** @param {string | number} from @param {string | number} to */
  async read(from, to) {
    this.reading?.abort();
    const reading = (this.reading = new AbortController());
    const box = this.changes;
    if (!box) return;
    this.asked = [from, to];
    this.failing = false;
    this.pickNone();
    const timer = setTimeout(() => box.replaceChildren(skeleton()), PATIENCE);
    try {
      if (from === 'release-before') from = await this.releaseBefore();
      if (reading.signal.aborted) return;
      if (from === 0) box.replaceChildren(h('p.hint', this.beginning()));
      else this.changed(box, await this.panel.api.diff(from, to, reading.signal));
    } catch (error) {
      if (reading.signal.aborted) return;
      this.failing = true;
      box.replaceChildren(...this.failed(asProblem(error), () => this.read(...this.asked)));
    } finally {
      clearTimeout(timer);
    }
  }

  /** What is said where there is nothing to compare with. */
  beginning() {
    return this.line?.kind === 'published'
      ? 'No release was live before it.'
      : 'The beginning: everything came with it.';
  }

  /** What was live before the release that is shown; 0 where nothing was. */
  async releaseBefore() {
    const version = this.line ? newest(this.line) : 0;
    const before = await this.panel.api.get(`/versions/${version - 1}`);
    return before.live ?? 0;
  }

  /** @param {HTMLElement} box @param {Diff} diff */
  changed(box, diff) {
    const side = (/** @type {{version: number, name?: string}} */ s) =>
      s.name ? `${s.name} (#${s.version})` : `#${s.version}`;
    this.diff = diff;
    this.at = -1;
    const options = {
      blame: (/** @type {Change} */ change) =>
        change.op === 'remove'
          ? this.panel.late(async () => (await import('./blame.js')).blameRemoval(this.panel, diff, change))
          : this.panel.blame(change.path, diff.to.name ?? diff.to.version),
      pick: this.bring ? (/** @type {Change} */ c, /** @type {boolean} */ p) => this.pick(c, p) : undefined,
    };
    box.replaceChildren(
      h(
        'h3',
        diff.changes.length ? countsInWords(diff.counts) : 'No changes',
        h('span.meta', ` from ${side(diff.from)} to ${side(diff.to)}`),
      ),
      diff.changes.length ? changeList(diff, options) : h('p.hint', 'Both have the same content.'),
    );
  }

  /** @param {Change} change @param {boolean} picked */
  pick(change, picked) {
    if (picked) this.picked.add(change);
    else this.picked.delete(change);
    this.showPicked();
  }

  showPicked() {
    if (!this.bring) return;
    this.bring.hidden = this.picked.size === 0;
    this.bring.textContent = `Bring back ${plural(this.picked.size, 'selected part')}…`;
  }

  pickNone() {
    this.picked.clear();
    for (const box of this.element.querySelectorAll('.pick')) /** @type {HTMLInputElement} */ (box).checked = false;
    this.showPicked();
  }

  bringBack() {
    if (this.diff) this.panel.actions.bringBack(this.diff.from, [...this.picked], () => this.pickNone());
  }

  /** Moves to the next or the last change. @param {1 | -1} by */
  step(by) {
    const items = [...this.element.querySelectorAll('.change')];
    this.at = Math.min(items.length - 1, Math.max(0, this.at + by));
    /** @type {HTMLElement | undefined} */ (items[this.at])?.focus();
  }

  /** @param {Problem} problem @param {() => void} again */
  failed(problem, again) {
    if (problem.type === 'config-damaged') {
      const version = problem.body.version ?? '';
      return [
        h(
          'div.problem',
          { role: 'alert' },
          h('h3', `Version #${version} cannot be read safely`),
          h(
            'p',
            'What is stored is not what was saved, so it is not shown. Other versions are not affected: compare with another one, restore another version, or restore a backup.',
          ),
          button('Show backups', () => this.panel.backups()),
        ),
      ];
    }
    return [failed(problem, again, 'The changes cannot be shown')];
  }
}
