/** `<waymark-history>`: see the README. The token is a property, to be in no page's text. */

import { keys, Panel } from './panel.js';

export class WaymarkHistory extends HTMLElement {
  static observedAttributes = ['api', 'app', 'env', 'token'];

  /** @type {string} */
  #token = '';
  /** @type {Panel | null} */
  #panel = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    const style = document.createElement('link');
    style.rel = 'stylesheet';
    style.href = new URL('../console.css', import.meta.url).href;
    root.append(style);
  }

  connectedCallback() {
    // A property that was set before the element was defined hides this class's.
    if (Object.hasOwn(this, 'token')) {
      const { token } = this;
      delete (/** @type {any} */ (this).token);
      this.token = token;
    }
    this.#take();
    this.#begin();
  }

  disconnectedCallback() {
    this.#end();
  }

  /** @param {string} name @param {string | null} before @param {string | null} after */
  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    if (name === 'token') return this.#take();
    if (!this.isConnected) return;
    this.#end();
    this.#begin();
  }

  /** Takes a token out of the page: some frameworks can only set attributes. */
  #take() {
    const token = this.getAttribute('token');
    if (token === null) return;
    this.removeAttribute('token');
    this.token = token;
  }

  #begin() {
    const app = this.getAttribute('app');
    const env = this.getAttribute('env');
    if (this.#panel || !app || !env || !this.shadowRoot) return;
    const where = { api: this.getAttribute('api') || location.origin, app, env, token: () => this.#token };
    this.#panel = new Panel(this.shadowRoot, this, where);
    this.#panel.start();
  }

  #end() {
    this.#panel?.stop();
    this.#panel = null;
  }

  /** A JWT. A new one goes on where the old one ended. */
  get token() {
    return this.#token;
  }

  set token(token) {
    const text = String(token ?? '');
    if (text === this.#token) return;
    this.#token = text;
    void this.#panel?.refresh();
  }

  /** Reads again what there is. */
  async refresh() {
    await this.#panel?.refresh();
  }

  /**
   * Shows who changed a value of the working version.
   * @param {string} pointer a JSON Pointer, such as `/pages/0/title`
   */
  async showBlame(pointer) {
    await this.#panel?.blame(pointer);
  }

  /** Opens an entry; none for 0. @param {number} version */
  async openVersion(version) {
    if (version > 0) await this.#panel?.openVersion(version);
    else this.#panel?.shutEntry();
  }

  /** Does what a key does in the panel. @param {KeyboardEvent} event */
  press(event) {
    if (!this.#panel) return;
    if (['ArrowDown', 'ArrowUp', 'Enter'].includes(event.key)) this.#panel.timeline.key(event);
    else keys(this.#panel, event);
  }
}

if (!customElements.get('waymark-history')) customElements.define('waymark-history', WaymarkHistory);
