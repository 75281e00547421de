/**
 * Makes elements and words. Text is never HTML, and unseen characters in it are written out: a name cannot turn the
 * words around it.
 */

/** @import {Author, Child, Counts, Made} from '../types' */

/** Characters that turn the direction of others, or that nobody sees. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A text with unseen characters written out. @param {string} text */
export function visible(text) {
  const written = (/** @type {string} */ c) => `⟦${c.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}⟧`;
  return text.replace(UNSEEN, written);
}

/**
 * An element.
 * @template {string} T
 * @param {T} tag such as `div`, or `div.words` with classes
 * @param {Child | Record<string, any>} [first] attributes, if a plain object: `on…` are listeners; null and false leave one out
 * @param {...Child} rest texts and nodes
 * @returns {Made<T>}
 */
export function h(tag, first, ...rest) {
  const [name = '', ...classes] = tag.split('.');
  const element = document.createElement(name);
  const plain = first?.constructor === Object;
  for (const [key, value] of Object.entries(plain ? first : {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : SPOKEN.includes(key) ? visible(`${value}`) : `${value}`);
  }
  element.classList.add(...classes);
  element.append(...shown(plain ? rest : [/** @type {Child} */ (first), ...rest]));
  return /** @type {Made<T>} */ (element);
}

/** Attributes that people read or hear. */
const SPOKEN = ['aria-label', 'title', 'aria-description'];

/** @param {Child[]} children @returns {(Node | string)[]} what of them is shown */
const shown = (children) =>
  /** @type {any[]} */ (children)
    .flat(Infinity)
    .filter((c) => c !== null && c !== undefined && c !== false)
    .map((c) => (c instanceof Node ? c : visible(`${c}`)));

/** Gives an element other children. @param {Element} parent @param {...Child} children */
export const fill = (parent, ...children) => parent.replaceChildren(...shown(children));

/**
 * Text of a config or a person, whose direction is its own.
 * @param {string} text
 * @param {string} [name] a class
 */
export function own(text, name) {
  return h('bdi', { class: name }, visible(text));
}

/** What a selector finds. @param {ParentNode} root @param {string} selector @returns {HTMLElement | null} */
export const find = (root, selector) => root.querySelector(selector);

/**
 * A button.
 * @param {string} label
 * @param {(event: MouseEvent) => void} act
 * @param {Record<string, any>} [attributes]
 */
export function button(label, act, attributes) {
  return h('button', { type: 'button', onclick: act, ...attributes }, label);
}

/** A short time, with the exact one on hover and focus. @param {string} at @param {string} text */
export const when = (at, text) => h('time', { datetime: at, title: exactTime(at), tabindex: '0' }, text);

/**
 * A person's initials, in the hue of that person.
 * @param {Author} author
 */
export function avatar(author) {
  const words = author.name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const first = (/** @type {string | undefined} */ word) => [...(word ?? '')][0] ?? '';
  const initials = (first(words[0]) + (words.length > 1 ? first(words[words.length - 1]) : '')).toUpperCase();
  // FNV-1a, so that short ids spread too.
  let hash = 0x811c9dc5;
  for (const c of author.id) hash = Math.imul(hash ^ (c.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return h('span', { class: `avatar hue${(hash >>> 8) % 8}`, 'aria-hidden': 'true' }, visible(initials || '?'));
}

/** Grey bars in the place of what is being read. */
export function skeleton() {
  return h('div.skeleton', { role: 'status', 'aria-label': 'Loading' }, h('span'), h('span'), h('span'));
}

/**
 * The parts of a time in the reader's zone. `Intl` is slow to begin.
 * @param {string | Date} at
 */
function parts(at) {
  const [weekday, month, day, year, time = '', zone] = `${new Date(at)}`.split(' ');
  return { weekday, date: `${Number(day)} ${month}`, year, time, minutes: time.slice(0, 5), zone };
}

/** "Fri 13 Nov 2026, 09:14:27 GMT+0100" @param {string} at */
export function exactTime(at) {
  const { weekday, date, year, time, zone } = parts(at);
  return `${weekday} ${date} ${year}, ${time} ${zone}`;
}

/** "09:14" @param {string} at */
export const timeOfDay = (at) => parts(at).minutes;

/** "13 Nov, 09:14" @param {string} at */
export const dateAndTime = (at) => `${parts(at).date}, ${timeOfDay(at)}`;

/** The day of a time in the reader's zone, as a key. @param {string | Date} at */
export const dayKey = (at) => new Date(at).toDateString();

/** "Today", "Yesterday", "Fri 13 Nov". @param {string} at @param {Date} [now] */
export function dayName(at, now = new Date()) {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayKey(at) === dayKey(now)) return 'Today';
  if (dayKey(at) === dayKey(yesterday)) return 'Yesterday';
  const { weekday, date, year } = parts(at);
  return `${weekday} ${date}${year === parts(now).year ? '' : ` ${year}`}`;
}

/** "just now", "2 min ago", "Fri 16:04", "13 Nov, 09:14". @param {string} at @param {number} [now] */
export function ago(at, now = Date.now()) {
  const minutes = Math.floor((now - Date.parse(at)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 6 * 24 * 60) return `${parts(at).weekday} ${timeOfDay(at)}`;
  return dateAndTime(at);
}

/** "12,000" @param {number} count */
export const number = (count) => (count < 1000 ? `${count}` : count.toLocaleString('en-GB'));

/** "1 change", "9 changes". @param {number} count @param {string} one @param {string} [many] */
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** "12.3 KB" @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return plural(bytes, 'byte');
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} KB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** "Ada", "Ada and Ben", "Ada, Ben and 2 others". @param {string[]} names */
export function people(names) {
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} others`;
  const last = names[names.length - 1] ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** All changes of a diff together. @param {Counts} counts */
export const total = (counts) => counts.added + counts.removed + counts.changed + (counts.moved ?? 0);

/**
 * Whether a role has the rights of another.
 * @param {string | null | undefined} role
 * @param {'viewer' | 'editor' | 'publisher' | 'admin'} needed
 */
export function may(role, needed) {
  const roles = ['reader', 'viewer', 'editor', 'publisher', 'admin'];
  return roles.indexOf(role ?? '') >= roles.indexOf(needed);
}
