// Keys: / search, j k rows – or, within a case, the recordings themselves – Enter opens the focused link by itself, v i s at review desks, ? help. Reading needs none of it.
const rows = () => [...document.querySelectorAll("table.rows tbody tr")];
const linkOf = (row) => row.querySelector("a.row");

function move(step) {
  const way = document.querySelector("[data-walk]");
  if (way) return way.querySelector(step > 0 ? "a[rel=next]" : "a[rel=prev]")?.click();
  const all = rows().filter(linkOf);
  if (all.length === 0) return;
  const now = all.findIndex((row) => row.contains(document.activeElement));
  const next = now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(now + step, 0), all.length - 1);
  linkOf(all[next]).focus();
}

const acts = {
  "/": () => (document.querySelector("[data-search]:not([hidden])") ?? document.querySelector("#seek"))?.focus(),
  j: () => move(1),
  k: () => move(-1),
  "?": () => document.querySelector("#help")?.togglePopover(),
};

// A review desk's buttons name their key themselves. It goes there and no further: a legal act is done by Enter or a click.
function goTo(key) {
  const target = document.querySelector(`main [data-key="${CSS.escape(key)}"]`);
  return target && (() => {
    target.closest("details")?.setAttribute("open", "");
    target.scrollIntoView({ block: "center" });
    target.focus();
  });
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = acts[event.key] ?? goTo(event.key);
  if (!act) return;
  event.preventDefault();
  act();
});

// A form on its way is not sent again by a second click. What was answered with a file, or not at all, may be sent anew.
const AGAIN_MS = 5000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  form.setAttribute("aria-busy", "true");
  setTimeout(() => release(form), AGAIN_MS);
});

function release(form) {
  if ("file" in form.dataset) form.elements.namedItem("once").value = drawn();
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
}

const drawn = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// One tick for all ticks of its form.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-all]")) return;
  for (const one of event.target.form.querySelectorAll("tbody input[type=checkbox]")) one.checked = event.target.checked;
});

addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

// A long file goes as it is, when its button is pressed; the answer is where to look for it.
const LONG_BYTES = 500_000;
const isLong = (chooser) => chooser.dataset.long && chooser.files[0]?.size > LONG_BYTES;

for (const chooser of document.querySelectorAll("input[type=file][data-long]")) {
  chooser.form.addEventListener("submit", async (event) => {
    if (!isLong(chooser)) return;
    event.preventDefault();
    const tooLarge = `${location.pathname}?refused=body-too-large`;
    if (chooser.files[0].size > Number(chooser.dataset.most)) return location.assign(tooLarge);
    const button = chooser.form.querySelector("button");
    button.disabled = true;
    const headers = { "X-Form-Token": chooser.form.elements.namedItem("csrf").value, "Content-Type": "application/octet-stream" };
    const answer = await fetch(chooser.dataset.long, { method: "POST", headers, body: chooser.files[0] }).catch(() => undefined);
    const said = answer?.ok && answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : undefined;
    button.disabled = false;
    if (said) location.assign(said.address);
    else if (answer?.status === 413) location.assign(tooLarge);
    else location.reload();
  });
}

// A chosen file travels as base64 in a hidden field: forms are URL-encoded, and nothing is sent before its button is pressed.
for (const chooser of document.querySelectorAll("input[type=file][data-into]")) {
  chooser.addEventListener("change", async () => {
    if (isLong(chooser)) return;
    const field = chooser.form.elements.namedItem(chooser.dataset.into);
    const bytes = new Uint8Array(chooser.files[0] ? await chooser.files[0].arrayBuffer() : []);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    field.value = btoa(text);
  });
}
