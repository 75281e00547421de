/** Two changed the same: both sides of each place, and a choice for each. */

import { value } from './changes.js';
import { Dialog } from './dialog.js';
import { h, own } from './dom.js';

/** @import {Author, Problem} from '../types' */

/** @typedef {{path: string, label: string, base?: unknown, ours?: unknown, theirs?: unknown, order?: boolean, author?: Author}} Conflict */

/**
 * Asks whose value stays at each place. Resolves when it was saved or given up: whether it was saved.
 * @param {ShadowRoot | HTMLElement} root
 * @param {Problem} problem a `merge-conflict`
 * @param {(mine: Conflict[], dialog: Dialog) => Promise<unknown>} save saves, with one's own value at these places
 */
export async function settle(root, problem, save) {
  /** @type {Conflict[]} */
  const conflicts = problem.body.conflicts ?? [];
  /** @type {Map<Conflict, 'mine' | 'other'>} */
  const chosen = new Map();
  const total = Number(problem.body.total ?? conflicts.length);
  const ready = () => dialog.ready(total === conflicts.length && chosen.size === conflicts.length);
  const choice = (/** @type {Conflict} */ conflict, /** @type {number} */ n) =>
    sides(conflict, n, (side) => {
      chosen.set(conflict, side);
      ready();
    });
  const names = [...new Set(conflicts.flatMap((c) => (c.author ? [c.author.name] : [])))];
  const who = names.length === 1 ? names[0] : 'Others';
  const dialog = new Dialog(root, {
    title: `${who} changed the same`,
    lines: [],
    body: [
      h(
        'p',
        null,
        `Since you began (#${problem.body.base}), ${who === 'Others' ? 'others' : who} saved another value in ${conflicts.length === 1 ? 'the same place' : 'the same places'}. Nothing was saved yet. Decide for each:`,
      ),
      conflicts.map(choice),
      total > conflicts.length
        ? h(
            'p',
            null,
            `There are ${total} such places, too many to decide here. Take the newest version and make your change again.`,
          )
        : null,
    ],
    act: 'Save the decisions',
    wide: true,
    ready: false,
    run: (d) =>
      save(
        conflicts.filter((conflict) => chosen.get(conflict) === 'mine'),
        d,
      ),
  });
  return dialog.closed;
}

/**
 * Both values of a place, and the choice between them.
 * @param {Conflict} conflict
 * @param {number} n
 * @param {(side: 'mine' | 'other') => void} choose
 */
function sides(conflict, n, choose) {
  const other = conflict.author ? `${conflict.author.name}'s` : 'theirs';
  const radio = (/** @type {'mine' | 'other'} */ side, /** @type {string} */ text) => {
    const disabled = side === 'mine' && conflict.order;
    const input = h('input', {
      type: 'radio',
      name: `conflict-${n}`,
      value: side,
      disabled,
      onchange: () => choose(side),
    });
    return h('label', { class: 'choice' }, input, text);
  };
  return h(
    'fieldset',
    { class: 'conflict' },
    h('legend', null, own(conflict.label || conflict.path)),
    conflict.order
      ? h('p', null, 'Both moved it, to different places. Keep theirs, and move it again if you like.')
      : h(
          'div',
          { class: 'values two' },
          value('before', conflict.author ? `${conflict.author.name} has` : 'There now', conflict.ours),
          value('after', 'You have', conflict.theirs),
        ),
    h('div', { class: 'choices' }, radio('mine', 'Keep mine'), radio('other', `Keep ${other}`)),
  );
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
