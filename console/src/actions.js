/** What people do with versions. Every action shows what it changes, for users and for builders, before it is done. */

import { changeList, countsInWords } from './changes.js';
import { Dialog, effect, explained } from './dialog.js';
import { h, own } from './dom.js';
import { skeleton } from './detail.js';
import { asProblem } from './store.js';
import { publish, rollBack, unpublish } from './releases.js';
import { dateAndTime, people, plural } from './words.js';

/** @import {Change, Diff, Entry, Line, Panel, Problem, Question} from '../types' */

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

  /**
   * Asks with a diff inside, which is read while the dialog is open already.
   * @param {Question} question
   * @param {() => Promise<Diff>} read
   * @param {(diff: Diff) => Node[]} lines
   */
  ask(question, read, lines) {
    const dialog = new Dialog(this.panel.root, { ...question, body: [skeleton()], ready: false, wide: true });
    const load = async () => {
      try {
        const diff = await read();
        dialog.lines.replaceChildren(...lines(diff));
        dialog.show([h('h3', null, countsInWords(diff.counts)), diff.changes.length ? changeList(diff) : null]);
        dialog.ready(true);
      } catch (error) {
        const again = h(
          'button',
          {
            type: 'button',
            onclick: () => {
              dialog.show([skeleton()]);
              void load();
            },
          },
          'Try again',
        );
        dialog.show([h('div', { class: 'problem', role: 'alert' }, explained(asProblem(error)), again)]);
      }
    };
    void load();
    return dialog;
  }

  /** @param {number} version @param {string} [name] */
  async restore(version, name) {
    const known = this.panel.store.find(version);
    const when = known && !('items' in known) ? ` (${dateAndTime(known.at)})` : '';
    const what = name ? `${name}` : `#${version}`;
    const authors = this.panel.store.authorsSince(version);
    const dialog = this.ask(
      {
        title: `Restore ${what}${when}?`,
        act: `Restore ${what}`,
        run: (d) => this.restored(d, name ? { snapshot: name } : { version }),
      },
      () => this.api.diff('working', name ?? version),
      (diff) => [
        effect(
          'Builders',
          diff.changes.length
            ? `working becomes ${what}, undoing ${plural(diff.changes.length, 'change')}${authors.length ? ` by ${people(authors)}` : ''}. Nothing is lost: the history keeps them.`
            : 'no change: working is the same already.',
        ),
        this.usersToo(),
      ],
    );
    await dialog.closed;
  }

  /**
   * Restores, and offers to take it back.
   * @param {Dialog} dialog
   * @param {object} body
   */
  async restored(dialog, body) {
    const entry = await this.api.post('/restore', body, dialog.key);
    this.panel.changed(entry);
    if (entry.unchanged) return this.panel.toast('Nothing to restore: working is the same already.');
    const back = () => this.takeBack(entry.version - 1, entry.version);
    this.panel.toast(`${entry.label}.`, 'Undo', back);
  }

  /** Goes back to what there was before a restore, unless somebody has saved since. @param {number} before @param {number} restored */
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

  /** @param {Line} line */
  async undo(line) {
    if ('items' in line) return;
    const { version } = line;
    const dialog = this.ask(
      {
        title: `Undo #${version}?`,
        act: `Undo #${version}`,
        run: (d) => this.restored(d, { undo: version }),
        explain: (problem) => this.conflicts(problem),
      },
      () => this.api.diff(version, version - 1),
      (diff) => [
        effect(
          'Builders',
          `${plural(diff.changes.length, 'change')} by `,
          own(line.author.name),
          ' reversed. What came later stays.',
        ),
        this.usersToo(),
      ],
    );
    await dialog.closed;
  }

  /** What to say when a later edit changed the same. @param {Problem} problem */
  conflicts(problem) {
    if (problem.type !== 'merge-conflict') return null;
    const places = (problem.body.conflicts ?? [])
      .slice(0, 5)
      .map((/** @type {any} */ c) =>
        h(
          'li',
          null,
          own(c.label || c.path),
          c.author ? h('span', null, ', changed since by ', own(c.author.name)) : null,
        ),
      );
    return [
      h(
        'p',
        null,
        'Not done: a later edit changed the same. Edit these by hand, or bring back only the parts that nobody has changed since.',
      ),
      h('ul', null, places),
    ];
  }

  /** @param {number} from @param {Change[]} changes */
  async bringBack(from, changes) {
    const paths = changes.map((change) => change.from ?? change.path);
    const title = changes.length === 1 ? 'Bring back 1 part' : `Bring back ${changes.length} parts`;
    const shown = changes.map((change) => ({
      ...change,
      op: change.op === 'remove' ? 'add' : change.op,
      before: change.op === 'remove' ? undefined : change.after,
      after: change.before,
      lines: undefined,
      ...(change.op === 'move' ? { from: change.path, path: change.from ?? '' } : {}),
    }));
    const counts = { added: 0, removed: 0, changed: 0, moved: 0 };
    for (const change of shown) counts[change.op === 'add' ? 'added' : change.op === 'move' ? 'moved' : 'changed']++;
    const dialog = new Dialog(this.panel.root, {
      title: `${title} from #${from}?`,
      lines: [effect('Builders', 'these parts become what they were; everything else stays.'), this.usersToo()],
      body: [h('h3', null, countsInWords(counts)), changeList({ changes: /** @type {Change[]} */ (shown), counts })],
      act: title,
      wide: true,
      run: (d) => this.restored(d, { version: from, paths }),
      explain: (problem) => this.conflicts(problem),
    });
    await dialog.closed;
  }

  /** @param {number} version @param {string} [name] */
  publish(version, name) {
    return publish(this, version, name);
  }

  rollBack() {
    return rollBack(this);
  }

  unpublish() {
    return unpublish(this);
  }

  /** @param {number} version */
  async copyLink(version) {
    const link = this.panel.link(version);
    try {
      await navigator.clipboard.writeText(link);
      this.panel.toast('Link copied.');
    } catch {
      const field = h('input', { type: 'text', value: link, readonly: true, 'aria-label': 'Link' });
      const dialog = new Dialog(this.panel.root, { title: 'Copy this link', body: [field] });
      field.select();
      await dialog.closed;
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

  /** @param {number} version */
  snapshot(version) {
    return import('./snapshots.js').then((module) => module.create(this, version));
  }

  /** @param {Entry} entry */
  rename(entry) {
    return import('./snapshots.js').then((module) => module.rename(this, entry));
  }
}

/** Hands a file to the reader. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
