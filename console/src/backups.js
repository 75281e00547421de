/** Backups: the list, taking one, downloading, uploading, and restoring after a look at what it changes. */

import { fetched, parseExact, readFile, sendFile } from './api.js';
import { ask, Dialog, effect, failed } from './dialog.js';
import { button, dateAndTime, exactTime, h, may, own, plural, size, skeleton, visible } from './dom.js';
import { differences } from './differences.js';

/** @import {Panel, Problem} from '../types' */

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
      const backup = await this.api.post('/backups', {});
      this.say(`Taken and verified: #${backup.version}, ${size(backup.size)}.`);
      await this.read('/backups?limit=50', true);
    } catch (error) {
      this.fail(error);
    }
    take.disabled = false;
  }

  /** @param {string} text */
  say(text) {
    this.note?.replaceChildren(text);
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
    const look = async () => {
      const entry = await this.api.get(`/versions/${backup.version}`).catch(() => null);
      if (entry?.sha256 === backup.sha256) return this.api.diff('working', backup.version);
      const { config } = await readFile(await fetched((await this.address(backup)).url));
      return this.against(config);
    };
    this.confirm(`Restore the backup of ${dateAndTime(backup.at)}?`, look, () => ({ backup: backup.id }));
  }

  /** How a config differs from the working one. @param {string} text */
  async against(text) {
    return differences(parseExact(await this.api.config('working')), parseExact(text));
  }

  /** @param {string} title @param {() => Promise<any>} look @param {() => object} body */
  confirm(title, look, body) {
    const outer = this.dialog;
    /** @type {string | undefined} */
    let from;
    const question = {
      title,
      act: 'Restore backup',
      emergency: true,
      run: async (/** @type {Dialog} */ d) => {
        const asked = { ...body(), ...(from && { from }) };
        await this.panel.actions.restored(d, asked, d.keyFor(asked));
        outer?.close();
      },
      explain: (/** @type {Problem} */ problem, /** @type {Dialog} */ d) => {
        if (problem.type !== 'other-environment') return null;
        from = String(problem.body.from ?? '');
        if (d.action) d.action.textContent = `Restore ${from} here`;
        const words = '. Nothing was changed. If that is what you want, restore it here.';
        return [h('p', 'This is a backup of ', own(from), words)];
      },
    };
    ask(this.panel, question, look, (diff) => [
      effect(
        'Builders',
        diff?.changes.length === 0
          ? 'no change: working is the same already.'
          : 'working becomes what is in the backup. A backup of the present state is taken first.',
      ),
      this.panel.actions.usersToo(),
    ]);
  }

  /** @param {File} file */
  async file(file) {
    const bar = h('progress', { max: 1, value: 0, 'aria-label': `Sending ${visible(file.name)}` });
    this.note?.replaceChildren(`Sending ${visible(file.name)} (${size(file.size)}) `, bar);
    try {
      const read = await readFile(file);
      const id = await sendFile(this.api, file, (part) => {
        bar.value = part;
      });
      this.say(`${visible(file.name)} was sent.`);
      this.confirm(
        `Restore ${visible(file.name)}?`,
        () => this.against(read.config),
        () => ({ upload: id }),
      );
    } catch (error) {
      this.fail(error);
    }
  }
}
