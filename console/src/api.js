/** The service's HTTP interface, as the README describes it, and how files get there. */

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
  }
}

/** A number whose text says more than JavaScript's can, such as `1.0` or forty digits. */
export class NumberText {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** Reads JSON and keeps the text of numbers where the browser can tell it. @param {string} text @returns {any} */
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
  }

  /**
   * Sends a request within the environment and reads the JSON of its answer.
   * @param {string} method
   * @param {string} path relative to the environment, or from the root as a listing's `next`
   * @param {Options} [options]
   * @returns {Promise<any>}
   */
  async call(method, path, options = {}) {
    const response = await this.send(method, path, options);
    const text = await response.text();
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
  async send(method, path, { body, headers = {}, key, signal }) {
    const url = this.origin + (path.startsWith('/v1/') ? path : this.prefix + path);
    const json = body !== undefined && typeof body !== 'string';
    /** @type {Record<string, string>} */
    const all = { Authorization: `Bearer ${this.token()}`, ...headers };
    if (json) all['Content-Type'] ??= 'application/json';
    if (method !== 'GET') all['Idempotency-Key'] = key ?? crypto.randomUUID();
    const sent = json ? JSON.stringify(body) : /** @type {string | undefined} */ (body);
    let response;
    try {
      response = await fetch(url, { method, headers: all, body: sent, signal, cache: 'no-store', credentials: 'omit' });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Problem(0, 'offline', { detail: 'The service cannot be reached.' });
    }
    if (response.ok) return response;
    throw await failure(response);
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
 * The config in a backup file, compressed or not, or in a plain JSON file.
 * @param {Blob} blob
 * @returns {Promise<{config: string}>}
 */
export async function readFile(blob) {
  const start = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  let text;
  try {
    text = await (gzip ? new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))) : blob).text();
    const json = JSON.parse(text);
    if (typeof json?.waymark_backup === 'number' && typeof json.config === 'string') return { config: json.config };
  } catch {
    throw new Problem(422, 'invalid-file', {
      detail: 'This file is neither a Waymark backup nor JSON, or it is cut short. Choose another one.',
    });
  }
  return { config: text };
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
  const { id, url, headers } = await api.post('/uploads', { bytes: file.size, sha256 });
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

/** Characters of a config in a request's body; a longer one is uploaded first. */
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
