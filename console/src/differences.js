/** What differs where only the browser has both sides, and what two have where both changed the same. */

import { NumberText } from './api.js';
import { value } from './changes.js';
import { h, own } from './dom.js';

/** @import {Change, Child, Conflict, Counts} from '../types' */

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
    conflict.order || conflict.values_left_out
      ? h('p', conflict.order ? 'Both moved it, to different places.' : 'The values are too long to be shown here.')
      : h('div.values.two', value('before', ours, conflict.ours), value('after', theirs, conflict.theirs)),
    choices,
  );
}

/** @param {string} name of all choices @param {string} text @param {() => void} onchange */
export const radio = (name, text, onchange) => h('label.choice', h('input', { type: 'radio', name, onchange }), text);

/** @param {string} step */
const escaped = (step) => step.replaceAll('~', '~0').replaceAll('/', '~1');

/** @param {any} value */
export const isTree = (value) => typeof value === 'object' && value !== null && !(value instanceof NumberText);

/** What a merge prefers as a key: the first three even where they recognise none. */
const TELLING = ['id', 'uid', 'key', 'name', 'slug'];

/** What tells an element apart under a key: a text or a number, by its amount. @param {any} element @param {string} key */
export function identity(element, key) {
  const value = isTree(element) && !Array.isArray(element) ? element[key] : undefined;
  // More digits than these are no number of JavaScript's.
  if (value instanceof NumberText) return `number=${/^-?[\d.]{1,15}$/.test(value.text) ? +value.text : value.text}`;
  return ['string', 'number'].includes(typeof value) ? `${typeof value}=${value}` : undefined;
}

/**
 * The key that tells elements apart in all versions, as a merge finds it.
 * @param {any[][]} versions the first is what the others come from
 */
export function telling(versions) {
  const first = versions.find((version) => version.length)?.[0];
  const rank = (/** @type {string} */ key) => TELLING.indexOf(key) + 1 || 9;
  const keys = Object.keys(first ?? []).filter((key) => identity(first, key));
  let [found, most] = ['', 0];
  for (const key of keys.sort((a, b) => rank(a) - rank(b)).slice(0, 32)) {
    const ids = versions.map((version) => new Set(version.map((element) => identity(element, key))));
    if (ids.some((set, n) => set.has(undefined) || set.size !== versions[n]?.length)) continue;
    if (rank(key) < 4) return key;
    const known = ids.slice(1).flatMap((set) => [...set]).filter((id) => ids[0]?.has(id)).length;
    if (known > most) [found, most] = [key, known];
  }
  return found;
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
  /** @type {any} */
  const count = { add: 0, remove: 0, replace: 0, move: 0 };
  const note = (/** @type {Change} */ change) => {
    count[change.op]++;
    if (changes.length < MOST) changes.push(change);
  };
  compare(before, after, '', '', note);
  return { changes, counts: { added: count.add, removed: count.remove, changed: count.replace, moved: count.move } };
}

/**
 * @param {any} a
 * @param {any} b
 * @param {string} path
 * @param {string} label
 * @param {(change: Change) => void} note
 */
function compare(a, b, path, label, note) {
  if (isTree(a) && isTree(b) && Array.isArray(a) === Array.isArray(b)) {
    const key = Array.isArray(a) ? telling([a, b]) : '';
    const [old, now] = [members(a, key), members(b, key)];
    const place = (/** @type {{at: string, name: string}} */ { at, name }) => ({
      path: `${path}/${at}`,
      label: label ? `${label} › ${name}` : name,
    });
    for (const [id, member] of old)
      if (!now.has(id)) note({ op: 'remove', ...place(member), before: member.value });
    for (const [id, member] of now) {
      const before = old.get(id);
      const to = place(member);
      if (before) compare(before.value, member.value, to.path, to.label, note);
      else note({ op: 'add', ...to, after: member.value });
    }
    for (const id of key ? moved([...old.keys()], [...now.keys()]) : []) {
      const [from, to] = [old.get(id), now.get(id)];
      if (from && to) note({ op: 'move', ...place(to), from: `${path}/${from.at}` });
    }
    return;
  }
  const same = a instanceof NumberText && b instanceof NumberText ? a.text === b.text : a === b;
  if (!same) note({ op: 'replace', path, before: a, after: b, label: label || 'The whole config' });
}

/**
 * What has to move: all but a longest rising part.
 * @param {string[]} old
 * @param {string[]} now
 */
function moved(old, now) {
  const was = new Map(old.map((id, n) => [id, n]));
  const both = now.filter((id) => was.has(id));
  /** @type {any[]} the old places, where a rising part of each length ends, and what is before each in its part */
  const [places, ends, before] = [both.map((id) => was.get(id)), [], []];
  for (const n of places.keys()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[ends[middle]] < places[n]) low = middle + 1;
      else high = middle;
    }
    before[n] = ends[low - 1];
    ends[low] = n;
  }
  const stays = new Set();
  for (let n = ends.at(-1); n !== undefined; n = before[n]) stays.add(n);
  return both.filter((_, n) => !stays.has(n));
}

/**
 * What is in an object or array, by what tells it apart: of elements their key, or their place.
 * @param {any} tree
 * @param {string} key
 * @returns {Map<string, {value: any, at: string, name: string}>}
 */
function members(tree, key) {
  const all = Object.entries(tree).map(([name, value]) => {
    const id = (key && identity(value, key)) || name;
    return /** @type {const} */ ([id, { value, at: escaped(name), name: key ? id.replace(/^\w+=/, '') : name }]);
  });
  return new Map(all);
}
