/** JSON values as trees: places in them, and what differs between two of them. For what only the browser has. */

import { NumberText } from './api.js';

/** @import {Change, Counts} from '../types' */

/** What tells the elements of an array apart, as the service knows them too. */
const IDENTITY = ['id', 'key', 'name', 'title'];

/** @param {string} pointer */
const steps = (pointer) =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** @param {string} step */
const escaped = (step) => step.replaceAll('~', '~0').replaceAll('/', '~1');

/** @param {any} value */
const isTree = (value) => typeof value === 'object' && value !== null && !(value instanceof NumberText);

/** @param {any} element */
function identity(element) {
  if (!isTree(element) || Array.isArray(element)) return undefined;
  const key = IDENTITY.find((name) => typeof element[name] === 'string');
  return key && `${key}=${element[key]}`;
}

/**
 * The place in `other` that a pointer into `known` means: elements are found by what tells them apart.
 * @param {any} known
 * @param {any} other
 * @param {string} pointer
 */
export function place(known, other, pointer) {
  let path = '';
  for (const step of steps(pointer)) {
    let next = step;
    if (Array.isArray(known) && Array.isArray(other)) {
      const wanted = identity(known[Number(step)]);
      const found = wanted === undefined ? -1 : other.findIndex((element) => identity(element) === wanted);
      if (found >= 0) next = `${found}`;
    }
    path += `/${escaped(next)}`;
    known = known?.[step];
    other = other?.[next];
  }
  return path;
}

/**
 * Puts a value at a place; undefined takes it away.
 * @param {any} root
 * @param {string} pointer
 * @param {unknown} value
 */
export function put(root, pointer, value) {
  const path = steps(pointer);
  const last = path.pop();
  if (last === undefined) return value;
  const parent = path.reduce((tree, step) => tree?.[step], root);
  if (!isTree(parent)) return root;
  if (Array.isArray(parent) && value === undefined) parent.splice(Number(last), 1);
  else if (Array.isArray(parent) && Number(last) > parent.length) parent.push(value);
  else if (value === undefined) delete parent[last];
  else Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true });
  return root;
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
