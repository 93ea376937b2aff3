// Files that a person brings: chosen, hashed beside the page, declared, sent, and each with its receipt. The list is the page's; the truth is the server's.
import { Sha256 } from "./sha256.js";
import { Halt, Transfer, metadataOf } from "./tus.js";

const root = document.querySelector("#hand-in");
const form = document.querySelector("#said");
const list = document.querySelector("#pieces");
const start = document.querySelector("#start");
const pause = document.querySelector("#pause");
const lacking = document.querySelector("#lacking");
const spoken = document.querySelector("#spoken");
const loggedOut = document.querySelector("#logged-out");
const words = document.querySelector("#words").content;

// As the drafts of other forms: what forgets those at a log-out forgets this.
const KEPT = "qc-draft hand-in";
const FIELDS = ["origin", "source", "maker", "made_at", "method", "case"];
const PAPERS = /\.(pdf|ofd|docx?|docm|xlsx?|xlsm|pptx?|rtf|txt|wps)$/i;
const SCENES = /^(video|audio)\//;
const FIRST_LOOKS = 150;

const say = (key) => words.querySelector(`[data-say="${key}"]`).textContent;
const filled = (key, number) => say(key).replace("{n}", number);
const size = (bytes) => (bytes < 1024 ? filled("bytes", bytes) : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KiB` : bytes < 1073741824 ? `${(bytes / 1048576).toFixed(1)} MiB` : `${(bytes / 1073741824).toFixed(2)} GiB`);
const moment = (text) => new Date(new Date(text).getTime() + 8 * 3600000).toISOString().slice(0, 19).replace("T", " ");
const hashed = (text) => new Sha256().update(new TextEncoder().encode(text)).hex();

let token = root.dataset.token;
const pieces = [];
const worker = new Worker(root.dataset.worker, { type: "module" });
const papers = new Map(kept().papers ?? []);

// What was typed outlives a reload of this tab, and ends with the tab: a shared computer keeps no names.
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {};
  }
}

function keep() {
  const typed = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));
  const here = pieces.filter((one) => !["received", "gone"].includes(one.state)).map((one) => one.file.name);
  const left = pieces.length > 0 ? here : (kept().left ?? []);
  sessionStorage.setItem(KEPT, JSON.stringify({ typed, left, papers: [...papers] }));
}

function restore() {
  const { typed = {}, left = [] } = kept();
  for (const name of FIELDS) if (typed[name] && !(name === "case" && form.elements.case.value)) form.elements[name].value = typed[name];
  if (left.length > 0) document.querySelector("#none").textContent = `${filled("again", left.length)} ${left.join(say("comma"))}`;
}

function sourced() {
  const isCopied = form.elements.origin.value === "copied";
  const field = form.elements.source;
  document.querySelector("#source-of").hidden = !isCopied;
  field.required = isCopied;
  field.disabled = !isCopied;
}

class Piece {
  constructor(file) {
    this.file = file;
    this.node = document.querySelector("#piece").content.firstElementChild.cloneNode(true);
    this.part = (name) => this.node.querySelector(`.${name}`);
    this.select = this.node.querySelector("select");
    this.bar = this.node.querySelector("progress");
    this.part("name").textContent = file.name;
    for (const one of this.node.querySelectorAll(".size")) one.textContent = size(file.size);
    this.bar.setAttribute("aria-label", file.name);
    // A photo may be the picture of a paper; film and sound never are.
    this.part("paper").hidden = SCENES.test(file.type);
    this.isPaper = PAPERS.test(file.name) || file.type === "application/pdf";
    this.select.required = this.isPaper;
    if (!this.isPaper) this.select.options[0].textContent = say("no-paper");
    this.select.value = papers.get(this.mark) ?? "";
    this.select.addEventListener("change", () => { papers.set(this.mark, this.select.value); keep(); });
    this.part("hold").addEventListener("click", () => this.transfer?.hold());
    this.part("retry").addEventListener("click", () => this.goOn());
    this.part("drop-it").addEventListener("click", () => this.remove());
    list.append(this.node);
    this.show("hashing");
    worker.postMessage({ id: pieces.push(this) - 1, file });
  }

  get mark() {
    return `${this.file.name}|${this.file.size}`;
  }

  show(state, why = "") {
    this.state = state;
    this.node.dataset.state = state;
    this.part("state").textContent = say(`state-${state}`);
    this.part("why").textContent = why;
    this.part("why").hidden = !why;
    this.part("hold").hidden = !["sending", "waiting"].includes(state);
    this.part("retry").hidden = !["held", "waiting", "refused", "session"].includes(state);
    this.part("drop-it").hidden = ["sending", "queued", "waiting"].includes(state);
    this.part("drop-it").textContent = state === "received" ? say("clear") : say("drop");
    this.select.disabled = this.isAsked || !["hashing", "ready"].includes(state);
    tell();
  }

  // From the worker: how far it has come, or the digest, or that the file cannot be read.
  heard({ done, sha256, failed }) {
    if (failed) return this.show("changed", say("unreadable"));
    if (done !== undefined) this.bar.value = this.file.size ? done / this.file.size : 1;
    if (!sha256) return;
    this.sha256 = sha256;
    this.bar.value = 0;
    this.part("digest").textContent = `SHA-256 ${sha256}`;
    if (pieces.some((one) => one !== this && one.sha256 === sha256 && one.state !== "gone")) return this.show("twice", say("twice"));
    if (this.state === "hashing") this.show("ready");
    if (this.isAsked) queue(this);
  }

  // What is declared is fixed when its sending is asked for; a later change of the fields is of the files behind it.
  ask(said) {
    this.isAsked = true;
    const declaration = { ...said.declaration, ...(this.select.value && { document: this.select.value }), ...(this.file.type && { media_type: this.file.type }) };
    this.said = { declaration: JSON.stringify(declaration), case: said.case };
    if (this.sha256) queue(this);
    else this.show("hashing");
  }

  goOn() {
    if (this.state === "waiting") return this.transfer.now();
    if (this.said) queue(this);
  }

  async send() {
    this.show("sending");
    const metadata = metadataOf({ filename: this.file.name, filetype: this.file.type, sha256: this.sha256, ...this.said });
    const key = hashed(`${this.sha256} ${this.file.size} ${metadata}`);
    this.transfer ??= new Transfer(this.file, metadata, key, {
      token: () => token,
      progress: (offset) => {
        if (this.state === "waiting") this.show("sending");
        this.bar.value = this.file.size ? offset / this.file.size : 1;
      },
      waits: (seconds, why) => this.show("waiting", `${sentence(why)}${filled("again-in", seconds)}`),
    });
    try {
      await alone(key, () => this.show("other-tab"), async () => this.received(await this.transfer.run()));
    } catch (fault) {
      this.halted(fault);
    }
  }

  halted(fault) {
    const kind = fault instanceof Halt ? fault.kind : "refused";
    if (kind === "session") {
      this.show("session");
      return over();
    }
    const own = { changed: say("changed"), refused: say("failed") }[kind] ?? "";
    this.show(kind, sentence(fault.problem) || own);
  }

  received(receipt) {
    this.show("received");
    this.bar.hidden = true;
    this.part("paper").hidden = true;
    this.part("receipt").hidden = false;
    this.part("at").textContent = moment(receipt.received_at);
    this.part("to").href = `/console/recordings/${receipt.recording_id}`;
    this.look(receipt.recording_id, 0);
  }

  // Until it is sealed the row asks how it stands; the page of the recording tells the rest.
  async look(id, times) {
    const answer = await fetch(`/v1/recordings/${id}`, { cache: "no-store" }).catch(() => null);
    const found = answer?.ok ? await answer.json() : null;
    if (found && found.state !== "received") return this.concluded(found);
    if (times < FIRST_LOOKS && answer?.status !== 401) setTimeout(() => this.look(id, times + 1), 2000);
  }

  concluded(found) {
    const shown = found.verdict === "verified" && found.remarks > 0 ? "remarked" : found.verdict;
    const badge = words.querySelector(`[data-verdict="${shown}"]`).firstElementChild.cloneNode(true);
    if (shown === "remarked") badge.lastChild.textContent = badge.lastChild.textContent.replace(/\d+/, found.remarks);
    this.part("verdict").replaceChildren(badge, ` ${say(found.state)}`);
    if (found.cases.length > 0) this.part("tied").textContent = `${say("tied")} ${found.cases.join(say("comma"))}`;
    else if (found.case) this.part("tied").textContent = filled("untied", found.case);
    this.part("same").hidden = found.same_bytes.length === 0;
  }

  remove() {
    if (this.state === "hashing") worker.postMessage({ id: pieces.indexOf(this) });
    this.state = "gone";
    this.node.remove();
    tell();
  }
}

// A refusal in the server's words.
function sentence(problem) {
  const said = problem?.[root.dataset.lang];
  return said ? `${said.title}${say("stop")}${said.next}${say("stop")}` : "";
}

// One tab sends a file at a time, where the browser can tell tabs apart; the other waits, and finds it begun or there.
async function alone(key, waits, act) {
  if (!navigator.locks) return act();
  const isFree = await navigator.locks.request(KEPT + key, { ifAvailable: true }, async (lock) => {
    if (lock) await act();
    return Boolean(lock);
  });
  if (isFree) return undefined;
  waits();
  return navigator.locks.request(KEPT + key, act);
}

const waiting = [];
let isBusy = false;

function queue(piece) {
  piece.show("queued");
  if (!waiting.includes(piece)) waiting.push(piece);
  work();
}

async function work() {
  if (isBusy) return;
  isBusy = true;
  while (waiting.length > 0) {
    // A paper of a page does not wait behind a film of hours.
    waiting.sort((one, other) => one.file.size - other.file.size);
    await waiting.shift().send();
  }
  isBusy = false;
  tell();
}

function over() {
  for (const one of waiting.splice(0)) one.show("session");
  loggedOut.hidden = false;
  loggedOut.scrollIntoView({ block: "nearest" });
}

async function back() {
  const answer = await fetch("/console/hand-in/token", { cache: "no-store", redirect: "manual" }).catch(() => null);
  const said = answer?.ok ? await answer.json() : null;
  document.querySelector("#other-person").hidden = !said || said.actor === root.dataset.actor;
  if (!said || said.actor !== root.dataset.actor) return;
  token = said.token;
  loggedOut.hidden = true;
  for (const one of pieces) if (one.state === "session") queue(one);
}

function tell() {
  const all = pieces.filter((one) => one.state !== "gone");
  const done = all.filter((one) => one.state === "received").length;
  const isGoing = all.some((one) => ["sending", "queued", "waiting"].includes(one.state));
  const said = all.length > 0 ? filled("count", `${done} / ${all.length}`) : "";
  document.querySelector("#none").hidden = all.length > 0;
  document.querySelector("#count").textContent = said;
  if (spoken.textContent !== said) spoken.textContent = said;
  start.disabled = !all.some((one) => ["hashing", "ready"].includes(one.state) && !one.isAsked);
  pause.hidden = !isGoing;
  keep();
}

function add(files) {
  for (const file of files) {
    const isThere = pieces.some((one) => one.state !== "gone" && one.state !== "changed" && one.file.name === file.name && one.file.size === file.size && one.file.lastModified === file.lastModified);
    if (file.size > Number(root.dataset.most)) lack(`${file.name}${say("colon")}${say("too-large")}`);
    else if (!isThere) new Piece(file);
  }
  if (files.length > 0) list.lastElementChild?.scrollIntoView({ block: "nearest" });
}

function lack(sentence) {
  lacking.textContent = sentence;
  lacking.hidden = !sentence;
}

function declared() {
  const field = (name) => form.elements[name].value.trim();
  const declaration = { origin: field("origin") };
  if (declaration.origin === "copied") declaration.source = field("source");
  for (const name of ["maker", "method"]) if (field(name)) declaration[name] = field(name);
  // Typed as on the clock of the wall: China has one zone.
  if (field("made_at")) declaration.made_at = `${field("made_at").slice(0, 16)}:00+08:00`;
  return { declaration, case: field("case") };
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fresh = pieces.filter((one) => ["hashing", "ready"].includes(one.state) && !one.isAsked);
  const bare = fresh.find((one) => one.select.required && !one.select.value);
  lack(fresh.length === 0 ? say("nothing") : bare ? `${bare.file.name}${say("colon")}${say("paper-missing")}` : "");
  if (bare) return bare.select.focus();
  const said = declared();
  for (const one of fresh) one.ask(said);
});
form.addEventListener("input", () => { sourced(); keep(); });
pause.addEventListener("click", () => {
  for (const one of waiting.splice(0)) one.show("held");
  for (const one of pieces) if (["sending", "waiting"].includes(one.state)) one.transfer.hold();
});
document.querySelector("#go-on").addEventListener("click", back);
worker.addEventListener("message", ({ data }) => pieces[data.id].heard(data));
for (const id of ["pick", "camera", "film"]) {
  document.querySelector(`#${id}`).addEventListener("change", ({ target }) => { add([...target.files]); target.value = ""; });
}
const drop = document.querySelector("#drop");
for (const kind of ["dragover", "dragleave", "drop"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop") add([...event.dataTransfer.files]);
  });
}
addEventListener("beforeunload", (event) => {
  if (pieces.some((one) => ["sending", "queued", "waiting"].includes(one.state))) event.preventDefault();
});

restore();
sourced();
tell();
root.hidden = false;
