/** `<waymark-history>`, as the README describes it. The token is a property, so that it gets into no page's text. */

import { Panel } from './panel.js';

export class WaymarkHistory extends HTMLElement {
  static observedAttributes = ['api', 'app', 'env'];

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
    this.#begin();
  }

  disconnectedCallback() {
    this.#end();
  }

  /** @param {string} _name @param {string | null} before @param {string | null} after */
  attributeChangedCallback(_name, before, after) {
    if (before === after || !this.isConnected) return;
    this.#end();
    this.#begin();
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

  /** Who looks: a JWT. Setting a new one goes on where the old one ended. */
  get token() {
    return this.#token;
  }

  set token(token) {
    this.#token = String(token ?? '');
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

  /** Opens an entry. @param {number} version */
  async openVersion(version) {
    await this.#panel?.openVersion(version);
  }
}

if (!customElements.get('waymark-history')) customElements.define('waymark-history', WaymarkHistory);
