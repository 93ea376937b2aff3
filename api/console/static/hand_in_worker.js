// Hashes files one after another beside the page, in slices: a film of hours costs a few megabytes of memory.
import { Sha256 } from "./sha256.js";

const SLICE_BYTES = 8 * 1024 * 1024;
const dropped = new Set();
let before = Promise.resolve();

async function hash(id, file) {
  const sha = new Sha256();
  for (let at = 0; at < file.size; at += SLICE_BYTES) {
    if (dropped.delete(id)) return;
    const slice = await file.slice(at, at + SLICE_BYTES).arrayBuffer();
    sha.update(new Uint8Array(slice));
    postMessage({ id, done: Math.min(at + SLICE_BYTES, file.size) });
  }
  postMessage({ id, sha256: sha.hex() });
}

addEventListener("message", ({ data: { id, file } }) => {
  if (!file) return dropped.add(id);
  before = before.then(() => hash(id, file)).catch(() => postMessage({ id, failed: true }));
});
