/** The service's HTTP interface: see the README. */

/** @import {Diff, Options} from '../types' */

/** A refusal or a failure, ready to be told to people. */
export class Problem extends Error {
  /**
   * @param {number} status 0 where no answer came
   * @param {string} type the last part of the problem's type
   * @param {Record<string, any>} body
   * @param {string} [requestId]
   */
  constructor(status, type, body, requestId) {
    super(String(body.detail ?? body.message ?? body.title ?? `The service answered ${status}.`));
    this.status = status;
    this.type = type;
    this.body = body;
    this.requestId = requestId ?? '';
    /** Whether what was asked for may have been done all the same: no answer came that says. */
    this.unclear = false;
  }
}

/** A number that JavaScript's cannot hold, such as `1.0`. */
export class NumberText {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** Reads JSON and keeps the text of numbers. @param {string} text @returns {any} */
export function parseExact(text) {
  /** @type {any} */
  const keep = (
    /** @type {string} */ _key,
    /** @type {unknown} */ value,
    /** @type {{source?: string} | undefined} */ context,
  ) =>
    typeof value === 'number' && context?.source && context.source !== String(value)
      ? new NumberText(context.source)
      : value;
  return JSON.parse(text, keep);
}

export class Api {
  /**
   * @param {string} origin the service's address, without a path
   * @param {string} app
   * @param {string} env
   * @param {() => string} token
   */
  constructor(origin, app, env, token) {
    this.origin = origin.replace(/\/+$/, '');
    this.prefix = `/v1/apps/${encodeURIComponent(app)}/envs/${encodeURIComponent(env)}`;
    this.token = token;
    /** Hears that the service does not take the token. */
    this.refused = () => {};
  }

  /**
   * Sends a request within the environment and reads the JSON of its answer.
   * @param {string} method
   * @param {string} path within the environment, or a listing's `next`
   * @param {Options} [options]
   * @returns {Promise<any>}
   */
  async call(method, path, options = {}) {
    const response = await this.send(method, path, options);
    let text;
    try {
      text = await response.text();
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw offline(method !== 'GET' && !options.reads);
    }
    try {
      return parseExact(text);
    } catch {
      throw new Problem(response.status, 'unreadable', { detail: 'The answer cannot be read.' }, requestId(response));
    }
  }

  /**
   * Sends a request and gives the answer, if it is a success.
   * @param {string} method
   * @param {string} path
   * @param {Options} options
   */
  async send(method, path, { body, headers = {}, key, signal, reads = method === 'GET' }) {
    const url = this.origin + (path.startsWith('/v1/') ? path : this.prefix + path);
    const json = body !== undefined && typeof body !== 'string';
    /** @type {Record<string, string>} */
    const all = { Authorization: `Bearer ${this.token()}`, ...headers };
    if (json) all['Content-Type'] ??= 'application/json';
    if (!reads) all['Idempotency-Key'] = key ?? crypto.randomUUID();
    const sent = json ? JSON.stringify(body) : /** @type {string | undefined} */ (body);
    let response;
    try {
      response = await fetch(url, { method, headers: all, body: sent, signal, cache: 'no-store', credentials: 'omit' });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw offline(!reads);
    }
    if (response.ok) return response;
    if (response.status === 401) this.refused();
    const problem = await failure(response);
    // A gateway that gave up says nothing of what the service did.
    problem.unclear = !reads && problem.status >= 500 && problem.type.startsWith('http-');
    throw problem;
  }

  /** @param {string} path @param {Record<string, any>} [query] @param {AbortSignal} [signal] */
  get(path, query, signal) {
    return this.call('GET', query ? `${path}?${new URLSearchParams(query)}` : path, { signal });
  }

  /**
   * @param {string} path
   * @param {unknown} body
   * @param {string} [key] the idempotency key, the same when a request is repeated
   */
  post(path, body, key) {
    return this.call('POST', path, { body, key });
  }

  /**
   * What a change would come to: the service computes it, and changes nothing.
   * @param {string} path
   * @param {object} body
   */
  preview(path, body) {
    return this.call('POST', path, { body: { ...body, preview: true }, reads: true });
  }

  /**
   * What changed between two versions.
   * @param {string | number} from
   * @param {string | number} to
   * @param {AbortSignal} [signal]
   * @returns {Promise<Diff>}
   */
  diff(from, to, signal) {
    return this.get('/diff', { from, to }, signal);
  }

  /** The text of a version's config, also of one that is too large for an answer. @param {string | number} version */
  async config(version) {
    const headers = { Prefer: 'return=minimal' };
    const response = await this.send('GET', `/versions/${encodeURIComponent(version)}/config`, { headers });
    // A download's address carries no ETag: it is no config.
    if (response.headers.get('ETag')) return response.text();
    return (await fetched((await response.json()).url)).text();
  }
}

/** What is at a download's address; what storage says where it refuses is no config. @param {string} url */
export async function fetched(url) {
  let status = 0;
  try {
    const response = await fetch(url);
    if (response.ok) return await response.blob();
    // Storage's 403 says that the address is too old.
    status = 502;
  } catch {
    // No answer came, or not all of it.
  }
  throw new Problem(status, 'download', {
    detail: 'The download failed, and nothing was changed. Its address lives 5 minutes: try again.',
  });
}

/** No answer came. @param {boolean} unclear whether what was asked for may have been done */
function offline(unclear) {
  const problem = new Problem(0, 'offline', { detail: 'The service cannot be reached.' });
  problem.unclear = unclear;
  return problem;
}

/** @param {Response} response */
function requestId(response) {
  return response.headers.get('Apigw-Requestid') ?? response.headers.get('x-amzn-requestid') ?? '';
}

/** @param {Response} response */
async function failure(response) {
  /** @type {any} */
  let body = null;
  try {
    body = parseExact(await response.text());
  } catch {
    // Not JSON: a proxy's page, which is nothing for people.
  }
  const whole = body && typeof body === 'object' ? body : {};
  const type = String(whole.type ?? '').replace('urn:waymark:problem:', '') || `http-${response.status}`;
  return new Problem(response.status, type, whole, requestId(response));
}

/**
 * Sends a file to where uploads go, and gives its id.
 * @param {Api} api
 * @param {Blob} file
 * @param {(part: number) => void} progress
 * @returns {Promise<string>}
 */
export async function sendFile(api, file, progress) {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  // It announces, and changes nothing.
  const asked = { body: { bytes: file.size, sha256 }, reads: true };
  const { id, url, headers } = await api.call('POST', '/uploads', asked);
  await new Promise((resolve, reject) => {
    // `fetch` tells nothing of how far it is.
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) {
      if (!['content-length', 'host'].includes(name.toLowerCase())) request.setRequestHeader(name, String(value));
    }
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onload = () =>
      request.status < 300
        ? resolve(null)
        : reject(new Problem(request.status, 'upload', { detail: 'The file could not be stored. Try again.' }));
    request.onerror = () => reject(new Problem(0, 'offline', {}));
    request.send(file);
  });
  return id;
}

/** Most characters in a request's body; longer configs are uploaded first. */
const IN_BODY = 1_500_000;

/**
 * Saves a config.
 * @param {Api} api
 * @param {string} text
 * @param {Record<string, string>} headers what it builds on
 * @param {string} [key]
 * @returns {Promise<any>}
 */
export async function saveText(api, text, headers, key) {
  const type = { 'Content-Type': 'application/json', ...headers };
  if (text.length < IN_BODY) return api.call('PUT', '/working', { body: text, headers: type, key });
  const id = await sendFile(api, new Blob([text]), () => {});
  return api.call('PUT', `/working?upload=${encodeURIComponent(id)}`, { headers });
}
