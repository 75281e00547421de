/** Giving names to versions. */

import { Dialog, effect, explained } from './dialog.js';
import { h } from './dom.js';

/** @import {Actions, Entry, Problem} from '../types' */

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
export async function create(actions, version) {
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
  await dialog.closed;
}

/** @param {Problem} problem @param {string} name */
function refused(problem, name) {
  if (fault(name)) return [h('p', fault(name))];
  if (problem.type === 'name-taken')
    return [h('p', `There is a snapshot called ${name} already. Choose another name.`)];
  return explained(problem);
}

/** @param {Actions} actions @param {Entry} entry */
export async function rename(actions, entry) {
  const old = entry.name ?? '';
  const fields = form(old, entry.note ?? '');
  const dialog = new Dialog(actions.panel.root, {
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
  await dialog.closed;
}
