/** What people do with versions. Every action first shows what it changes. */

import { changes } from './changes.js';
import { ask, Dialog, effect, explained } from './dialog.js';
import { dateAndTime, h, own, people, plural } from './dom.js';
import { asProblem, newest, oldest } from './store.js';

/** @import {Change, Child, Diff, Entry, Line, Panel, Problem, Question, Shown} from '../types' */

/** Entries that an answer lists at most of what came since. */
const LISTED = 20;

export class Actions {
  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
  }

  get api() {
    return this.panel.api;
  }

  get standing() {
    return this.panel.store.standing;
  }

  get env() {
    return this.standing?.environment ?? '';
  }

  /** What users notice when builders' side changes. @param {Shown | null} [shown] what that comes to */
  usersToo(shown) {
    const standing = shown?.standing ?? this.standing;
    const all = !shown?.unchanged && !standing?.live && standing?.settings.live_without_release === 'working';
    return effect('Users', all ? 'they see this immediately, since no release is published.' : 'no change.');
  }

  /** What restoring means. @param {string} what @param {Shown | null} diff */
  becomes(what, diff) {
    const names = [...new Set(diff?.since?.with.map((entry) => entry.author.name))];
    if (diff?.since?.with.length === LISTED) names.push('others');
    const by = names.length ? ` by ${people(names)}` : '';
    const words = diff?.unchanged
      ? 'no change: working is the same already.'
      : `working becomes ${what}, undoing ${changes(diff)}${by}. Nothing is lost: the history keeps them.`;
    return [effect('Builders', words), this.usersToo(diff)];
  }

  /**
   * Asks before a restore, which is done only on the version that it was shown for.
   * @param {Question} question
   * @param {() => object} body
   * @param {(diff: Shown | null) => Child[]} lines
   */
  restoring(question, body, lines) {
    const run = async (/** @type {Dialog} */ d, /** @type {Shown | null} */ seen) => {
      const asked = body();
      this.reverted(await this.post(d, '/restore', asked, seen));
      await question.run?.(d, seen);
    };
    const look = () => this.look(body());
    return ask(this.panel, { follows: true, ...question, run }, look, lines);
  }

  /**
   * What a restore comes to. Where it stands is read first: an entry after that is a reason to look again.
   * @param {object} body
   * @returns {Promise<Shown>}
   */
  async look(body) {
    const standing = await this.api.get('').catch((error) => {
      // A history may begin with a file.
      if (asProblem(error).type !== 'environment-not-found') throw error;
      return null;
    });
    const shown = await this.api.preview('/restore', body);
    return { ...shown, version: standing && standing.working.version, standing };
  }

  /**
   * @param {Dialog} dialog
   * @param {string} path
   * @param {object} body
   * @param {Shown | null} seen
   * @param {string} [method]
   */
  post(dialog, path, body, seen, method = 'POST') {
    const version = seen ? seen.version : this.standing?.working.version;
    const headers = version ? { 'If-Match': `"${version}"` } : undefined;
    return this.api.call(method, path, { body, headers, key: dialog.keyFor(body) });
  }

  /** @param {{ref: string | number, name?: string}} subject @param {string} [at] */
  restore({ ref, name }, at) {
    const what = name ?? `#${ref}`;
    this.restoring(
      {
        title: `Restore ${what}${at ? ` (${dateAndTime(at)})` : ''}?`,
        act: `Restore ${what}`,
        emergency: true,
      },
      () => (name ? { snapshot: name } : { version: ref }),
      (diff) => this.becomes(what, diff),
    );
  }

  /** Says what was done, and offers to take it back. @param {Entry} entry */
  reverted(entry) {
    this.panel.changed(entry);
    if (entry.unchanged) return this.panel.toast('Nothing to restore: working is the same already.');
    const back = () => this.takeBack(entry.version - 1, entry.version);
    return this.panel.toast(`${entry.label}.`, entry.version > 1 ? 'Undo' : '', back);
  }

  /** Takes a restore back, unless somebody has saved since. @param {number} before @param {number} restored */
  async takeBack(before, restored) {
    try {
      const headers = { 'If-Match': `"${restored}"` };
      const entry = await this.api.call('POST', '/restore', { body: { version: before }, headers });
      this.panel.changed(entry);
      this.panel.toast(`Undone: ${entry.label}.`);
    } catch (error) {
      const problem = asProblem(error);
      if (problem.type === 'version-mismatch') return this.restore({ ref: before });
      this.panel.toast(problem.unclear ? 'No answer came. Look at the history before you try again.' : problem.message);
    }
    return undefined;
  }

  /** @param {Line} line an edit, or a session, which is undone as one */
  undo(line) {
    const [from, to] = [oldest(line), newest(line)];
    const what = from === to ? `#${to}` : `#${from}–#${to}`;
    this.restoring(
      { title: `Undo ${what}?`, act: `Undo ${what}`, explain: (problem) => this.conflicts(problem) },
      () => ({ undo: to, ...(from < to && { undo_from: from }) }),
      (diff) => [
        diff?.unchanged
          ? effect('Builders', 'no change: nothing of it is left in the working version.')
          : effect('Builders', `${changes(diff)} by `, own(line.author.name), ' reversed. What came later stays.'),
        this.usersToo(diff),
      ],
    );
  }

  /** What to say when a later edit changed the same. @param {Problem} problem */
  conflicts(problem) {
    if (problem.type !== 'merge-conflict') return null;
    const places = (problem.body.conflicts ?? [])
      .slice(0, 5)
      .map((/** @type {any} */ c) =>
        h('li', own(c.label || c.path), c.author ? h('span', ', changed since by ', own(c.author.name)) : null),
      );
    return [
      h(
        'p',
        'This cannot be done: a later edit changed the same. Edit these by hand, or bring back only the parts that nobody has changed since.',
      ),
      h('ul', places),
    ];
  }

  /** @param {Diff['from']} from @param {Change[]} parts @param {() => void} done */
  bringBack({ version, name }, parts, done) {
    const paths = parts.map((change) => change.from ?? change.path);
    const title = `Bring back ${plural(parts.length, 'part')}`;
    this.restoring(
      {
        title: `${title} from ${name ?? `#${version}`}?`,
        act: title,
        explain: (problem) => this.conflicts(problem),
        run: done,
      },
      () => ({ ...(name ? { snapshot: name } : { version }), paths }),
      (diff) => [
        effect(
          'Builders',
          diff?.unchanged
            ? 'no change: these parts are what they were already.'
            : 'these parts become what they were; everything else stays.',
        ),
        this.usersToo(diff),
      ],
    );
  }

  /** @param {number} version */
  async copyLink(version) {
    const link = this.panel.link(version);
    try {
      await navigator.clipboard.writeText(link);
      this.panel.toast('Link copied.');
    } catch {
      const field = h('input', { type: 'text', value: link, readonly: true, 'aria-label': 'Link' });
      new Dialog(this.panel.root, { title: 'Copy this link', body: [field] });
      field.select();
    }
  }

  /** @param {{ref: string | number, name?: string}} subject */
  async download({ ref, name }) {
    const what = name ?? `version #${ref}`;
    try {
      const text = await this.api.config(ref);
      const { app, environment } = this.standing ?? { app: '', environment: '' };
      // A snapshot may be called v7, and not be of #7.
      const file = `${app}-${environment}-${name ? `snapshot-${name}` : `v${ref}`}.json`;
      save(new Blob([text], { type: 'application/json' }), file);
    } catch (error) {
      const problem = asProblem(error);
      const damaged = `${what[0]?.toUpperCase()}${what.slice(1)} cannot be read safely, so it cannot be downloaded.`;
      this.panel.toast(problem.type === 'config-damaged' ? damaged : problem.message);
    }
  }
}

/** Hands a file to the reader. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A time as the field has it: in the reader's zone. @param {number} time */
const local = (time) => new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** @param {Actions} actions */
export function restoreMoment(actions) {
  const { api } = actions;
  const field = h('input', {
    type: 'datetime-local',
    id: 'moment',
    'aria-describedby': 'zone',
    value: local(Date.now() - 3_600_000),
    max: local(Date.now()),
  });
  let at = '';
  let what = '';
  const { dialog, load } = ask(
    actions.panel,
    {
      title: 'Restore a moment',
      body: [
        h(
          'div.form',
          h('label', { for: 'moment' }, 'As it was on'),
          field,
          h('p', { id: 'zone', class: 'meta' }, `Your time, ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`),
        ),
      ],
      act: 'Restore moment',
      follows: true,
      run: async (d, seen) => actions.reverted(await actions.post(d, '/restore', { at }, seen)),
    },
    async () => {
      const date = new Date(field.value);
      if (!(date.getTime() < Date.now())) return ['Choose a day and a time that has passed.'];
      at = date.toISOString();
      try {
        /** @type {[Entry, Shown]} */
        const [entry, shown] = await Promise.all([api.get('/versions', { at }), actions.look({ at })]);
        what = `#${entry.version}`;
        if (dialog.action) dialog.action.textContent = `Restore ${what}`;
        const note = h('p', `The newest then was ${what}, ${dateAndTime(entry.at)}, by `, own(entry.author.name));
        return { ...shown, note: [note] };
      } catch (error) {
        if (asProblem(error).type !== 'before-history') throw error;
        return ['Nothing was saved yet then. Choose a later time.'];
      }
    },
    (diff) => actions.becomes(what, diff),
  );
  field.addEventListener('change', () => load());
}

/** What the service takes as a name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Most bytes of a note. */
const NOTE = 1000;

/** A form of a name and a note. @param {string} name @param {string} hint what is said of the name */
function form(name, hint) {
  const nameField = h('input', {
    id: 'name',
    type: 'text',
    value: name,
    maxlength: 64,
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'name-hint',
  });
  const noteField = h('input', { id: 'note', type: 'text', maxlength: NOTE, autocomplete: 'off' });
  const body = h(
    'div.form',
    h('label', { for: 'name' }, 'Name'),
    nameField,
    h('p', { id: 'name-hint', class: 'meta' }, `Letters, digits, dots, dashes.${hint}`),
    h('label', { for: 'note' }, 'Note'),
    noteField,
  );
  /** What it was filled with. */
  let began = [name, ''];
  const now = () => [nameField.value.trim(), noteField.value.trim()];
  const typed = () => now().join('\n') !== began.join('\n');
  const begin = (/** @type {string} */ first, /** @type {string} */ second) => {
    // What somebody types stays.
    if (!typed()) [nameField.value, noteField.value] = [first, second];
    began = [first, second];
  };
  return { body, name: () => now()[0] ?? '', note: () => now()[1] ?? '', nameField, typed, begin };
}

/** Says what is wrong with a name or a note before it is sent. @param {string} name @param {string} note */
function fault(name, note) {
  const over = new TextEncoder().encode(note).length - NOTE;
  if (over > 0)
    return `The note is too long by ${plural(over, 'byte')}: it has room for 1,000, and a character takes one to four of them.`;
  if (!name) return '';
  if (/^\d+$/.test(name)) return 'Digits alone would be a version. Put a letter before them.';
  if (['live', 'working'].includes(name)) return `"${name}" has a meaning of its own. Choose another name.`;
  return NAME.test(name) ? '' : 'Begin with a letter or digit, and use letters, digits, dots, dashes and underscores.';
}

/** Today's date as a name that is likely to be free. */
function suggested() {
  const now = new Date();
  const two = (/** @type {number} */ n) => `${n}`.padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}`;
}

/** @param {Actions} actions @param {number} version 0 for the working one, as it is now */
export function create(actions, version) {
  const { standing } = actions;
  if (!standing) return;
  const fields = form(suggested(), ` Empty: the next free number, ${standing.next_name}.`);
  const asked = version || standing.working.version;
  const what = version ? `#${version}` : `the working version (#${asked})`;
  const dialog = new Dialog(actions.panel.root, {
    title: `Name ${what}`,
    lines: [effect('Users', 'no change.'), effect('Builders', 'no change; a name is kept for good.')],
    body: [fields.body],
    act: 'Create snapshot',
    typed: fields.typed,
    run: async (d) => {
      const [name, note] = [fields.name(), fields.note()];
      if (fault(name, note)) throw new Error(fault(name, note));
      const body = { ...(name && { name }), ...(note && { note }), version: asked };
      const entry = await actions.api.post('/snapshots', body, d.keyFor(body));
      actions.panel.changed(entry);
      actions.panel.toast(`${entry.label}.`);
    },
    explain: (problem) => refused(problem, fields.name(), fields.note()),
  });
  fields.nameField.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') void dialog.run();
  });
}

/** @param {Problem} problem @param {string} name @param {string} note */
function refused(problem, name, note) {
  if (fault(name, note)) return [h('p', fault(name, note))];
  if (problem.type === 'name-taken')
    return [h('p', `There is a snapshot called ${name} already. Choose another name.`)];
  return explained(problem);
}

/** @param {Actions} actions @param {Line} line one that is about a snapshot */
export function rename(actions, line) {
  const { api, panel } = actions;
  let present = { name: panel.store.subject(line).name ?? '', note: '' };
  const fields = form(present.name, '');
  ask(
    panel,
    {
      title: `Rename ${present.name}`,
      body: [fields.body],
      act: 'Rename snapshot',
      follows: true,
      typed: fields.typed,
      run: async (d, seen) => {
        const [name, note] = [fields.name(), fields.note()];
        if (!name || fault(name, note)) throw new Error(fault(name, note));
        const body = {
          ...(name !== present.name && { name }),
          ...(note !== present.note && { note: note || null }),
        };
        if (!Object.keys(body).length) return panel.toast('It is called that already.');
        const renamed = await actions.post(d, `/snapshots/${encodeURIComponent(present.name)}`, body, seen, 'PATCH');
        panel.changed(renamed);
        return panel.toast(`${renamed.label}.`);
      },
      explain: (problem) => {
        if (problem.type === 'version-mismatch') return null;
        return fields.name() ? refused(problem, fields.name(), fields.note()) : [h('p', 'Give it a name.')];
      },
    },
    async () => {
      // In this order: what is renamed in between is refused.
      const { working } = await api.get('');
      const found = await panel.store.snapshot(line.snapshot ?? 0);
      if (!found) return ['This snapshot cannot be found. Close this, and look again.'];
      present = { name: found.name, note: found.note ?? '' };
      fields.begin(present.name, present.note);
      return { version: working.version, changes: [], counts: { added: 0, removed: 0, changed: 0 }, plain: true };
    },
    () => [
      effect('Users', 'no change.'),
      effect('Builders', `${present.name} goes on working as another name of it.`),
      present.note ? effect('Builders', 'its note now: ', own(present.note)) : null,
    ],
  );
}
