/** Where it stands: what users have, what builders edit, and what one can do about it. */

import { button, h, own } from './dom.js';
import { ago, exactTime, may, plural } from './words.js';

/** @import {Entry, Panel, Standing} from '../types' */

export class Header {
  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.element = h('section', { class: 'standing', 'aria-label': 'Where it stands' });
    this.shown = '';
    /** @type {number | null} changes that are not live */
    this.pending = null;
    /** @type {Entry | null} the entry that published what is live */
    this.published = null;
    panel.store.addEventListener('standing', () => void this.update());
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
      // What is known already stays; the panel says what is wrong when it reads the next time.
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
    const had = /** @type {HTMLElement | null} */ (this.element.querySelector(':focus'))?.dataset.act;
    this.element.replaceChildren(this.live(standing), this.working(standing), ...this.role(standing));
    if (had) /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-act="${had}"]`))?.focus();
  }

  /** @param {Standing} standing */
  live(standing) {
    const publisher = may(standing.role, 'publisher');
    if (!standing.live) {
      const all = standing.settings.live_without_release === 'working';
      return h(
        'div',
        { class: 'stands none' },
        h('span', { class: 'tag amber' }, 'No release'),
        h('span', { class: 'what' }, all ? 'Every edit is live' : 'Users see nothing until a release is published'),
        publisher && standing.settings.releases
          ? button('Publish first release', () => this.panel.actions.publish(standing.working.version), {
              class: 'primary',
              'data-act': 'publish',
            })
          : null,
      );
    }
    const by = this.published?.name === standing.live.name ? this.published : null;
    return h(
      'div',
      { class: 'stands live' },
      h('span', { class: 'tag green' }, 'Live'),
      h(
        'span',
        { class: 'what' },
        h('strong', null, own(standing.live.name)),
        by ? h('span', { class: 'meta', title: exactTime(by.at) }, own(by.author.name), `, ${ago(by.at)}`) : null,
      ),
      publisher && standing.before
        ? button(`Roll back to ${standing.before.name}`, () => this.panel.actions.rollBack(), {
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
    const publish = standing.live && standing.differs && may(standing.role, 'publisher') && standing.settings.releases;
    return h(
      'div',
      { class: 'stands working' },
      h('span', { class: `tag${standing.differs ? ' amber' : ''}` }, 'Working'),
      h(
        'span',
        { class: 'what' },
        h('strong', null, what),
        h('span', { class: 'meta', title: exactTime(working.at) }, own(working.author.name), `, ${ago(working.at)}`),
      ),
      publish
        ? button('Review & publish', () => this.panel.actions.publish(working.version), {
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
      return [
        h(
          'p',
          { class: 'role' },
          `You can view ${where}. Editing needs the editor role, publishing the publisher role.`,
        ),
      ];
    if (!may(standing.role, 'publisher'))
      return [h('p', { class: 'role' }, `You can edit ${where}. Publishing needs the publisher role.`)];
    if (!standing.settings.releases)
      return [
        h('p', { class: 'role' }, `Publishing is switched off for ${where} by an admin. Rolling back still works.`),
      ];
    return [];
  }
}
