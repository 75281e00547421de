/** What users see: publish, roll back, unpublish. */

import { changes } from './changes.js';
import { ask, Dialog, effect, inShort } from './dialog.js';
import { ago, button, dateAndTime, find, h, may, own, plural, total, when } from './dom.js';

/** @import {Actions, Entry, Panel, Problem, Question, Shown, Standing} from '../types' */

/**
 * @param {Actions} actions
 * @param {{ref: string | number, name?: string}} subject a version gets a name
 * @param {string} [as] what the version is to be called
 * @param {{go_ahead: true}} [over] users may lose what was promoted
 */
export function publish(actions, subject, as = actions.standing?.next_name, over) {
  const standing = actions.standing;
  if (!standing) return;
  const { live, settings } = standing;
  const { ref, name } = subject;
  const what = name ?? as ?? `#${ref}`;
  const which = name ? what : `${what} (#${ref})`;
  /** @type {Question} */
  const question = {
    title: `Publish ${what} to ${actions.env}?`,
    act: `Publish ${what}${over ? ' all the same' : ''}`,
    run: (dialog) =>
      act(actions, dialog, '/publish', {
        ...(name ? { snapshot: name } : { version: ref, name: as }),
        expect_live: live?.name ?? null,
        ...over,
      }),
    explain: (problem, dialog) =>
      faster(actions, problem, dialog, () => publish(actions, subject)) ??
      taken(problem, dialog, as, (next) => publish(actions, subject, next, over)) ??
      lacking(problem, dialog, what, () => publish(actions, subject, as, { go_ahead: true })),
  };
  const first = `from here on they see ${which}, and later edits only when they are published.`;
  const lines = (/** @type {Shown | null} */ diff) => [
    effect(
      'Users',
      !live
        ? first
        : diff?.changes.length === 0
          ? `no change: ${which} is what they have.`
          : `from ${live.name} to ${which}, ${changes(diff)}, within 5 seconds.`,
    ),
    effect('Builders', 'no change.'),
  ];
  const look = async () => {
    // What the check finds is said before one presses.
    const checked = actions.api.preview('/restore', name ? { snapshot: name } : { version: ref }).catch(() => ({}));
    const diff = await actions.api.diff(live ? 'live' : 'working', ref);
    return { ...diff, warnings: (await checked).warnings };
  };
  // Without a release users have what builders edit, or nothing that one could compare.
  if (live || settings.live_without_release === 'working')
    ask(actions.panel, { follows: !live, ...question }, look, lines);
  else new Dialog(actions.panel.root, { ...question, lines: lines(null) });
}

/** Does it, and says so. @param {Actions} actions @param {Dialog} dialog @param {string} path @param {object} body */
export async function act({ api, panel }, dialog, path, body) {
  const entry = await api.post(path, body, dialog.keyFor(body));
  panel.published(entry);
  const soon = `${entry.label}. Users have it within ${entry.users_see_it_within_seconds} seconds.`;
  panel.toast(entry.unchanged ? 'Users have this already.' : soon + inShort(entry.warnings));
}

/**
 * Offers the next name where this one is taken.
 * @param {Problem} problem
 * @param {Dialog} dialog
 * @param {string | undefined} name
 * @param {(next: string) => void} again
 */
export function taken(problem, dialog, name, again) {
  if (problem.type !== 'name-taken' || !name) return null;
  return anew(dialog, h('p', `There is a snapshot called ${name} already. Nothing was published.`), () =>
    again(`v${Number(name.slice(1)) + 1}`),
  );
}

/**
 * Offers to go ahead where users would lose what was promoted.
 * @param {Problem} problem
 * @param {Dialog} dialog
 * @param {string} what
 * @param {() => void} again
 */
function lacking({ type, body }, dialog, what, again) {
  if (type !== 'promotion-would-lose') return null;
  const note = h(
    'div',
    h('h3', `Users have changes that ${what} does not have`),
    entries(body),
    h('p', 'Nothing was published. Bring them to the working version first, or publish without them.'),
  );
  return anew(dialog, note, again);
}

/** Entries that a refusal names. @param {any} body */
export const entries = ({ changes, more }) =>
  h(
    'ul',
    changes.map((/** @type {Entry} */ e) =>
      h('li', `#${e.version} `, own(e.label), ' · ', own(e.author.name), `, ${dateAndTime(e.at)}`),
    ),
    more ? h('li', 'and more') : null,
  );

/** Begins again, in the place of the dialog's button. @param {Dialog} dialog @param {HTMLElement} note @param {() => void} again */
function anew(dialog, note, again) {
  dialog.action?.remove();
  const anew = () => {
    dialog.close();
    again();
  };
  return [note, button('Review again', anew, { class: 'primary' })];
}

/**
 * When somebody else changed what users see.
 * @param {Actions} actions
 * @param {Problem} problem
 * @param {Dialog} dialog
 * @param {() => void} again
 */
export function faster(actions, problem, dialog, again) {
  if (problem.type !== 'live-changed') return null;
  const note = h('p', 'Somebody changed what users see.');
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
  return anew(dialog, note, () => actions.panel.store.refresh().then(again));
}

/** @param {Actions} actions */
export function rollBack(actions) {
  const { live, before } = actions.standing ?? {};
  if (!live || !before) return actions.panel.toast('There is nothing to roll back to any more.');
  ask(
    actions.panel,
    {
      title: `Roll back users to ${before.name}?`,
      act: `Roll back to ${before.name}`,
      emergency: true,
      run: (d) => act(actions, d, '/rollback', { to: before.name, expect_live: live.name }),
      explain: (problem, d) => faster(actions, problem, d, () => rollBack(actions)),
    },
    () => actions.api.diff('live', before.name),
    (diff) => [
      effect('Users', `from ${live.name} back to ${before.name}, ${changes(diff)}, within 5 seconds.`),
      effect('Builders', `they keep everything, including ${live.name}'s changes.`),
    ],
  );
  return undefined;
}

/** @param {Actions} actions */
export function unpublish(actions) {
  const live = actions.standing?.live;
  if (!live) return actions.panel.toast('No release is live any more.');
  const all = actions.standing?.settings.live_without_release === 'working';
  ask(
    actions.panel,
    {
      title: all ? 'Make every edit live?' : `Take ${live.name} away from users?`,
      act: `Unpublish ${live.name}`,
      danger: true,
      follows: all,
      run: async (d, seen) => {
        const entry = await actions.post(d, '/unpublish', { expect_live: live.name }, all ? seen : null);
        actions.panel.published(entry);
        actions.panel.toast(`${entry.label}. ${all ? 'Every edit is live now.' : 'Users see nothing now.'}`);
      },
      explain: (problem, d) => faster(actions, problem, d, () => unpublish(actions)),
    },
    async () => {
      const { working } = await actions.api.get('');
      return { ...(await actions.api.diff('live', working.version)), version: working.version };
    },
    (diff) => [
      effect(
        'Users',
        all
          ? `${changes(diff)} ${diff && total(diff.counts) === 1 ? 'becomes' : 'become'} visible now, and every later edit at once.`
          : 'they see nothing until a release is published.',
      ),
      effect('Builders', 'no change.'),
    ],
  );
  return undefined;
}

/** Where it stands: what users have, what builders edit, and what one can do about it. */
export class Header {
  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.element = h('section.standing', { 'aria-label': 'Where it stands' });
    this.shown = '';
    /** @type {number | null} changes that are not live */
    this.pending = null;
    /** @type {Entry | null} the entry that published what is live */
    this.published = null;
    panel.store.addEventListener('standing', () => this.update());
  }

  async update() {
    const { store, api } = this.panel;
    const standing = store.standing;
    if (!standing) return;
    this.paint();
    const round = standing;
    const { live } = standing;
    try {
      const known = this.published?.version === live?.published ? this.published : null;
      const entry = live && (known ?? (await api.get(`/versions/${live.published}`)));
      const diff = standing.live && standing.differs ? await api.diff('live', 'working') : null;
      if (store.standing !== round) return;
      this.published = entry;
      this.pending = diff ? diff.changes.length : 0;
    } catch {
      // What is known stays.
      this.pending = null;
    }
    this.paint();
  }

  paint() {
    const standing = this.panel.store.standing;
    if (!standing) return;
    const { edited } = standing;
    const facts = JSON.stringify([standing, this.published?.version, this.pending, edited && ago(edited.at)]);
    if (facts === this.shown) return;
    this.shown = facts;
    const had = find(this.element, ':focus')?.dataset.act;
    this.element.replaceChildren(this.live(standing), this.working(standing), ...this.role(standing));
    if (had)
      /** @type {HTMLElement} */ (
        this.element.querySelector(`[data-act="${had}"]`) ?? this.panel.timeline.scroller
      ).focus();
  }

  /** @param {Standing} standing */
  live(standing) {
    const publisher = may(standing.role, 'publisher');
    if (!standing.live) {
      const all = standing.settings.live_without_release === 'working';
      return h(
        'div.stands.none',
        h('span.tag.amber', 'No release'),
        h('span.what', all ? 'Every edit is live' : 'Users see nothing until a release is published'),
        publisher && standing.settings.releases
          ? button('Publish first release', () => publish(this.panel.actions, { ref: standing.working.version }), {
              class: 'primary',
              'data-act': 'publish',
            })
          : null,
      );
    }
    const by = this.published?.version === standing.live.published ? this.published : null;
    return h(
      'div.stands.live',
      h('span.tag.green', 'Live'),
      h(
        'span.what',
        h('strong', own(standing.live.name)),
        h('span.meta', by ? [own(by.author.name), ', ', when(by.at, ago(by.at))] : '\u00a0'),
      ),
      publisher && standing.before
        ? button(`Roll back to ${standing.before.name}`, () => rollBack(this.panel.actions), {
            'data-act': 'rollback',
          })
        : null,
    );
  }

  /** @param {Standing} standing */
  working(standing) {
    const { working, edited } = standing;
    const count = this.pending === null ? 'Changes not live' : `${plural(this.pending, 'change')} not live`;
    const what = !standing.live ? `#${working.version}` : standing.differs ? count : 'The same as live';
    const able = standing.live && standing.differs && may(standing.role, 'publisher') && standing.settings.releases;
    return h(
      'div.stands.working',
      h('span', { class: `tag${standing.differs ? ' amber' : ''}` }, 'Working'),
      h(
        'span.what',
        h('strong', what),
        h('span.meta', edited ? [own(edited.author.name), ', ', when(edited.at, ago(edited.at))] : '\u00a0'),
      ),
      able
        ? button('Review & publish', () => publish(this.panel.actions, { ref: working.version }), {
            class: 'primary',
            'data-act': 'publish',
          })
        : null,
    );
  }

  /** @param {Standing} standing */
  role(standing) {
    const where = standing.environment;
    if (!may(standing.role, 'editor'))
      return [h('p.role', `You can view ${where}. Editing needs the editor role, publishing the publisher role.`)];
    if (!may(standing.role, 'publisher'))
      return [h('p.role', `You can edit ${where}. Publishing needs the publisher role.`)];
    if (!standing.settings.releases)
      return [h('p.role', `Publishing is switched off for ${where} by an admin. Rolling back still works.`)];
    return [];
  }
}
