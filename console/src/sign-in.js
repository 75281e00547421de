/**
 * Signing in at an identity provider: OpenID Connect, code flow with PKCE, by the library oauth4webapi. Tokens are in memory only; what
 * a sign-in needs to be finished after the way there and back is in the tab's session storage until then.
 */

/** Where the library lies beside the page. */
const LIBRARY = '../vendor/oauth4webapi.js';

/** What a sign-in that was begun is kept under, and that somebody has signed out. */
const BEGUN = 'waymark:sign-in';
const OUT = 'waymark:signed-out';

/** How long before its end a token is renewed, and the soonest, in seconds. */
const AHEAD = 60;
const SOONEST = 10;

/** Answers of a provider that was asked to sign in without a question: it has to ask one. */
const ASK = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required'];

/** @typedef {{issuer: string, client_id: string, scope?: string, token?: 'access_token' | 'id_token', parameters?: Record<string, string>}} Config */
/** @typedef {{state: string, nonce: string, verifier: string, place: string}} Begun */

/** Why nobody is signed in, in words; empty where nothing went wrong. */
export class NotSignedIn extends Error {}

export class SignIn {
  /** @param {Config} config @param {(token: string, who: string) => void} take gets every new token, and one that says whose it is */
  constructor(config, take) {
    this.config = config;
    this.take = take;
    this.redirect = `${location.origin}${location.pathname}`;
    this.client = { client_id: config.client_id, token_endpoint_auth_method: 'none' };
    /** @type {import('oauth4webapi').AuthorizationServer | undefined} */
    this.server = undefined;
    /** @type {string | undefined} */
    this.idToken = undefined;
  }

  /** The library, and what the provider says of itself. */
  async ready() {
    try {
      /** @type {typeof import('oauth4webapi')} */
      const oauth = await import(LIBRARY);
      const issuer = new URL(this.config.issuer);
      // Only a provider on this machine may do without TLS.
      const options = { [oauth.allowInsecureRequests]: ['127.0.0.1', 'localhost'].includes(issuer.hostname) };
      this.server ??= await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
      return { oauth, server: this.server, options };
    } catch (error) {
      const why = error instanceof TypeError ? 'It cannot be reached' : `${error}`;
      throw new NotSignedIn(`Signing in at ${this.config.issuer} does not work now. ${why}.`);
    }
  }

  /**
   * Makes the address at which one signs in, and what is needed to finish.
   * @param {string} place where to go on, as a fragment
   * @param {string} [kind] what the state begins with
   * @param {Record<string, string>} [more] parameters
   */
  async address(place, kind = 'page', more = {}) {
    const { oauth, server } = await this.ready();
    const verifier = oauth.generateRandomCodeVerifier();
    const begun = {
      state: `${kind}.${oauth.generateRandomState()}`,
      nonce: oauth.generateRandomNonce(),
      verifier,
      place,
    };
    const url = new URL(server.authorization_endpoint ?? '');
    const query = {
      client_id: this.config.client_id,
      redirect_uri: this.redirect,
      response_type: 'code',
      scope: this.config.scope ?? 'openid profile',
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...this.config.parameters,
      ...more,
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return { url: url.href, begun };
  }

  /** Leaves for the provider. @param {string} place @param {boolean} [silent] without a question to the reader */
  async go(place, silent = false) {
    if (silent && sessionStorage.getItem(OUT)) return false;
    sessionStorage.removeItem(OUT);
    const { url, begun } = await this.address(place, 'page', silent ? { prompt: 'none' } : {});
    sessionStorage.setItem(BEGUN, JSON.stringify(begun));
    location.assign(url);
    return true;
  }

  /**
   * Signs in again in a window of its own, so that nothing that was typed here is lost; where none may open, in this one.
   * @param {string} place
   */
  async again(place) {
    const popup = window.open('', '', 'popup,width=480,height=640');
    if (!popup) return this.go(place);
    try {
      const { url, begun } = await this.address(place, 'window');
      const channel = new BroadcastChannel(BEGUN);
      const answer = new Promise((resolve) => {
        channel.onmessage = ({ data }) => new URLSearchParams(data).get('state') === begun.state && resolve(data);
      });
      popup.location.replace(url);
      const search = await answer;
      channel.close();
      return await this.exchange(search, begun);
    } catch (error) {
      popup.close();
      throw error;
    }
  }

  /**
   * Finishes a sign-in when the provider has sent the reader back here: then the address is again what it was before.
   * Resolves with false where nobody was sent back.
   */
  async finish() {
    const { search } = location;
    const query = new URLSearchParams(search);
    const state = query.get('state') ?? '';
    if (!state || !(query.has('code') || query.has('error'))) return false;
    if (state.startsWith('window.')) {
      new BroadcastChannel(BEGUN).postMessage(search);
      window.close();
      throw new NotSignedIn('You are signed in in the window where you began. You can close this one.');
    }
    const kept = sessionStorage.getItem(BEGUN);
    sessionStorage.removeItem(BEGUN);
    if (!kept) throw new NotSignedIn('This sign-in was not begun in this tab, or was finished already.');
    /** @type {Begun} */
    const begun = JSON.parse(kept);
    history.replaceState(null, '', `${location.pathname}${begun.place}`);
    return this.exchange(search, begun);
  }

  /** Makes tokens of the provider's answer. @param {string} search @param {Begun} begun */
  async exchange(search, begun) {
    const { oauth, server, options } = await this.ready();
    try {
      const params = oauth.validateAuthResponse(server, this.client, new URLSearchParams(search), begun.state);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        this.client,
        oauth.None(),
        params,
        this.redirect,
        begun.verifier,
        options,
      );
      const expected = { expectedNonce: begun.nonce, requireIdToken: true };
      this.accept(await oauth.processAuthorizationCodeResponse(server, this.client, response, expected));
    } catch (error) {
      throw explained(oauth, error);
    }
    return true;
  }

  /** @param {import('oauth4webapi').TokenEndpointResponse} answer */
  accept(answer) {
    const { [this.config.token ?? 'access_token']: token, id_token: idToken, refresh_token: refresh } = answer;
    if (!token) throw new NotSignedIn(`The identity provider gave no ${this.config.token}.`);
    this.idToken = idToken ?? this.idToken;
    clearTimeout(this.timer);
    if (refresh && answer.expires_in)
      this.timer = setTimeout(() => this.renew(refresh), Math.max(SOONEST, answer.expires_in - AHEAD) * 1000);
    this.take(token, this.idToken ?? token);
  }

  /** Renews the token before it ends. Where that fails, the panel asks to sign in again. @param {string} refresh */
  async renew(refresh) {
    try {
      const { oauth, server, options } = await this.ready();
      const response = await oauth.refreshTokenGrantRequest(server, this.client, oauth.None(), refresh, options);
      const answer = await oauth.processRefreshTokenResponse(server, this.client, response);
      this.accept({ refresh_token: refresh, ...answer });
    } catch (error) {
      console.warn(`The token was not renewed: ${error}`);
    }
  }

  /** Forgets the tokens, here and at the provider. */
  signOut() {
    clearTimeout(this.timer);
    sessionStorage.setItem(OUT, '1');
    const end = this.server?.end_session_endpoint;
    const url = new URL(end ?? this.redirect);
    if (end) {
      url.searchParams.set('client_id', this.config.client_id);
      url.searchParams.set('post_logout_redirect_uri', this.redirect);
      if (this.idToken) url.searchParams.set('id_token_hint', this.idToken);
    }
    location.assign(url);
  }
}

/** What to say of a failure. @param {typeof import('oauth4webapi')} oauth @param {any} error */
function explained(oauth, error) {
  if (error instanceof NotSignedIn) return error;
  const { error: type, error_description: detail } = error;
  if (ASK.includes(type)) return new NotSignedIn('');
  if (type === 'access_denied') return new NotSignedIn(`The identity provider refused: ${detail ?? 'access denied'}.`);
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError)
    return new NotSignedIn(`The identity provider answered ${type}${detail ? `: ${detail}` : ''}.`);
  if (error instanceof TypeError) return new NotSignedIn('The identity provider cannot be reached.');
  return new NotSignedIn('The answer is not one to the sign-in that was begun here, so it was not accepted.');
}
