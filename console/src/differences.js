/** What differs where only the browser has both sides, and choosing between them where two changed the same. */

import { NumberText } from './api.js';
import { value } from './changes.js';
import { Dialog } from './dialog.js';
import { h, own } from './dom.js';

/** @import {Change, Child, Conflict, Counts, Problem} from '../types' */

/**
 * Asks whose value stays at each place. Resolves with whether it was saved.
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
        `Since you began (#${problem.body.base}), ${who === 'Others' ? 'others' : who} saved another value in ${conflicts.length === 1 ? 'the same place' : 'the same places'}. Nothing was saved yet. Decide for each:`,
      ),
      conflicts.map(choice),
      total > conflicts.length
        ? h(
            'p',
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
 * A place, and the choice between its values.
 * @param {Conflict} conflict
 * @param {number} n
 * @param {(side: 'mine' | 'other') => void} choose
 */
function sides(conflict, n, choose) {
  const name = conflict.author?.name;
  const choice = (/** @type {'mine' | 'other'} */ side, /** @type {string} */ text) =>
    radio(`conflict-${n}`, text, () => choose(side), side === 'mine' && conflict.order);
  return bothSides(
    conflict,
    name ? `${name} has` : 'There now',
    'You have',
    h('div.choices', choice('mine', 'Keep mine'), choice('other', `Keep ${name ? `${name}'s` : 'theirs'}`)),
  );
}

/**
 * What each has at a place that two changed.
 * @param {Conflict} conflict
 * @param {string} ours what the side that is there is called
 * @param {string} theirs what the other is called
 * @param {Child} [choices]
 */
export function bothSides(conflict, ours, theirs, choices) {
  return h(
    'fieldset.conflict',
    h('legend', own(conflict.label || conflict.path)),
    conflict.order
      ? h('p', 'Both moved it, to different places.')
      : h('div.values.two', value('before', ours, conflict.ours), value('after', theirs, conflict.theirs)),
    choices,
  );
}

/** @param {string} name of all choices @param {string} text @param {() => void} onchange @param {boolean} [disabled] */
export const radio = (name, text, onchange, disabled) =>
  h('label.choice', h('input', { type: 'radio', name, onchange, disabled }), text);

/** A JSON Patch that puts one's own values at places of the newest config. @param {Conflict[]} mine */
export function asPatch(mine) {
  return mine.map(({ path, ours, theirs }) => {
    if (theirs === undefined) return { op: 'remove', path };
    return { op: ours === undefined ? 'add' : 'replace', path, value: theirs };
  });
}

/** What tells elements of an array apart, as in the service. */
const IDENTITY = ['id', 'key', 'name', 'title'];

/** @param {string} pointer */
export const steps = (pointer) =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** @param {string} step */
export const escaped = (step) => step.replaceAll('~', '~0').replaceAll('/', '~1');

/** @param {any} value */
export const isTree = (value) => typeof value === 'object' && value !== null && !(value instanceof NumberText);

/** @param {any} element */
export function identity(element) {
  if (!isTree(element) || Array.isArray(element)) return undefined;
  const key = IDENTITY.find((name) => typeof element[name] === 'string');
  return key && `${key}=${element[key]}`;
}

/** Most differences that are listed. */
const MOST = 500;

/**
 * What differs between two values.
 * @param {any} before
 * @param {any} after
 * @returns {{changes: Change[], counts: Counts}} all are counted, and the first 500 listed
 */
export function differences(before, after) {
  /** @type {Change[]} */
  const changes = [];
  const counts = { added: 0, removed: 0, changed: 0 };
  const note = (
    /** @type {string} */ op,
    /** @type {string} */ path,
    /** @type {any} */ a,
    /** @type {any} */ b,
    /** @type {string} */ label,
  ) => {
    counts[op === 'add' ? 'added' : op === 'remove' ? 'removed' : 'changed']++;
    if (changes.length < MOST) changes.push({ op, path, before: a, after: b, label });
  };
  compare(before, after, '', '', note);
  return { changes, counts };
}

/**
 * @param {any} a
 * @param {any} b
 * @param {string} path
 * @param {string} label
 * @param {(op: string, path: string, a: any, b: any, label: string) => void} note
 */
function compare(a, b, path, label, note) {
  if (isTree(a) && isTree(b) && Array.isArray(a) === Array.isArray(b)) {
    const [old, now] = [members(a), members(b)];
    for (const [key, value] of old)
      if (!now.has(key)) note('remove', `${path}/${escaped(key)}`, value, undefined, named(label, key));
    for (const [key, value] of now) {
      if (old.has(key)) compare(old.get(key), value, `${path}/${escaped(key)}`, named(label, key), note);
      else note('add', `${path}/${escaped(key)}`, undefined, value, named(label, key));
    }
    return;
  }
  const same = a instanceof NumberText && b instanceof NumberText ? a.text === b.text : a === b;
  if (!same) note('replace', path, a, b, label || 'The whole config');
}

/** @param {any} tree @returns {Map<string, any>} */
function members(tree) {
  if (!Array.isArray(tree)) return new Map(Object.entries(tree));
  const keys = tree.map(identity);
  const unique = keys.every((key) => key !== undefined) && new Set(keys).size === keys.length;
  return new Map(tree.map((element, n) => [unique ? String(keys[n]).replace(/^[a-z]+=/, '') : `${n}`, element]));
}

/** @param {string} label @param {string} key */
const named = (label, key) => (label ? `${label} › ${key}` : key);
