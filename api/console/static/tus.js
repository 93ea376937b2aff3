// One file on its way by tus 1.0, under the log-in of this page. The server's offset is the truth; a browser's memory only finds it again.
const TUS = "1.0.0";
const UPLOADS = "/v1/uploads";
const REQUEST_BYTES = 64 * 1024 * 1024;
const LONGEST_SECONDS = 60;
const STORE = "qc-hand-in/";

// Why a transfer stands still: `kind` is held, session, changed, refused or waiting; a refusal brings the server's words.
export class Halt extends Error {
  constructor(kind, problem) {
    super(kind);
    this.kind = kind;
    this.problem = problem;
  }
}

const bytesOf = (text) => new TextEncoder().encode(text);
const base64 = (text) => btoa(String.fromCharCode(...bytesOf(text)));
const drawn = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

export function metadataOf(pairs) {
  return Object.entries(pairs).filter(([, text]) => text).map(([name, text]) => `${name} ${base64(text)}`).join(",");
}

// Of a file that was begun the address is kept, under a digest of its bytes and of all that was declared; nothing else is.
// One that is there is found again for a while, so that another tab, or a reload, shows its receipt instead of sending it twice.
const FOUND_AGAIN_MS = 10 * 60 * 1000;
const memory = {
  get(key) {
    const [url, until] = (localStorage.getItem(STORE + key) ?? "").split(" ");
    return url && (!until || Number(until) > Date.now()) ? url : null;
  },
  set: (key, url) => localStorage.setItem(STORE + key, url),
  done: (key, url) => localStorage.setItem(STORE + key, `${url} ${Date.now() + FOUND_AGAIN_MS}`),
  drop: (key) => localStorage.removeItem(STORE + key),
};
for (const key of Object.keys(localStorage)) {
  if (key.startsWith(STORE) && !memory.get(key.slice(STORE.length))) localStorage.removeItem(key);
}

const HALTS = { 401: "session", 403: "refused", 400: "refused", 413: "refused", 415: "refused", 422: "refused", 431: "refused" };

export class Transfer {
  #key = drawn();
  #request = null;
  #wake = null;
  isHeld = false;

  // `page` gives the token of the forms, and hears `progress(offset)` and `waits(seconds, why)`.
  constructor(file, metadata, memoryKey, page) {
    this.file = file;
    this.metadata = metadata;
    this.memoryKey = memoryKey;
    this.page = page;
    this.url = null;
    this.reached = 0;
  }

  hold() {
    this.isHeld = true;
    this.#request?.abort();
    this.#wake?.();
  }

  now() {
    this.#wake?.();
  }

  // Resolves with the receipt, and only with it.
  async run() {
    this.isHeld = false;
    this.url ??= memory.get(this.memoryKey);
    for (let waits = 1; ; waits = Math.min(waits * 2, LONGEST_SECONDS)) {
      const before = this.reached;
      try {
        await this.#send();
        const receipt = await this.#asked("GET", `${this.url}/receipt`);
        memory.done(this.memoryKey, this.url);
        return receipt.body;
      } catch (fault) {
        if (this.isHeld) throw new Halt("held");
        if (!(fault instanceof Halt) || fault.kind !== "waiting") throw fault;
        if (this.reached > before) waits = 1;
        await this.#pause(Math.max(waits, fault.problem?.after ?? 0) * (0.75 + Math.random() / 2), fault.problem);
      }
    }
  }

  async #send() {
    let offset = this.url ? await this.#standing() : null;
    if (offset === null) offset = await this.#open();
    this.#tell(offset);
    while (offset < this.file.size) {
      offset = await this.#append(offset);
      this.#tell(offset);
    }
  }

  #tell(offset) {
    this.reached = offset;
    this.page.progress(offset);
  }

  // The server's offset; null where the upload has ended or is another person's, and the file begins anew.
  async #standing() {
    const answer = await this.#asked("HEAD", this.url, {}, [404, 410]);
    if (answer.status < 300) return Number(answer.headers.get("Upload-Offset"));
    memory.drop(this.memoryKey);
    this.#key = drawn();
    return null;
  }

  async #open() {
    const headers = { "Upload-Length": String(this.file.size), "Upload-Metadata": this.metadata, "Idempotency-Key": this.#key };
    const answer = await this.#asked("POST", UPLOADS, headers);
    this.url = new URL(answer.headers.get("Location"), location.href).pathname;
    memory.set(this.memoryKey, this.url);
    return Number(answer.headers.get("Upload-Offset"));
  }

  async #append(offset) {
    const piece = this.file.slice(offset, offset + REQUEST_BYTES);
    const answer = await this.#put(piece, offset);
    if (answer.status === 204) return Number(answer.offset);
    if (answer.status === 409) return await this.#standing() ?? this.#open();
    if (answer.status === 404 || answer.status === 410) {
      memory.drop(this.memoryKey);
      this.url = null;
      throw new Halt("waiting");
    }
    throw halt(answer.status, answer.text, answer.after);
  }

  // The one request that tells how far it has come: fetch says nothing of a body that it sends.
  #put(piece, offset) {
    return new Promise((resolve, reject) => {
      const request = (this.#request = new XMLHttpRequest());
      request.open("PATCH", this.url);
      const headers = { "Tus-Resumable": TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream", "X-Form-Token": this.page.token() };
      for (const [name, text] of Object.entries(headers)) request.setRequestHeader(name, text);
      request.upload.onprogress = (event) => this.page.progress(offset + event.loaded);
      request.onload = () => resolve({ status: request.status, offset: request.getResponseHeader("Upload-Offset"), text: request.responseText, after: request.getResponseHeader("Retry-After") });
      request.onabort = () => reject(new Halt("held"));
      request.onerror = () => this.#unchanged().then(() => reject(new Halt("waiting")), reject);
      request.send(piece);
    });
  }

  // A file that was altered since it was chosen cannot be read any more; a line that is down can.
  async #unchanged() {
    try {
      await this.file.slice(0, 1).arrayBuffer();
    } catch {
      throw new Halt("changed");
    }
  }

  async #asked(method, url, headers = {}, also = []) {
    if (this.isHeld) throw new Halt("held");
    const all = { "Tus-Resumable": TUS, "X-Form-Token": this.page.token(), ...headers };
    let answer;
    try {
      answer = await fetch(url, { method, headers: all, cache: "no-store" });
    } catch {
      throw new Halt("waiting");
    }
    if (!answer.ok && !also.includes(answer.status)) throw halt(answer.status, await answer.text(), answer.headers.get("Retry-After"));
    const isJson = method !== "HEAD" && answer.headers.get("Content-Type")?.includes("json");
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : null };
  }

  #pause(seconds, problem) {
    return new Promise((resolve) => {
      this.page.waits(Math.ceil(seconds), problem);
      const timer = setTimeout(resolve, seconds * 1000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function halt(status, text, after) {
  let said = null;
  try {
    said = JSON.parse(text);
  } catch {
    // An answer that is not ours: a proxy's page, or a HEAD, which has no body.
  }
  const kind = said?.slug === "form-stale" ? "session" : (HALTS[status] ?? "waiting");
  return new Halt(kind, { ...said, after: Number(after) || 0 });
}
