/** Two changed the same: both sides of each place, and a choice for each. */

import { value } from './changes.js';
import { Dialog } from './dialog.js';
import { h, own } from './dom.js';

/** @typedef {{path: string, label: string, base?: unknown, ours?: unknown, theirs?: unknown, order?: boolean, author?: import('./api.js').Author}} Conflict */

/**
 * Asks whose value stays at each place. Resolves when it was saved or given up: whether it was saved.
 * @param {ShadowRoot | HTMLElement} root
 * @param {import('./api.js').Problem} problem a `merge-conflict`
 * @param {(mine: Conflict[], dialog: Dialog) => Promise<unknown>} save saves, with one's own value at these places
 */
export async function settle(root, problem, save) {
  /** @type {Conflict[]} */
  const conflicts = problem.body.conflicts ?? [];
  /** @type {Map<Conflict, 'mine' | 'other'>} */
  const chosen = new Map();
  const total = Number(problem.body.total ?? conflicts.length);
  const ready = () => dialog.ready(total === conflicts.length && chosen.size === conflicts.length && !conflicts.some((c) => c.order && chosen.get(c) === 'mine'));
  const choice = (/** @type {Conflict} */ conflict, /** @type {number} */ n) => {
    const other = conflict.author?.name ?? 'theirs';
    const radio = (/** @type {'mine' | 'other'} */ side, /** @type {string} */ text) =>
      h('label', { class: 'choice' }, h('input', { type: 'radio', name: `conflict-${n}`, value: side, onchange: () => { chosen.set(conflict, side); ready(); } }), text);
    return h('fieldset', { class: 'conflict' }, h('legend', null, own(conflict.label || conflict.path)),
      h('div', { class: 'values two' }, value('before', conflict.author ? `${other} has` : 'There now', conflict.ours), value('after', 'You have', conflict.theirs)),
      h('div', { class: 'choices' }, radio('mine', 'Keep mine'), radio('other', conflict.author ? `Keep ${other}'s` : 'Keep theirs')));
  };
  const names = [...new Set(conflicts.flatMap((c) => (c.author ? [c.author.name] : [])))];
  const who = names.length === 1 ? names[0] : 'Others';
  const dialog = new Dialog(root, {
    title: `${who} changed the same`,
    lines: [],
    body: [h('p', null, `Since you began (#${problem.body.base}), ${who === 'Others' ? 'others' : who} saved another value in ${conflicts.length === 1 ? 'the same place' : 'the same places'}. Nothing was saved yet. Decide for each:`), conflicts.map(choice),
      total > conflicts.length ? h('p', null, `There are ${total} such places, too many to decide here. Take the newest version and make your change again.`) : null],
    act: 'Save the decisions',
    wide: true,
    ready: false,
    run: (d) => save(conflicts.filter((conflict) => chosen.get(conflict) === 'mine'), d),
  });
  return dialog.closed;
}

/**
 * A JSON Patch that puts one's own values at places of the newest config.
 * @param {Conflict[]} mine
 */
export function asPatch(mine) {
  return mine.map(({ path, ours, theirs }) => {
    if (theirs === undefined) return { op: 'remove', path };
    return { op: ours === undefined ? 'add' : 'replace', path, value: theirs };
  });
}
