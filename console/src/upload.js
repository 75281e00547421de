/** Files from the reader's machine: what is in them, and how they get to the service. */

import { Problem } from './api.js';

/** @import {Api} from '../types' */

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
    request.onerror = () =>
      reject(new Problem(0, 'offline', { detail: 'The connection broke while the file was sent. Try again.' }));
    request.send(file);
  });
  return id;
}
