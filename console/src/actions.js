/** What people do with versions. Every action first shows what it changes for users and builders. */

import { changeList, changes } from './changes.js';
import { ask, Dialog, effect, explained } from './dialog.js';
import { dateAndTime, h, own, people } from './dom.js';
import { asProblem, newest, oldest } from './store.js';
import { saveText } from './api.js';

/** @import {Change, Entry, Line, Panel, Problem, Shown} from '../types' */

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

  /** What users notice when builders' side changes. */
  usersToo() {
    const all = !this.standing?.live && this.standing?.settings.live_without_release === 'working';
    return effect('Users', all ? 'they see this immediately, since no release is published.' : 'no change.');
  }

  /** What restoring means. @param {string} what @param {Shown | null} diff @param {string} [by] */
  becomes(what, diff, by = '') {
    const words =
      diff?.changes.length === 0
        ? 'no change: working is the same already.'
        : `working becomes ${what}, undoing ${changes(diff)}${by}. Nothing is lost: the history keeps them.`;
    return [effect('Builders', words), this.usersToo()];
  }

  /** @param {number} version @param {string} [name] */
  restore(version, name) {
    const known = this.panel.store.find(version);
    const when = known && !known.items ? ` (${dateAndTime(known.at)})` : '';
    const what = name ? `${name}` : `#${version}`;
    const authors = this.panel.store.authorsSince(version);
    ask(
      this.panel,
      {
        title: `Restore ${what}${when}?`,
        act: `Restore ${what}`,
        emergency: true,
        run: (d) => this.restored(d, name ? { snapshot: name } : { version }),
      },
      () => this.api.diff('working', name ?? version),
      (diff) => this.becomes(what, diff, authors.length ? ` by ${people(authors)}` : ''),
    );
  }

  /** @param {Dialog} dialog @param {object} body @param {string} [key] */
  async restored(dialog, body, key = dialog.key) {
    this.reverted(await this.api.post('/restore', body, key));
  }

  /** Says what was done, and offers to take it back. @param {Entry} entry */
  reverted(entry) {
    this.panel.changed(entry);
    if (entry.unchanged) return this.panel.toast('Nothing to restore: working is the same already.');
    const back = () => this.takeBack(entry.version - 1, entry.version);
    return this.panel.toast(`${entry.label}.`, 'Undo', back);
  }

  /** Takes a restore back, unless somebody has saved since. @param {number} before @param {number} restored */
  async takeBack(before, restored) {
    await this.panel.store.refresh();
    if (this.standing?.working.version !== restored) return this.restore(before);
    try {
      const entry = await this.api.post('/restore', { version: before });
      this.panel.changed(entry);
      this.panel.toast(`Undone: ${entry.label}.`);
    } catch (error) {
      this.panel.toast(asProblem(error).message);
    }
    return undefined;
  }

  /** @param {Line} line an edit, or a session, which is undone as one */
  undo(line) {
    const [from, to] = [oldest(line), newest(line)];
    const what = from === to ? `#${to}` : `#${from}–#${to}`;
    ask(
      this.panel,
      {
        title: `Undo ${what}?`,
        act: `Undo ${what}`,
        run: (d) => (from === to ? this.restored(d, { undo: to }) : this.undoSession(d, from, to)),
        explain: (problem) => this.conflicts(problem),
      },
      () => this.api.diff(to, from - 1),
      (diff) => [
        effect('Builders', `${changes(diff)} by `, own(line.author.name), ' reversed. What came later stays.'),
        this.usersToo(),
      ],
    );
  }

  /**
   * Merges what was there before the session, as a change of its last save, with what came since.
   * @param {Dialog} dialog
   * @param {number} from
   * @param {number} to
   */
  async undoSession(dialog, from, to) {
    const before = await this.api.config(from - 1);
    const label = `Undid #${from}–#${to}`;
    const headers = { 'Waymark-Base': `${to}`, 'Waymark-Note': encodeURIComponent(label) };
    this.reverted({ ...(await saveText(this.api, before, headers, dialog.key)), label });
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
        'Not done: a later edit changed the same. Edit these by hand, or bring back only the parts that nobody has changed since.',
      ),
      h('ul', places),
    ];
  }

  /** @param {number} from @param {Change[]} changes */
  bringBack(from, changes) {
    const paths = changes.map((change) => change.from ?? change.path);
    const title = changes.length === 1 ? 'Bring back 1 part' : `Bring back ${changes.length} parts`;
    const shown = changes.map((change) => ({
      ...change,
      op: change.op === 'remove' ? 'add' : change.op,
      before: change.op === 'remove' ? undefined : change.after,
      after: change.before,
      lines: undefined,
    }));
    new Dialog(this.panel.root, {
      title: `${title} from #${from}?`,
      lines: [effect('Builders', 'these parts become what they were; everything else stays.'), this.usersToo()],
      body: [changeList({ changes: shown })],
      act: title,
      wide: true,
      run: (d) => this.restored(d, { version: from, paths }),
      explain: (problem) => this.conflicts(problem),
    });
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

  /** @param {string | number} version */
  async download(version) {
    try {
      const text = await this.api.config(version);
      const { app, environment } = this.standing ?? { app: '', environment: '' };
      save(new Blob([text], { type: 'application/json' }), `${app}-${environment}-v${version}.json`);
    } catch (error) {
      const problem = asProblem(error);
      this.panel.toast(
        problem.type === 'config-damaged'
          ? `Version #${version} cannot be read safely, so it cannot be downloaded.`
          : problem.message,
      );
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
      run: (d) => actions.restored(d, { at }, d.keyFor(at)),
    },
    async () => {
      const date = new Date(field.value);
      if (!(date.getTime() < Date.now())) return ['Choose a day and a time that has passed.'];
      at = date.toISOString();
      try {
        /** @type {Entry} */
        const entry = await api.get('/versions', { at });
        what = `#${entry.version}`;
        if (dialog.action) dialog.action.textContent = `Restore ${what}`;
        const note = h('p', `The newest then was ${what}, ${dateAndTime(entry.at)}, by `, own(entry.author.name));
        return { ...(await api.diff('working', entry.version)), note: [note] };
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

/** A form of a name and a note. @param {string} name @param {string} note */
function form(name, note) {
  const nameField = h('input', {
    id: 'name',
    type: 'text',
    value: name,
    maxlength: 64,
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'name-hint',
  });
  const noteField = h('input', { id: 'note', type: 'text', value: note, maxlength: 500, autocomplete: 'off' });
  const body = h(
    'div.form',
    h('label', { for: 'name' }, 'Name'),
    nameField,
    h(
      'p',
      { id: 'name-hint', class: 'meta' },
      'Letters, digits, dots, dashes. Empty: the next free number, such as v3.',
    ),
    h('label', { for: 'note' }, 'Note'),
    noteField,
  );
  return { body, name: () => nameField.value.trim(), note: () => noteField.value.trim(), nameField };
}

/** Says what is wrong with a name before it is sent. @param {string} name */
function fault(name) {
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

/** @param {Actions} actions @param {number} version 0 for the working one */
export function create(actions, version) {
  const fields = form(suggested(), '');
  const what = version ? `#${version}` : 'the working version';
  const dialog = new Dialog(actions.panel.root, {
    title: `Name ${what}`,
    lines: [effect('Users', 'no change.'), effect('Builders', 'no change; a name is kept for good.')],
    body: [fields.body],
    act: 'Create snapshot',
    run: async (d) => {
      const name = fields.name();
      if (fault(name)) throw new Error(fault(name));
      const body = {
        ...(name && { name }),
        ...(fields.note() && { note: fields.note() }),
        ...(version && { version }),
      };
      const entry = await actions.api.post('/snapshots', body, d.keyFor(body));
      actions.panel.changed(entry);
      actions.panel.toast(`${entry.label}.`);
    },
    explain: (problem) => refused(problem, fields.name()),
  });
  fields.nameField.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') void dialog.run();
  });
}

/** @param {Problem} problem @param {string} name */
function refused(problem, name) {
  if (fault(name)) return [h('p', fault(name))];
  if (problem.type === 'name-taken')
    return [h('p', `There is a snapshot called ${name} already. Choose another name.`)];
  return explained(problem);
}

/** @param {Actions} actions @param {Entry} entry */
export function rename(actions, entry) {
  const old = entry.name ?? '';
  const fields = form(old, entry.note ?? '');
  new Dialog(actions.panel.root, {
    title: `Rename ${old}`,
    lines: [effect('Users', 'no change.'), effect('Builders', `${old} goes on working as another name of it.`)],
    body: [fields.body],
    act: 'Rename snapshot',
    run: async (d) => {
      const name = fields.name();
      if (!name || fault(name)) throw new Error(fault(name));
      const body = { ...(name !== old && { name }), note: fields.note() };
      const renamed = await actions.api.call('PATCH', `/snapshots/${encodeURIComponent(old)}`, {
        body,
        key: d.keyFor(body),
      });
      actions.panel.changed(renamed);
      actions.panel.toast(`${renamed.label}.`);
    },
    explain: (problem) => (fields.name() ? refused(problem, fields.name()) : [h('p', 'Give it a name.')]),
  });
}
