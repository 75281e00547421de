/** What users see: publishing, also from another environment, rolling back, and taking a release away. */

import { changes } from './changes.js';
import { ask, Dialog, effect } from './dialog.js';
import { ago, button, dateAndTime, h, own, plural } from './dom.js';

/** @import {Actions, Change, Diff, Entry, Problem, Question} from '../types' */

/**
 * @param {Actions} actions
 * @param {number} version
 * @param {string} [name] the name of a snapshot, which is published in the place of the version
 * @param {string} [as] what the version is to be called
 */
export async function publish(actions, version, name, as = actions.standing?.next_name) {
  const standing = actions.standing;
  if (!standing) return;
  const live = standing.live;
  const what = name ?? as ?? `#${version}`;
  const which = name ? what : `${what} (#${version})`;
  /** @type {Question} */
  const question = {
    title: `Publish ${what} to ${actions.env}?`,
    act: `Publish ${what}`,
    run: async (dialog) => {
      const asked = name ? { snapshot: name } : { version, name: as };
      const entry = await actions.api.post('/publish', { ...asked, expect_live: live?.name ?? null }, dialog.key);
      published(actions, entry);
    },
    explain: (problem, dialog) =>
      faster(actions, problem, dialog, () => publish(actions, version, name)) ??
      taken(problem, dialog, as, (next) => publish(actions, version, name, next)),
  };
  if (live)
    await ask(
      actions.panel,
      question,
      () => actions.api.diff('live', name ?? version),
      (diff) => [
        effect(
          'Users',
          diff?.changes.length === 0
            ? `no change: ${which} is what they have.`
            : `from ${live.name} to ${which}, ${changes(diff)}, within 5 seconds.`,
        ),
        effect('Builders', 'no change.'),
      ],
    ).dialog.closed;
  else
    await new Dialog(actions.panel.root, {
      ...question,
      lines: [
        effect('Users', `from here on they see ${which}, and later edits only when they are published.`),
        effect('Builders', 'no change.'),
      ],
    }).closed;
}

/** @param {Actions} actions @param {Entry & {users_see_it_within_seconds?: number}} entry */
export function published(actions, entry) {
  actions.panel.published(entry);
  if (entry.unchanged) return actions.panel.toast('Users have this already.');
  return actions.panel.toast(`${entry.label}. Users have it within ${entry.users_see_it_within_seconds ?? 5} seconds.`);
}

/**
 * When the name that was shown belongs to another snapshot: the next one is offered.
 * @param {Problem} problem
 * @param {Dialog} dialog
 * @param {string | undefined} name
 * @param {(next: string) => void} again
 */
export function taken(problem, dialog, name, again) {
  if (problem.type !== 'name-taken' || !name) return null;
  return anew(dialog, h('p', null, `There is a snapshot called ${name} already. Nothing was published.`), () =>
    again(`v${Number(name.slice(1)) + 1}`),
  );
}

/** Words, and a button to begin again, in the place of what the dialog would do. @param {Dialog} dialog @param {HTMLElement} note @param {() => void} again */
function anew(dialog, note, again) {
  dialog.action?.remove();
  const act = () => {
    dialog.close();
    again();
  };
  return [note, button('Review again', act, { class: 'primary' })];
}

/**
 * When somebody changed what users see before one did.
 * @param {Actions} actions
 * @param {Problem} problem
 * @param {Dialog} dialog
 * @param {() => void} again
 */
export function faster(actions, problem, dialog, again) {
  if (problem.type !== 'live-changed') return null;
  const note = h('p', null, 'Somebody changed what users see a moment ago.');
  void actions.panel.store.refresh();
  const entry = problem.body.live?.entry ?? problem.body.version;
  void actions.api.get(`/versions/${entry}`).then(
    (/** @type {Entry} */ e) =>
      note.replaceChildren(
        own(e.author.name),
        ` ${e.kind === 'unpublished' ? 'unpublished' : e.rollback ? 'rolled back to' : 'published'} `,
        own(e.name ?? ''),
        ` ${ago(e.at)}. Nothing was changed.`,
      ),
    () => {},
  );
  return anew(dialog, note, () => void actions.panel.store.refresh().then(again));
}

/** @param {Actions} actions */
export async function rollBack(actions) {
  const { live, before } = actions.standing ?? {};
  if (!live || !before) return;
  const { dialog } = ask(
    actions.panel,
    {
      title: `Roll back users to ${before.name}?`,
      act: `Roll back to ${before.name}`,
      emergency: true,
      run: async (d) => {
        const entry = await actions.api.post('/rollback', { to: before.name, expect_live: live.name }, d.key);
        published(actions, entry);
      },
      explain: (problem, d) => faster(actions, problem, d, () => rollBack(actions)),
    },
    () => actions.api.diff('live', before.name),
    (diff) => [
      effect('Users', `from ${live.name} back to ${before.name}, ${changes(diff)}, within 5 seconds.`),
      effect('Builders', `they keep everything, including ${live.name}'s changes.`),
    ],
  );
  await dialog.closed;
}

/** @param {Actions} actions */
export async function unpublish(actions) {
  const live = actions.standing?.live;
  if (!live) return;
  const all = actions.standing?.settings.live_without_release === 'working';
  const { dialog } = ask(
    actions.panel,
    {
      title: all ? 'Make every edit live?' : `Take ${live.name} away from users?`,
      act: `Unpublish ${live.name}`,
      danger: true,
      run: async (d) => {
        const entry = await actions.api.post('/unpublish', { expect_live: live.name }, d.key);
        actions.panel.published(entry);
        actions.panel.toast(`${entry.label}. ${all ? 'Every edit is live now.' : 'Users see nothing now.'}`);
      },
      explain: (problem, d) => faster(actions, problem, d, () => unpublish(actions)),
    },
    () => actions.api.diff('live', 'working'),
    (diff) => [
      effect(
        'Users',
        all
          ? `${changes(diff)} become visible now, and every later edit at once.`
          : 'they see nothing until a release is published.',
      ),
      effect('Builders', 'no change.'),
    ],
  );
  await dialog.closed;
}

/**
 * @param {Actions} actions
 * @param {string} [as] what the release is to be called
 * @param {string[]} [chosen] the environment and the snapshot to begin with
 */
export async function promote(actions, as = actions.standing?.next_name ?? 'v1', chosen = []) {
  const { api, panel, standing } = actions;
  const { app, env } = panel.where;
  const live = standing?.live;
  const envs = h('select', { id: 'from-env' });
  const names = h('select', { id: 'from-name' });
  let goAhead = false;

  /** Fills the field of environments, then that of the snapshots of the one that is chosen. Says what there is not. */
  const fill = async () => {
    if (!envs.length) {
      for (let next = '/v1/apps?limit=200'; next;) {
        const page = await api.get(next);
        for (const e of page.items)
          if (e.app === app && e.environment !== env) envs.append(h('option', null, e.environment));
        next = page.next;
      }
      if (!envs.length) return `You can see no other environment of ${app}.`;
      envs.value = chosen[0] ?? envs.value;
    }
    const from = envs.value;
    if (!names.length) {
      const { items } = await api.get(`/v1/apps/${app}/envs/${from}/snapshots?limit=200`);
      // Another environment may have been chosen meanwhile: then this is read for nothing.
      if (from !== envs.value) return '';
      names.replaceChildren(
        ...items.map((/** @type {any} */ { name, author, at, live: there }) =>
          h('option', { value: name }, `${name} · ${author.name}, ${dateAndTime(at)}${there ? ' · live there' : ''}`),
        ),
      );
      if (from === chosen[0] && chosen[1]) names.value = chosen[1];
    }
    return names.length ? '' : `${from} has no snapshots yet. Create one there.`;
  };
  const { dialog, load } = ask(
    panel,
    {
      title: `Publish to ${env} from another environment?`,
      body: [
        h(
          'div',
          { class: 'form' },
          h('label', { for: 'from-env' }, 'Environment'),
          envs,
          h('label', { for: 'from-name' }, 'Snapshot'),
          names,
        ),
      ],
      act: 'Publish',
      run: async (d) => {
        const from = { env: envs.value, snapshot: names.value };
        const body = { from, name: as, expect_live: live?.name ?? null, ...(goAhead && { go_ahead: true }) };
        published(actions, await api.post('/publish', body, d.keyFor(body)));
      },
      explain: (problem, d) =>
        faster(actions, problem, d, () => promote(actions, undefined, [envs.value, names.value])) ??
        taken(problem, d, as, (next) => promote(actions, next, [envs.value, names.value])) ??
        lost(problem),
    },
    async () => {
      goAhead = false;
      const missing = await fill();
      if (missing) return missing;
      if (dialog.action) dialog.action.textContent = `Publish ${as}`;
      if (!standing) return null;
      const query = new URLSearchParams({ from_env: env, from: live ? 'live' : 'working', to: names.value });
      return kept(
        await api.call('GET', `/v1/apps/${app}/envs/${envs.value}/diff?${query}`, { exact: true }),
        standing.settings.keep ?? [],
      );
    },
    (diff) => {
      const what = `${as}, which is ${envs.value}'s ${names.value}`;
      return [
        effect(
          'Users',
          live ? `from ${live.name} to ${what}, ${changes(diff)}, within 5 seconds.` : `from here on they see ${what}.`,
        ),
        effect('Builders', standing ? 'no change.' : `the history of ${env} begins with it.`),
      ];
    },
  );
  envs.addEventListener('change', () => {
    names.replaceChildren();
    void load();
  });
  names.addEventListener('change', () => void load());

  /** What was changed here alone, and so would be lost. @param {Problem} problem */
  const lost = ({ type, body }) => {
    if (type !== 'promotion-would-lose') return null;
    goAhead = true;
    if (dialog.action) dialog.action.textContent = `Publish ${as} without them`;
    return [
      h(
        'p',
        null,
        `Nothing was published. These changes were made in ${env}, and ${names.value} does not have them. Make them in ${envs.value} first, or publish without them: they stay in the history and in the working version, and users no longer see them.`,
      ),
      h(
        'ul',
        null,
        body.changes.map((/** @type {Entry} */ e) =>
          h('li', null, `#${e.version} `, own(e.label), ' · ', own(e.author.name), `, ${dateAndTime(e.at)}`),
        ),
        body.more ? h('li', null, 'and more') : null,
      ),
    ];
  };
  await dialog.closed;
}

/**
 * A diff without what the settings keep as it is here.
 * @param {Diff} diff
 * @param {string[]} patterns JSON Pointers in which `*` is any one level
 */
function kept(diff, patterns) {
  const stays = (/** @type {Change} */ { op, path }) =>
    op === 'replace' &&
    patterns.some((pattern) => {
      const steps = path.split('/');
      return pattern.split('/').every((step, n) => step === '*' || step === steps[n]);
    });
  const list = diff.changes.filter((change) => !stays(change));
  const stay = diff.changes.length - list.length;
  return {
    ...diff,
    changes: list,
    counts: { ...diff.counts, changed: diff.counts.changed - stay },
    note: stay ? [h('p', null, `${plural(stay, 'value')} of this environment stay as they are (keep).`)] : [],
  };
}
