/** One entry or session: what changed, who changed or removed it, and what one can do with it. */

import { changeList, countsInWords, value } from './changes.js';
import { Dialog, explained, failed } from './dialog.js';
import { avatar, button, dateAndTime, exactTime, h, may, own, plural, size, skeleton, timeOfDay, when } from './dom.js';
import { publish } from './releases.js';
import { create, rename } from './actions.js';
import { asProblem, newest, oldest } from './store.js';
import { badgeOf, titleOf } from './timeline.js';

/** @import {Api, Change, Child, Diff, Entry, Line, Panel, Problem} from '../types' */

/** How long nothing is shown before a placeholder is, in milliseconds. */
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
    /** @type {Set<Change>} */
    this.picked = new Set();
    this.at = -1;
    this.empty();
  }

  empty() {
    this.line = null;
    this.element.replaceChildren(h('p.hint', 'Choose an entry to see what changed.'));
  }

  /** @param {Line} line */
  show(line) {
    this.line = line;
    this.element.ariaLabel = line.label;
    this.changes = h('div.changes-box');
    const [from, to] = this.sides(line);
    this.element.replaceChildren(
      this.head(line),
      this.buttons(line),
      this.compare(line, from, to),
      h('div.columns', this.changes, this.facts(line)),
    );
    this.element.scrollTop = 0;
    void this.read(from, to);
  }

  /**
   * What a line is compared with at first. 0 where there is nothing before.
   * @param {Line} line
   * @returns {[string | number, string | number]}
   */
  sides(line) {
    if (line.kind === 'published') return ['release-before', line.name ?? newest(line)];
    if (line.kind === 'snapshot') return [line.subject?.version ?? newest(line), 'working'];
    // There is nothing before the first save, but there may be what was changed since.
    return [oldest(line) === 1 && newest(line) > 1 ? 1 : oldest(line) - 1, newest(line)];
  }

  /** @param {Line} line */
  head(line) {
    const badge = badgeOf(line, this.panel.store.standing);
    const session = line.items;
    return h(
      'header.detail-head',
      button('← Timeline', () => this.panel.back(), { class: 'quiet back' }),
      h('h2', own(titleOf(line)), badge ? h('span', { class: `badge ${badge.toLowerCase()}` }, badge) : null),
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
    const edit = line.kind === 'saved' || line.kind === 'restored';
    const named = !session && line.kind === 'snapshot' ? line : null;
    const subject = (!session && line.subject?.version) || version;
    const publishable = may(role, 'publisher') && store.standing?.settings.releases && line.kind !== 'unpublished';
    return h(
      'div.buttons',
      { role: 'group', 'aria-label': 'What to do with it' },
      editor ? button('Restore…', () => actions.restore(subject, !session ? line.name : undefined)) : null,
      editor && (edit || session) && oldest(line) > 1
        ? button(session ? 'Undo this session…' : 'Undo this edit…', () => actions.undo(line), { 'data-act': 'undo' })
        : null,
      editor ? (this.bring = button('', () => this.bringBack(), { class: 'bring', hidden: true })) : null,
      publishable
        ? button('Publish…', () => publish(actions, subject, !session && line.kind !== 'saved' ? line.name : undefined))
        : null,
      editor && named ? button('Rename…', () => rename(actions, named)) : null,
      editor && !named && !session && edit ? button('Snapshot…', () => create(actions, version)) : null,
      button('Copy link', () => actions.copyLink(version), { class: 'quiet' }),
      button('Download JSON', () => actions.download(subject), { class: 'quiet' }),
    );
  }

  /** @param {Line} line @param {string | number} from @param {string | number} to */
  compare(line, from, to) {
    const version = newest(line);
    const standing = this.panel.store.standing;
    const names = this.panel.store.lines.flatMap((l) =>
      l.kind === 'snapshot' && l.name && newest(l) !== version ? [l.name] : [],
    );
    const select = h(
      'select',
      { id: 'compare', 'data-act': 'compare', onchange: () => this.compared(line, select.value) },
      h(
        'option',
        { value: '' },
        from === 'release-before'
          ? 'the release before'
          : to === 'working'
            ? 'the working version'
            : 'the version before',
      ),
      to === 'working' ? null : h('option', { value: 'working' }, 'the working version'),
      standing?.live ? h('option', { value: 'live' }, `what users see (${standing.live.name})`) : null,
      names.map((name) => h('option', { value: name }, `snapshot ${name}`)),
    );
    return h('div.compare', h('label', { for: 'compare' }, 'Compare with'), select);
  }

  /** @param {Line} line @param {string} other */
  compared(line, other) {
    if (!other) return void this.read(...this.sides(line));
    const subject = line.subject?.version ?? newest(line);
    if (other === 'working') return void this.read(subject, 'working');
    // The older one stands on the left, as far as it can be told.
    const found = this.panel.store.lines.find((l) => l.kind === 'snapshot' && l.name === other);
    const place = other === 'live' ? this.panel.store.standing?.live?.version : found?.subject?.version;
    void ((place ?? 0) > subject ? this.read(subject, other) : this.read(other, subject));
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
      : [
          fact('When', exactTime(line.at)),
          line.note ? fact('Note', own(line.note)) : null,
          line.from ? fact('From', line.from.name ? own(line.from.name) : `#${line.from.version}`) : null,
          fact('Live then', line.live ? own(line.live) : 'no release'),
          fact('Size', size(line.bytes)),
          fact('SHA-256', h('code', { title: line.sha256 }, line.sha256.slice(0, 12))),
        ];
    return h('aside.facts', { 'aria-label': 'Facts' }, h('dl', rows));
  }

  /** @param {string | number} from @param {string | number} to */
  async read(from, to) {
    this.reading?.abort();
    const reading = (this.reading = new AbortController());
    const box = this.changes;
    if (!box) return;
    this.picked.clear();
    if (this.bring) this.bring.hidden = true;
    const timer = setTimeout(() => box.replaceChildren(skeleton()), PATIENCE);
    try {
      if (from === 'release-before') from = await this.releaseBefore();
      if (from === 0) box.replaceChildren(h('p.hint', 'The beginning: everything came with it.'));
      else this.changed(box, await this.panel.api.diff(from, to, reading.signal));
    } catch (error) {
      if (!reading.signal.aborted) box.replaceChildren(...this.failed(asProblem(error), () => this.read(from, to)));
    } finally {
      clearTimeout(timer);
    }
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
          ? blameRemoval(this.panel, diff, change)
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
    if (!this.bring) return;
    this.bring.hidden = this.picked.size === 0;
    this.bring.textContent = `Bring back ${plural(this.picked.size, 'selected part')}…`;
  }

  bringBack() {
    if (this.diff) this.panel.actions.bringBack(this.diff.from.version, [...this.picked]);
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

/** @param {Panel} panel @param {string} pointer @param {string | number} version */
export const blame = (panel, pointer, version) =>
  tell(panel, 'Who changed this?', () => panel.api.get('/blame', { path: pointer, version }));

/** @param {Panel} panel @param {Diff} diff @param {Change} change what the newer side of the diff does not have */
function blameRemoval(panel, diff, change) {
  const { from, to } = diff;
  // The right side is the older one: what it lacks was added later.
  if (from.version > to.version) return blame(panel, change.path, from.name ?? from.version);
  return tell(panel, 'Who removed this?', () => removal(panel.api, diff, change));
}

/**
 * The entry that removed a value, by halves: places in an array are no names, so that only a diff with the version that
 * had it tells.
 * @param {Api} api
 * @param {Diff} diff
 * @param {Change} change
 */
async function removal(api, { from, to }, { path, label, before }) {
  const older = from.name ?? from.version;
  // What was promoted was never the working version: then it is gone where its name was given already.
  let low = from.name ? from.version - 1 : from.version;
  let high = to.version;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const { changes } = await api.diff(older, middle);
    if (changes.some((change) => takes(change, path))) high = middle;
    else low = middle;
  }
  if (high === from.version) return { label, path, never: from.name };
  return { label, path, before, complete: true, entry: await api.get(`/versions/${high}`) };
}

/** Whether a change removes what was at a place, alone or with what is around it. @param {Change} change @param {string} place */
function takes({ op, path, from = path }, place) {
  if (op === 'remove') return `${place}/`.startsWith(`${path}/`);
  return op === 'replace' && place.startsWith(`${from}/`);
}

/** @param {Panel} panel @param {string} title @param {() => Promise<any>} first */
async function tell(panel, title, first) {
  const dialog = new Dialog(panel.root, { title, body: [skeleton()] });
  /** @param {() => Promise<any>} read */
  const look = async (read) => {
    dialog.show([skeleton()]);
    try {
      const found = await read();
      dialog.show(answer(panel, dialog, found, () => look(() => panel.api.get(found.next))));
    } catch (error) {
      const problem = asProblem(error);
      const text =
        problem.type === 'place-not-found'
          ? [h('p', 'There is nothing at this place in this version, and there never was.')]
          : explained(problem);
      dialog.show([
        h('div.problem', { role: 'alert' }, text),
        problem.status === 404 ? null : button('Try again', () => look(read)),
      ]);
    }
  };
  await look(first);
}

/**
 * @param {Panel} panel
 * @param {Dialog} dialog
 * @param {any} found
 * @param {() => Promise<void>} goOn
 * @returns {Child[]}
 */
function answer(panel, dialog, found, goOn) {
  const where = h('p.where', own(found.label || found.path || 'The whole config'));
  if (found.never) return [where, h('p', `The working version never had it: it came with ${found.never}.`)];
  if (!found.complete) {
    return [
      where,
      h('p', `Nobody changed it since #${found.unchanged_since}. That is as far as one look goes.`),
      button('Look further back', () => goOn()),
    ];
  }
  const { entry } = found;
  const back = found.brought_back;
  const shown = (/** @type {any} */ v) =>
    v && typeof v === 'object' && 'bytes_not_shown' in v
      ? `${v.bytes_not_shown} bytes, too much to show here`
      : (v ?? undefined);
  return [
    where,
    h(
      'p.blamed',
      avatar(entry.author),
      h('strong', own(entry.author.name)),
      `, ${dateAndTime(entry.at)}, #${entry.version}`,
      back ? h('span', '; brought back by ', own(back.author.name), `'s restore #${back.version}`) : null,
    ),
    h('div.values.two', value('before', 'Before', shown(found.before)), value('after', 'Now', shown(found.value))),
    button(`Open #${entry.version}`, () => {
      dialog.close();
      panel.open(entry);
    }),
  ];
}
