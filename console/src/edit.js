/** Editing the config's JSON by hand, for emergencies. */

import { parseExact, saveText } from './api.js';
import { pretty } from './changes.js';
import { escaped, identity, isTree, settle, steps } from './differences.js';
import { Dialog, effect, explained } from './dialog.js';
import { h } from './dom.js';
import { asProblem } from './store.js';

/** @import {Conflict, Panel, Problem} from '../types' */

/** @param {Panel} panel */
export async function editJson(panel) {
  const area = h('textarea.json', {
    spellcheck: 'false',
    autocomplete: 'off',
    'aria-label': 'The config as JSON',
    disabled: true,
  });
  /** @type {{version: number, text: string}} */
  const base = { version: 0, text: '' };
  const dialog = new Dialog(panel.root, {
    title: 'Edit JSON',
    lines: [
      panel.actions.usersToo(),
      effect('Builders', 'working becomes what you save, merged with what others save meanwhile.'),
    ],
    body: [area],
    act: 'Save JSON',
    wide: true,
    ready: false,
    run: async (d) => {
      try {
        const saved = await saveText(panel.api, area.value, headers(base.version), d.key);
        panel.changed(saved);
        panel.toast(saved.merged?.with?.length ? `${saved.label}. Merged with what others saved.` : `${saved.label}.`);
      } catch (error) {
        const problem = asProblem(error);
        d.key = crypto.randomUUID();
        if (problem.type !== 'merge-conflict') throw problem;
        if (!(await settle(panel.root, problem, (mine) => decided(panel, base.version, area.value, problem, mine))))
          throw problem;
      }
    },
    explain: (problem) => fault(problem, area),
  });
  try {
    const { working } = await panel.api.get('');
    base.version = working.version;
    base.text = await panel.api.config(working.version);
    area.value = base.text;
    area.disabled = false;
    area.addEventListener('input', () => dialog.ready(area.value !== base.text));
    area.focus();
    area.setSelectionRange(0, 0);
    area.scrollTop = 0;
  } catch (error) {
    dialog.say(explained(asProblem(error)));
  }
}

/** @param {number} version */
const headers = (version) => ({ 'Content-Type': 'application/json', 'Waymark-Base': `${version}` });

/**
 * Saves with a decision for each conflict: first everything that is in no conflict is merged, then one's own values are
 * put where they were chosen.
 * @param {Panel} panel
 * @param {number} base
 * @param {string} text
 * @param {Problem} problem
 * @param {Conflict[]} mine
 */
async function decided(panel, base, text, problem, mine) {
  const version = Number(problem.body.version);
  const head = parseExact(await panel.api.config(version));
  let request = parseExact(text);
  for (const conflict of problem.body.conflicts)
    request = put(request, place(head, request, conflict.path), conflict.ours);
  const answer = await panel.api.call('POST', '/merge', { body: pretty(request), headers: headers(base) });
  if (answer.version !== version) throw new Error('Somebody saved again meanwhile. Cancel, and save once more.');
  let merged = answer.config;
  for (const conflict of mine) merged = put(merged, place(head, merged, conflict.path), conflict.theirs);
  const saved = await saveText(panel.api, pretty(merged), { 'If-Match': `"${version}"` });
  panel.changed(saved);
  panel.toast(saved.unchanged ? 'Nothing to save: you kept what was there.' : `${saved.label}.`);
}

/** Shows where the text is wrong. @param {Problem} problem @param {HTMLTextAreaElement} area */
function fault(problem, area) {
  if (problem.type === 'merge-conflict') return [h('p', 'Nothing was saved. Your text is still here.')];
  const { line, column } = problem.body;
  if (problem.type !== 'invalid-config' || !line) return null;
  const lines = area.value.split('\n');
  const start =
    lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0) + Math.max(0, (column ?? 1) - 1);
  area.focus();
  area.setSelectionRange(start, Math.min(area.value.length, start + 1));
  area.scrollTop = Math.max(0, (line - 4) * 20);
  return [h('p', problem.message)];
}

/**
 * The place in `other` that a pointer into `known` means: elements are found by what tells them apart.
 * @param {any} known
 * @param {any} other
 * @param {string} pointer
 */
function place(known, other, pointer) {
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
function put(root, pointer, value) {
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
