/** Editing the config's JSON by hand, for emergencies, and choosing a value where others changed the same. */

import { NumberText, parseExact, saveText } from './api.js';
import { bothSides, pretty, radio } from './changes.js';
import { Dialog, effect, explained, inShort } from './dialog.js';
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
    typed: () => area.value !== base.text,
    run: async (d) => {
      try {
        const saved = await saveText(panel.api, area.value, headers(base.version), d.keyFor(area.value));
        panel.changed(saved);
        const merged = saved.merged?.with?.length ? ' Merged with what others saved.' : '';
        panel.toast(`${saved.label}.${merged}${inShort(saved.warnings)}`);
      } catch (error) {
        const problem = asProblem(error);
        if (problem.type !== 'merge-conflict') throw problem;
        const { value } = area;
        const ways = await decidable(panel, base.text, value, problem);
        const save = (/** @type {Conflict[]} */ mine, /** @type {Dialog} */ asked) =>
          decided(panel, base.version, value, problem, ways, mine, asked);
        if (!(await settle(panel.root, problem, save, (conflict) => ways.has(conflict)))) throw problem;
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

/** Whether both have a value: not where it was moved or removed, or is too long to be here. @param {Conflict} conflict */
const both = ({ ours, theirs, order }) => ours !== undefined && theirs !== undefined && !order;

/**
 * Asks whose value stays at each place; where not all can be decided, it says so instead. Resolves with whether it was saved.
 * @param {ShadowRoot | HTMLElement} root
 * @param {Problem} problem a `merge-conflict`
 * @param {(mine: Conflict[], dialog: Dialog) => Promise<unknown>} save saves, with one's own value at these places
 * @param {(conflict: Conflict) => boolean} [able] whether one can be decided
 */
export async function settle(root, problem, save, able = both) {
  /** @type {Conflict[]} */
  const conflicts = problem.body.conflicts ?? [];
  /** @type {Map<Conflict, 'mine' | 'other'>} */
  const chosen = new Map();
  const total = Number(problem.body.total ?? conflicts.length);
  // A decision about some would drop one side of the others.
  const all = total === conflicts.length && conflicts.every(able);
  const choice = (/** @type {Conflict} */ conflict, /** @type {number} */ n) =>
    sides(
      conflict,
      n,
      all &&
        ((side) => {
          chosen.set(conflict, side);
          dialog.ready(chosen.size === total);
        }),
    );
  const names = [...new Set(conflicts.flatMap((c) => (c.author ? [c.author.name] : [])))];
  const who = names.length === 1 ? names[0] : 'Others';
  const dialog = new Dialog(root, {
    title: `${who} changed the same`,
    lines: [],
    body: [
      h(
        'p',
        `Since you began (#${problem.body.base}), ${who === 'Others' ? 'others' : who} changed ${total === 1 ? 'the same place' : `the same ${total} places`} in another way. Nothing was saved yet.`,
        all ? ' Decide for each:' : null,
      ),
      conflicts.map(choice),
      all ? null : h('p', 'Not all of this can be decided here. Take the newest version and make your change again.'),
    ],
    act: all ? 'Save the decisions' : undefined,
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
 * @param {false | ((side: 'mine' | 'other') => void)} choose
 */
function sides(conflict, n, choose) {
  const name = conflict.author?.name;
  const choice = (/** @type {'mine' | 'other'} */ side, /** @type {string} */ text) =>
    choose && radio(`conflict-${n}`, text, () => choose(side));
  return bothSides(
    conflict,
    name ? `${name} has` : 'There now',
    'You have',
    h('div.choices', choice('mine', 'Keep mine'), choice('other', `Keep ${name ? `${name}'s` : 'theirs'}`)),
  );
}

/** @typedef {string | {key: string, id: string}} Step a member, or an element by what tells it apart: never by its index */

/**
 * The conflicts that can be decided here, and the way to the place of each. The values that are said to be in conflict
 * have to be there, in what is newest and in one's own.
 * @param {Panel} panel
 * @param {string} base
 * @param {string} text
 * @param {Problem} problem
 */
async function decidable(panel, base, text, problem) {
  const head = parseExact(await panel.api.config(Number(problem.body.version)));
  const [began, mine] = [parseExact(base), parseExact(text)];
  /** @type {Map<Conflict, Step[]>} */
  const ways = new Map();
  for (const conflict of problem.body.conflicts ?? []) {
    const way = both(conflict) ? wayTo(conflict.path, [began, head, mine]) : null;
    if (way && has(head, way, conflict.ours) && has(mine, way, conflict.theirs)) ways.set(conflict, way);
  }
  return ways;
}

/**
 * Saves with a decision for each conflict: first everything that is in no conflict is merged, then one's own values are
 * put where they were chosen.
 * @param {Panel} panel
 * @param {number} base
 * @param {string} text
 * @param {Problem} problem
 * @param {Map<Conflict, Step[]>} ways
 * @param {Conflict[]} mine
 * @param {Dialog} asked
 */
async function decided(panel, base, text, problem, ways, mine, asked) {
  const version = Number(problem.body.version);
  let request = parseExact(text);
  for (const [conflict, way] of ways) request = put(request, way, conflict.ours);
  const answer = await panel.api.call('POST', '/merge', {
    body: json(request),
    headers: headers(base),
    reads: true,
  });
  if (answer.version !== version) throw new Error('Somebody saved again meanwhile. Cancel, and save once more.');
  let merged = answer.config;
  for (const [conflict, way] of ways)
    if (!has(merged, way, conflict.ours)) throw new Error('This cannot be decided here. Nothing was saved.');
  for (const conflict of mine) merged = put(merged, ways.get(conflict) ?? [], conflict.theirs);
  const whole = json(merged);
  const saved = await saveText(panel.api, whole, { 'If-Match': `"${version}"` }, asked.keyFor(whole));
  panel.changed(saved);
  panel.toast(
    saved.unchanged ? 'Nothing to save: you kept what was there.' : `${saved.label}.${inShort(saved.warnings)}`,
  );
}

/** Shows where the text is wrong. @param {Problem} problem @param {HTMLTextAreaElement} area */
function fault(problem, area) {
  if (problem.type === 'merge-conflict')
    return [
      h(
        'p',
        'Nothing was saved. Your text is still here: to make your change again, copy what you need of it, close this, and choose Edit JSON, which has the newest version.',
      ),
    ];
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

/** A config as text. @param {any} config */
const json = (config) => (typeof config === 'string' ? JSON.stringify(config) : pretty(config));

/**
 * The way to a place; none through an array whose elements nothing tells apart.
 * @param {string} pointer in the second version
 * @param {any[]} versions what both began with, what is newest, and one's own
 */
function wayTo(pointer, versions) {
  /** @type {Step[]} */
  const way = [];
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    /** @type {Step} */
    let step = name;
    if (Array.isArray(versions[1])) {
      const key = versions.every(Array.isArray) ? telling(versions) : '';
      const id = key && identity(versions[1][Number(name)], key);
      if (!key || !id) return null;
      step = { key, id };
    }
    way.push(step);
    versions = versions.map((tree) => tree?.[at(tree, step) ?? '']);
  }
  return way;
}

/** Where a step leads to: nowhere, unless it is certain. @param {any} tree @param {Step} step */
function at(tree, step) {
  if (!isTree(tree) || Array.isArray(tree) !== (typeof step === 'object')) return undefined;
  if (typeof step === 'string') return Object.hasOwn(tree, step) ? step : undefined;
  const ids = tree.map((/** @type {any} */ element) => identity(element, step.key));
  const place = ids.indexOf(step.id);
  return place < 0 || ids.includes(step.id, place + 1) ? undefined : place;
}

/** Whether there is this value at the end of a way. @param {any} tree @param {Step[]} way @param {unknown} value */
function has(tree, way, value) {
  for (const step of way) {
    const place = at(tree, step);
    if (place === undefined) return false;
    tree = tree[place];
  }
  return pretty([tree]) === pretty([value]);
}

/** Puts a value in the place of another. @param {any} root @param {Step[]} way @param {unknown} value */
function put(root, way, value) {
  const last = way[way.length - 1];
  if (last === undefined) return value;
  const parent = way.slice(0, -1).reduce((tree, step) => tree?.[at(tree, step) ?? ''], root);
  const place = at(parent, last);
  if (place === undefined) throw new Error('This cannot be decided here. Nothing was saved.');
  Object.defineProperty(parent, place, { value, enumerable: true, configurable: true, writable: true });
  return root;
}

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
    const known = ids
      .slice(1)
      .flatMap((set) => [...set])
      .filter((id) => ids[0]?.has(id)).length;
    if (known > most) [found, most] = [key, known];
  }
  return found;
}
