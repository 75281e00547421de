/**
 * Making elements. Text from a config gets into a page by `textContent` alone, never as HTML.
 */

import { exactTime } from './words.js';

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/** Characters that change the direction of what stands around them, or that nobody sees. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2069\ufeff]/g;

/**
 * A text in which characters that could make it look like another are written out.
 * @param {string} text
 */
export function visible(text) {
  const written = (/** @type {string} */ c) => `⟦${c.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}⟧`;
  return text.replace(UNSEEN, written);
}

/**
 * An element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any> | null} [attributes] `on…` are listeners, `class` and others are attributes;
 *   null, undefined and false leave one out
 * @param {...Child} children texts and nodes
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  add(element, children);
  return element;
}

/**
 * Adds children to an element.
 * @param {Node} parent
 * @param {Child[]} children
 */
export function add(parent, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(parent, child);
    else if (child instanceof Node) parent.appendChild(child);
    else if (child !== null && child !== undefined && child !== false)
      parent.appendChild(document.createTextNode(String(child)));
  }
}

/**
 * Text of a config or of a person: on its own as to direction, with unseen characters written out.
 * @param {string} text
 * @param {string} [name] a class
 */
export function own(text, name) {
  return h('bdi', { class: name }, visible(text));
}

/**
 * A button.
 * @param {string} label
 * @param {(event: MouseEvent) => void} act
 * @param {Record<string, any>} [attributes]
 */
export function button(label, act, attributes) {
  return h('button', { type: 'button', onclick: act, ...attributes }, label);
}

/**
 * A time in short, with the exact one on hover and focus.
 * @param {string} at
 * @param {string} text
 */
export const when = (at, text) => h('time', { datetime: at, title: exactTime(at), tabindex: '0' }, text);

/**
 * A person's initials in one of eight hues, which is the same for the same person everywhere.
 * @param {{id: string, name: string}} author
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
  return h('div', { class: 'skeleton', role: 'status', 'aria-label': 'Loading' }, h('span'), h('span'), h('span'));
}
