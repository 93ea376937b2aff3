// What is typed and not sent yet survives a reload, another language, going back: in this tab alone, until it is sent or
// the person leaves. Passwords, codes and files are never kept; what the server shows again after a refusal counts first.
const KEY = "qc-draft";
const MOST = 100_000;
const asides = new Set(["csrf", "once", "version", "q", "lang"]);

const place = (form) => `${KEY} ${location.pathname} ${form.getAttribute("action") ?? ""}`;
const isKept = (field) =>
  field.name && !asides.has(field.name) && !/password|code|secret|kept/.test(field.name) && !field.readOnly &&
  field.matches("textarea, select, input:not([type=hidden], [type=password], [type=file], [type=submit], [type=search])");
const forms = () => [...document.querySelectorAll("main form[method=post]:not([data-undrafted])")];
const fields = (form) => [...form.elements].filter(isKept);

const shownOf = (field) => (field.matches("[type=checkbox], [type=radio]") ? (field.checked ? field.value : null) : field.value);
const firstOf = (field) => {
  if (field.matches("[type=checkbox], [type=radio]")) return field.defaultChecked ? field.value : null;
  if (field.matches("select")) return ([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.value ?? "";
  return field.defaultValue;
};
const isTouched = (form) => fields(form).some((field) => shownOf(field) !== firstOf(field));

function put(field, text) {
  if (field.matches("[type=checkbox], [type=radio]")) field.checked = text === field.value;
  else if (!field.matches("select") || [...field.options].some((one) => one.value === text)) field.value = text;
}

function keep(form) {
  if (!isTouched(form)) return sessionStorage.removeItem(place(form));
  const text = JSON.stringify(fields(form).map((field) => [field.name, shownOf(field)]));
  if (text.length <= MOST) sessionStorage.setItem(place(form), text);
}

function restore(form) {
  const kept = JSON.parse(sessionStorage.getItem(place(form)) ?? "null");
  const found = fields(form);
  // A form that has changed its fields since is another form.
  if (!kept || kept.length !== found.length || kept.some(([name], at) => found[at].name !== name)) return;
  found.forEach((field, at) => put(field, kept[at][1] ?? ""));
  if (!isTouched(form)) return;
  form.closest("details")?.setAttribute("open", "");
  const told = document.querySelector("#draft-told")?.content.firstElementChild.cloneNode(true);
  if (!told) return;
  told.querySelector("button").addEventListener("click", () => {
    sessionStorage.removeItem(place(form));
    form.reset();
    told.remove();
  });
  form.prepend(told);
}

function forget() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(`${KEY} `)) sessionStorage.removeItem(name);
}

// Sent: the answer says what became of it. A refusal shows the texts itself; nothing else needs them any more.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (event.target.getAttribute("action") === "/console/logout") forget();
  else if (forms().includes(event.target)) sessionStorage.removeItem(place(event.target));
});
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form && forms().includes(form)) keep(form);
});
if (!document.querySelector("main [role=alert]")) forms().forEach(restore);
