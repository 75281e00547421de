/** Backups: listed, taken, downloaded, uploaded and restored. */

import { sendFile } from './api.js';
import { Dialog, effect, failed } from './dialog.js';
import { button, dateAndTime, exactTime, fill, h, may, own, plural, size, skeleton, visible } from './dom.js';

/** @import {Panel} from '../types' */

const CLASSES = {
  manual: 'by hand',
  'before-restore': 'before a restore',
  d14: 'daily',
  d70: 'weekly',
  d800: 'monthly',
};

export class Backups {
  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    /** The same until a backup was taken: none is taken twice. */
    this.key = crypto.randomUUID();
  }

  get api() {
    return this.panel.api;
  }

  open() {
    const editor = may(this.panel.store.standing?.role, 'editor');
    this.policy = h('p.meta.policy');
    this.list = h('div.backup-list', skeleton());
    this.note = h('div', { role: 'status', class: 'meta' });
    const dialog = new Dialog(this.panel.root, {
      title: 'Backups',
      body: [this.policy, editor ? this.tools() : null, this.note, this.list],
      wide: true,
    });
    this.dialog = dialog;
    void this.readPolicy();
    void this.read('/backups?limit=50', true);
  }

  tools() {
    const input = h('input', {
      type: 'file',
      id: 'file',
      class: 'file',
      accept: '.gz,.json,application/gzip,application/json',
      onchange: () => {
        if (input.files?.[0]) void this.file(input.files[0]);
        input.value = '';
      },
    });
    const drop = h(
      'div.drop',
      h('label', { for: 'file' }, 'Restore from a file…'),
      input,
      h('span.meta', 'or drop a .waymark.json.gz or .json file here'),
    );
    drop.addEventListener('dragover', (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
    drop.addEventListener('dragleave', () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      const file = event.dataTransfer?.files[0];
      if (file) void this.file(file);
    });
    const take = button('Take a backup', () => this.take(take), { class: 'primary' });
    return h('div.backup-tools', take, drop);
  }

  async readPolicy() {
    try {
      const { every, keep, next, last } = await this.api.get('/backup-policy');
      const kept = [
        [keep?.daily, 'day'],
        [keep?.weekly, 'week'],
        [keep?.monthly, 'month'],
      ]
        .filter(([n]) => n)
        .map(([n, what]) => plural(n, what));
      const text =
        every === 'off' ? 'Scheduled backups are off.' : `A backup every ${every}, kept for ${kept.join(', ')}.`;
      this.policy?.replaceChildren(text, next && every !== 'off' ? ` Next: ${dateAndTime(next)}.` : '');
      if (last && !last.ok)
        this.policy?.append(
          h('strong.fault', ` The last one failed: ${visible(last.fault ?? 'no reason was given')}.`),
        );
    } catch {
      this.policy?.replaceChildren('The schedule cannot be read now.');
    }
  }

  /** @param {string} path @param {boolean} anew */
  async read(path, anew) {
    try {
      const page = await this.api.get(path);
      if (anew) this.list?.replaceChildren();
      this.list?.querySelector('.more')?.remove();
      if (anew && page.items.length === 0)
        this.list?.replaceChildren(h('p.hint', 'No backups yet. Take one, or wait for the schedule.'));
      const rows = page.items.map((/** @type {any} */ backup) => this.row(backup));
      if (rows.length) this.list?.append(h('ul.backups', rows));
      if (page.next) this.list?.append(button('Show more', () => this.read(page.next, false), { class: 'quiet more' }));
    } catch (error) {
      this.list?.replaceChildren(failed(error, () => this.read(path, anew)));
    }
  }

  /** @param {any} backup */
  row(backup) {
    const kind = CLASSES[/** @type {keyof typeof CLASSES} */ (backup.class)] ?? backup.class;
    const checked = backup.fault
      ? h('strong.fault', `damaged: ${visible(backup.fault)}`)
      : backup.verified_at
        ? h('span', { title: exactTime(backup.verified_at) }, `verified ${dateAndTime(backup.verified_at)}`)
        : 'not verified yet';
    const what = `${backup.name ? `${backup.name}, ` : ''}#${backup.version}`;
    return h(
      'li.backup',
      h(
        'div.words',
        h(
          'span.first',
          h('span.label', { title: exactTime(backup.at) }, dateAndTime(backup.at)),
          ` · ${what}`,
          backup.note ? h('span', ' · ', own(backup.note)) : null,
        ),
        h('span.second', `${kind} · `, own(backup.author.name), ` · ${size(backup.size)} · `, checked),
      ),
      h(
        'div.row-buttons',
        button('Download', () => this.download(backup), {
          class: 'quiet',
          'aria-label': `Download the backup of ${what}`,
        }),
        may(this.panel.store.standing?.role, 'editor') && !backup.fault
          ? button('Restore…', () => this.restore(backup), { 'aria-label': `Restore… the backup of ${what}` })
          : null,
      ),
    );
  }

  /** @param {HTMLButtonElement} take */
  async take(take) {
    take.disabled = true;
    this.say('Taking a backup, and reading it back…');
    try {
      const backup = await this.api.post('/backups', {}, this.key);
      this.key = crypto.randomUUID();
      this.say(`Taken and verified: #${backup.version}, ${size(backup.size)}.`);
      await this.read('/backups?limit=50', true);
    } catch (error) {
      this.fail(error);
    }
    take.disabled = false;
  }

  /** @param {string} text */
  say(text) {
    if (this.note) fill(this.note, text);
  }

  /** @param {unknown} error */
  fail(error) {
    this.note?.replaceChildren(failed(error));
  }

  /** Where the file is. @param {any} backup @returns {Promise<{url: string, name: string}>} */
  address(backup) {
    const headers = { Prefer: 'return=minimal' };
    return this.api.call('GET', `/backups/${encodeURIComponent(backup.id)}/file`, { headers });
  }

  /** @param {any} backup */
  async download(backup) {
    try {
      const { url, name } = await this.address(backup);
      h('a', { href: url, download: name }).click();
      this.say(`Downloading ${name}.`);
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {any} backup */
  restore(backup) {
    this.confirm(`Restore the backup of ${dateAndTime(backup.at)}?`, { backup: backup.id });
  }

  /** @param {string} title @param {object} what what to restore */
  confirm(title, what) {
    const outer = this.dialog;
    /** @type {string | undefined} the other environment that the file is of */
    let of;
    let from = {};
    const { dialog, load } = this.panel.actions.restoring(
      {
        title,
        act: 'Restore backup',
        emergency: true,
        run: () => outer?.close(),
        explain: (problem) => {
          if (problem.type !== 'other-environment') return null;
          of = String(problem.body.from ?? '');
          const here = button(`Restore ${of} here…`, () => {
            from = { from: of };
            if (dialog.action) dialog.action.textContent = `Restore ${of} here`;
            void load();
          });
          const words = '. Nothing was changed. If that is what you want, look at what it changes here.';
          return [h('p', 'This is a backup of ', own(of), words), here];
        },
      },
      () => ({ ...what, ...from }),
      (diff) => [
        effect(
          'Builders',
          diff?.unchanged
            ? 'no change: working is the same already.'
            : diff?.version === null
              ? `the history of ${this.panel.where.env} begins with it.`
              : 'working becomes what is in the backup. A backup of the present state is taken first.',
        ),
        this.panel.actions.usersToo(diff),
      ],
    );
  }

  /** @param {File} file */
  async file(file) {
    const bar = h('progress', { max: 1, value: 0, 'aria-label': `Sending ${file.name}` });
    if (this.note) fill(this.note, `Sending ${file.name} (${size(file.size)}) `, bar);
    try {
      const id = await sendFile(this.api, file, (part) => {
        bar.value = part;
      });
      this.say(`${file.name} was sent.`);
      this.confirm(`Restore ${file.name}?`, { upload: id, note: visible(file.name).slice(0, 300) });
    } catch (error) {
      this.fail(error);
    }
  }
}
