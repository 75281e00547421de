/** JSON values as trees: places in them, and what differs between two of them. For what only the browser has. */

import { NumberText } from './api.js';

/** @import {Change, Counts} from '../types' */

/** What tells the elements of an array apart, as the service knows them too. */
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
 * What differs between two values, in short: for what the service has not seen yet.
 * @param {any} before
 * @param {any} after
 * @returns {{changes: Change[], counts: Counts, more: boolean}}
 */
export function differences(before, after) {
  /** @type {Change[]} */
  const changes = [];
  const counts = { added: 0, removed: 0, changed: 0, moved: 0 };
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
  return { changes, counts, more: counts.added + counts.removed + counts.changed > MOST };
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
