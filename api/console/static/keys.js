// Keys: / search, j k rows, Enter opens the focused link by itself, v i s at review desks, ? help. Reading needs none of it.
const rows = () => [...document.querySelectorAll("table.rows tbody tr")];
const linkOf = (row) => row.querySelector("a.row");

function move(step) {
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

// A review desk's buttons name their key themselves; a choice is focused, a button is pressed.
function press(key) {
  const target = document.querySelector(`main [data-key="${CSS.escape(key)}"]`);
  return target && (() => (target.matches("button") ? target.click() : target.focus()));
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = acts[event.key] ?? press(event.key);
  if (!act) return;
  event.preventDefault();
  act();
});

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
