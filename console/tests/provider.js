/**
 * An identity provider for the tests: `oidc-provider`, which is certified for OpenID Connect, on this machine. Its access tokens are
 * signed with the key of the service's data folder and say what a token of that service says, so that the local
 * gateway takes them as it takes its own.
 */

import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Provider } from 'oidc-provider';
import { serve } from './support.js';

const PEOPLE = {
  ada: { name: 'Ada Lindqvist', grants: ['*/*:admin'] },
  vera: { name: 'Vera Ortiz', grants: ['*/*:viewer'] },
};

/**
 * Starts a provider.
 * @param {import('./support.js').Service} service
 * @param {string} home the address of the page that signs in
 * @param {{seconds?: number}} [options] how long an access token is good for
 */
export async function startProvider(service, home, { seconds = 3600 } = {}) {
  const secret = JSON.parse(readFileSync(join(service.data, 'secrets.json'), 'utf8')).token;
  const sign = { alg: 'HS256', key: createSecretKey(Buffer.from(secret, 'base64url')) };
  /** @type {(request: any, response: any) => unknown} */
  let answer = () => {};
  const server = await serve((request, response) => answer(request, response));
  const provider = new Provider(server.origin, {
    clients: [
      {
        client_id: 'waymark-console',
        redirect_uris: [home],
        post_logout_redirect_uris: [home],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'none',
      },
    ],
    clientBasedCORS: (_context, origin) => home.startsWith(origin),
    claims: { openid: ['sub'], profile: ['name'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['for the tests'] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, name: PEOPLE[id].name }) }),
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => {
          context.body = `<!doctype html><title>Sign out</title>${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`;
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:waymark',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: 'waymark-local',
          accessTokenFormat: 'jwt',
          accessTokenTTL: seconds,
          jwt: { sign },
        }),
      },
    },
    formats: {
      customizers: {
        jwt: (_context, token, { payload }) => {
          const { name, grants } = PEOPLE[token.accountId];
          Object.assign(payload, { iss: 'waymark-local', name, waymark_grants: grants });
        },
      },
    },
    interactions: { url: (_context, { uid }) => `/ask/${uid}` },
    // Nobody is asked whether this page may know who they are.
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client.clientId,
        accountId: context.oidc.session.accountId,
      });
      grant.addOIDCScope('openid profile offline_access');
      await grant.save();
      return grant;
    },
    issueRefreshToken: async (_context, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    pkce: { required: () => true },
    ttl: { Session: 3600, Grant: 3600, IdToken: 3600, Interaction: 600, RefreshToken: 3600 },
  });
  const callback = provider.callback();
  answer = async (request, response) => {
    const [, kind, , choice] = request.url.split('/');
    if (kind !== 'ask') return callback(request, response);
    const { prompt, session } = await provider.interactionDetails(request, response);
    if (prompt.name === 'consent') {
      const grant = new provider.Grant({ clientId: 'waymark-console', accountId: session.accountId });
      grant.addOIDCScope('openid profile offline_access');
      return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
    }
    if (!choice)
      return response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          `<!doctype html><title>Provider</title>${[...Object.keys(PEOPLE), 'deny'].map((who) => `<a href="${request.url}/${who}">${who}</a> `).join('')}`,
        );
    const result =
      choice === 'deny'
        ? { error: 'access_denied', error_description: 'Ada said no' }
        : { login: { accountId: choice } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
  return server;
}
