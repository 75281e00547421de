/** Where it stands: what users have, what builders edit; and what stands in the way. */

import { explained, signIn } from './dialog.js';
import { ago, button, find, h, may, own, plural, when } from './dom.js';
import { publish, rollBack } from './releases.js';

/** @import {Child, Entry, Panel, Problem, Standing} from '../types' */

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
    try {
      const entry = standing.live ? await api.get(`/versions/${standing.live.published}`) : null;
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
    const facts = JSON.stringify([standing, this.published?.version, this.pending, ago(standing.working.at)]);
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
          ? button('Publish first release', () => publish(this.panel.actions, standing.working.version), {
              class: 'primary',
              'data-act': 'publish',
            })
          : null,
      );
    }
    const by = this.published?.name === standing.live.name ? this.published : null;
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
    const { working } = standing;
    const count = this.pending === null ? 'Changes not live' : `${plural(this.pending, 'change')} not live`;
    const what = !standing.live ? `#${working.version}` : standing.differs ? count : 'The same as live';
    const able = standing.live && standing.differs && may(standing.role, 'publisher') && standing.settings.releases;
    return h(
      'div.stands.working',
      h('span', { class: `tag${standing.differs ? ' amber' : ''}` }, 'Working'),
      h(
        'span.what',
        h('strong', what),
        h('span.meta', own(working.author.name), ', ', when(working.at, ago(working.at))),
      ),
      able
        ? button('Review & publish', () => publish(this.panel.actions, working.version), {
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

/** @param {string} title @param {...Child} rest */
export function words(title, ...rest) {
  return [
    h(
      'div.empty',
      h('h2', title),
      rest.map((part) => (typeof part === 'string' ? h('p', part) : part)),
    ),
  ];
}

/** In the place of a history that cannot be read. @param {Panel} panel @param {Problem} problem */
export function stopped(panel, problem) {
  const { app, env } = panel.where;
  const again = button('Try again', () => panel.refresh());
  if (problem.type === 'environment-not-found')
    return words(
      'No history yet',
      `Nothing was saved in ${app}/${env}. The first save by your builder appears here.`,
      again,
      button('Publish from another environment…', () => panel.promote()),
    );
  if (problem.status === 401)
    return words('You are no longer signed in', 'Your place is kept. Sign in again to go on.', signIn('primary'));
  if (problem.status === 403)
    return words(
      'You may not see this history',
      `Viewing ${env} needs the viewer role in ${app}/${env}${problem.body.has ? `; you are ${problem.body.has}` : ''}. Ask whoever grants roles.`,
      again,
    );
  if (problem.status === 0)
    return words(
      'The service cannot be reached',
      'You are offline, or the service is. This goes on by itself when the connection is back.',
      again,
    );
  return words('The history cannot be shown', h('div', explained(problem)), again);
}

/**
 * Above a history that was read before.
 * @param {Panel} panel
 * @param {Problem} problem
 * @returns {Child[]}
 */
export function interrupted(panel, problem) {
  const again = button('Try again', () => panel.refresh(), { class: 'quiet' });
  if (problem.status === 0)
    return [h('p', 'Offline. This is what was known last; it goes on by itself when the connection is back.'), again];
  if (problem.status === 401) return [h('p', 'You are no longer signed in. Your place is kept.'), signIn('quiet')];
  return [...explained(problem), again];
}

/** @param {Panel} panel */
export function noMatch(panel) {
  const { show, author } = panel.store.filter;
  const what = show === 'all' ? 'entries' : show;
  const who = author ? ` by ${panel.store.people.get(author) ?? author}` : '';
  return words(
    `No ${what}${who}`,
    show === 'snapshots' && !author
      ? 'Name the working version with Create snapshot, so that you find it again.'
      : show === 'releases' && !author
        ? 'Nothing was published yet.'
        : 'Nothing matches these filters.',
    button('Show everything', () => {
      void panel.store.setFilter({ show: 'all', author: '' });
      panel.paintTools();
    }),
  );
}
