/** What keys do while the panel has the focus. There is none for restoring and rolling back, on purpose. */

import { Dialog } from './dialog.js';
import { find, h } from './dom.js';

/** @import {Panel} from '../types' */

const KEYS = [
  ['↑ ↓ or k j', 'the entry before, the next one'],
  ['→ ←', 'show and hide the saves of a session'],
  ['Enter', 'open it'],
  ['Esc', 'back to the timeline'],
  ['[ ]', 'the change before, the next one'],
  ['c', 'compare with…'],
  ['s', 'create a snapshot'],
  ['p', 'review and publish'],
  ['u', 'undo the edit that is open'],
  ['/', 'filter'],
  ['?', 'this list'],
];

/** @param {Panel} panel */
export function help(panel) {
  new Dialog(panel.root, {
    title: 'Keys',
    body: [
      h(
        'dl.keys',
        KEYS.map(([key, what]) => [h('dt', h('kbd', key)), h('dd', what)]),
      ),
    ],
  });
}

/** @param {Panel} panel @param {KeyboardEvent} event */
export function keys(panel, event) {
  const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target.matches('input, textarea, select') || target.closest('dialog')) return;
  const { detail } = panel;
  /** @type {Record<string, () => unknown>} */
  const map = {
    Escape: () => panel.back(),
    '[': () => detail.step(-1),
    ']': () => detail.step(1),
    j: () => panel.timeline.step(1),
    k: () => panel.timeline.step(-1),
    c: () => find(detail.element, '[data-act=compare]')?.focus(),
    s: () => find(panel.tools, '[data-act=snapshot]')?.click(),
    p: () => find(panel.header.element, '[data-act=publish]')?.click(),
    u: () => find(detail.element, '[data-act=undo]')?.click(),
    '/': () => find(panel.tools, '[data-act=show-all]')?.focus(),
    '?': () => help(panel),
  };
  const act = map[event.key];
  if (!act) return;
  event.preventDefault();
  void act();
}
