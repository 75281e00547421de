/** Promotion: publishes here what another environment has made. */

import { Problem } from './api.js';
import { bothSides, changes, radio } from './changes.js';
import { ask, effect } from './dialog.js';
import { dateAndTime, h, people, plural } from './dom.js';
import { act, entries, faster, taken } from './releases.js';
import { asProblem } from './store.js';

/** @import {Actions, Conflict, Dialog, Entry, Shown} from '../types' */

/** Most pages of snapshots that are offered. */
const PAGES = 5;

/** @typedef {'' | 'merge' | 'go_ahead'} Over what becomes of local changes; '' until somebody says */

/**
 * @param {Actions} actions
 * @param {string} [as] what the release is to be called
 * @param {string[]} [chosen] the environment and the snapshot to begin with
 */
export function promote(actions, as = actions.standing?.next_name ?? 'v1', chosen = []) {
  new Promotion(actions, as, chosen);
}

class Promotion {
  /** @param {Actions} actions @param {string} as @param {string[]} chosen */
  constructor(actions, as, chosen) {
    this.actions = actions;
    this.api = actions.api;
    this.standing = actions.standing;
    this.where = actions.panel.where;
    this.as = as;
    this.chosen = chosen;
    /** @type {Over} */
    this.over = '';
    /** What the promotion that is shown comes to, and whose changes are merged into it. */
    this.shown = { sha256: '', by: '' };
    this.envs = h('select', { id: 'from-env', onchange: () => this.names.replaceChildren() });
    this.names = h('select', { id: 'from-name' });
    /** Changes of this environment, and the choice what becomes of them. */
    this.own = h('div.found');
    const form = h(
      'div.form',
      { onchange: () => this.choose('') },
      h('label', { for: 'from-env' }, 'Environment'),
      this.envs,
      h('label', { for: 'from-name' }, 'Snapshot'),
      this.names,
    );
    this.question = ask(
      actions.panel,
      {
        title: `Publish to ${this.where.env} from another environment?`,
        body: [form, this.own],
        act: 'Publish',
        run: (dialog) => this.run(dialog),
        explain: (problem, dialog) => {
          const again = (/** @type {string | undefined} */ next) =>
            promote(actions, next, [this.envs.value, this.names.value]);
          return (
            faster(actions, problem, dialog, () => again(undefined)) ??
            taken(problem, dialog, as, again) ??
            this.outrun(problem)
          );
        },
      },
      () => this.read(),
      (diff) => this.lines(diff),
    );
  }

  /** Decides about changes of here, and looks anew. @param {Over} over */
  choose(over) {
    this.over = over;
    if (!over) this.own.replaceChildren();
    void this.question.load();
  }

  /** What the promotion and its preview ask for. */
  asked() {
    return { from: { env: this.envs.value, snapshot: this.names.value }, ...(this.over && { [this.over]: true }) };
  }

  /** What users would get. Fails as the promotion would. */
  preview() {
    return this.api.preview('/publish', this.asked());
  }

  /** What users would get beside what they have; or words, where one has to choose first. */
  async read() {
    const missing = await this.fill();
    if (missing) return [missing];
    const { as } = this;
    const acts = { '': `Publish ${as}`, merge: `Merge and publish ${as}`, go_ahead: `Publish ${as} without them` };
    const { action } = this.question.dialog;
    if (action) action.textContent = acts[this.over];
    if (!this.standing) return null;
    const round = (this.round = {});
    try {
      const found = await this.preview();
      const names = (found.merged?.with ?? []).map((/** @type {Entry} */ entry) => entry.author.name);
      this.shown = { sha256: found.sha256, by: people([...new Set(names)]) };
      const note = found.origin.kept
        ? [h('p', 'Values that the settings keep stay as they are in this environment.')]
        : [];
      // What users see already can be promoted again: it changes nothing.
      return found.changes ? { ...found, unchanged: false, note } : null;
    } catch (error) {
      const { type, body } = asProblem(error);
      if (type === 'merge-conflict') return this.clash(body);
      if (type !== 'promotion-would-lose') throw error;
      // Unless another snapshot was chosen meanwhile.
      if (round === this.round) this.own.replaceChildren(this.lost(body));
      return ['Choose, and what users get is shown before anything is published.'];
    }
  }

  /** Fills the fields. Says what there is not. */
  async fill() {
    const { envs, names, chosen } = this;
    const { app, env } = this.where;
    if (!envs.length) {
      for (let next = '/v1/apps?limit=200'; next;) {
        const page = await this.api.get(next);
        for (const e of page.items) if (e.app === app && e.environment !== env) envs.append(h('option', e.environment));
        next = page.next;
      }
      if (!envs.length) return `You can see no other environment of ${app}.`;
      envs.value = chosen[0] ?? envs.value;
    }
    const from = envs.value;
    if (!names.length) {
      const items = [];
      for (let [next, n] = [`/v1/apps/${app}/envs/${from}/snapshots?limit=200`, 0]; next && n < PAGES; n++) {
        const page = await this.api.get(next);
        // Another one may have been chosen meanwhile.
        if (from !== envs.value) return '';
        items.push(...page.items.filter((/** @type {Entry} */ item) => item.name));
        next = page.next;
      }
      names.replaceChildren(
        ...items.map((/** @type {any} */ { name, author, at, live: there }) =>
          h('option', { value: name }, `${name} · ${author.name}, ${dateAndTime(at)}${there ? ' · live there' : ''}`),
        ),
      );
      if (from === chosen[0] && chosen[1]) names.value = chosen[1];
    }
    return names.length ? '' : `${from} has no snapshots yet. Create one there.`;
  }

  /** @param {Shown | null} diff */
  lines(diff) {
    const { standing, as, over, shown } = this;
    const what = `${as}, which is ${this.envs.value}'s ${this.names.value}`;
    const how = over === 'merge' && shown.by ? ` merged with changes by ${shown.by}` : '';
    const live = standing?.live?.name;
    const users = live
      ? `from ${live} to ${what}${how}, ${changes(diff)}, within 5 seconds.`
      : `from here on they see ${what}${how}.`;
    return [
      effect('Users', diff?.changes.length === 0 ? 'no change: this is what they have.' : users),
      effect('Builders', standing ? 'no change.' : `the history of ${this.where.env} begins with it.`),
    ];
  }

  /** @param {Dialog} dialog */
  async run(dialog) {
    // What is published is what was shown.
    const body = { ...this.asked(), expect_live: this.standing?.live?.name ?? null };
    if (this.standing && (await this.api.preview('/publish', body)).sha256 !== this.shown.sha256)
      throw new Problem(409, 'changed', {});
    await act(this.actions, dialog, '/publish', { ...body, name: this.as });
  }

  /** When somebody changed this environment meanwhile. @param {Problem} problem */
  outrun({ type }) {
    if (!['changed', 'promotion-would-lose', 'merge-conflict'].includes(type)) return null;
    void this.question.load();
    return [h('p', `${this.where.env} was changed meanwhile, so nothing was published. Look again.`)];
  }

  /** What would be lost, and what to do about it. @param {any} body of the refusal */
  lost(body) {
    const { env } = this.where;
    const name = this.names.value;
    const title = `${env} has changes that ${name} does not have`;
    const choice = (/** @type {Over} */ over, /** @type {string} */ text) =>
      radio('over', text, () => this.choose(over));
    return h(
      'div.problem.amber',
      { role: 'radiogroup', 'aria-label': title },
      h('h3', title),
      entries(body),
      body.since
        ? choice('merge', `Merge them: users get ${name} with these changes, also with those not published yet.`)
        : `Nothing was promoted to ${env} before, so they cannot be merged: make them in ${this.envs.value} first, or leave them out.`,
      choice('go_ahead', 'Leave them out: they stay in the history and in the working version; users do not see them.'),
    );
  }

  /** The places that both changed, with both values. @param {any} body of the refusal */
  clash({ conflicts, total }) {
    const { env } = this.where;
    const name = this.names.value;
    const hidden = total - conflicts.length;
    return [
      h('h3', `${plural(total, 'place was', 'places were')} changed in both`),
      conflicts.map((/** @type {Conflict} */ conflict) =>
        bothSides(conflict, conflict.author ? `${conflict.author.name}, in ${env}` : `In ${env}`, `In ${name}`),
      ),
      hidden ? h('p', `and ${hidden} more`) : null,
      h('p', `Nothing was published. Make them the same here or in ${this.envs.value}, or leave the changes out.`),
    ];
  }
}
