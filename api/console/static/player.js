// A finding opens where it lies: the player goes there. Without this the same links load the page anew at that second.
const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4];
const root = document.querySelector("[data-player]");
const player = root?.querySelector("video, audio");
const film = root?.querySelector(".film");
const says = root?.querySelector("[data-says]");
const fps = Number(root?.dataset.fps) || 25;

const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;
const marks = () => [...document.querySelectorAll("a.place[data-from]")];
let here = -1;

function tell() {
  if (says) says.textContent = `${clock(player.currentTime)} · ×${player.playbackRate}`;
  const length = Number(film?.dataset.seconds) || player.duration;
  const x = Math.min(1000, (player.currentTime / length) * 1000 || 0);
  for (const line of film?.querySelectorAll(".now") ?? []) {
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  }
}

function seek(seconds) {
  player.currentTime = Math.max(0, Math.min(seconds, player.duration || seconds));
  tell();
}

function open(link) {
  player.pause();
  seek(Number(link.dataset.from));
  const code = link.dataset.finding;
  here = marks().findIndex((one) => one.dataset.finding === code);
  for (const one of root.querySelectorAll(".film a")) {
    if (one === link || (code && one.dataset.finding === code)) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  for (const row of document.querySelectorAll("table.checks tr")) row.classList.toggle("named", Boolean(code) && Boolean(row.querySelector(`a.place[data-finding="${code}"]`)));
  root.scrollIntoView({ block: "nearest" });
}

function go(step) {
  const all = marks();
  if (all.length === 0) return;
  here = here < 0 ? (step > 0 ? 0 : all.length - 1) : (here + step + all.length) % all.length;
  open(all[here]);
}

function frame(step) {
  player.pause();
  seek((Math.floor(player.currentTime * fps + 0.01) + step + 0.5) / fps);
}

function speed(step) {
  const at = SPEEDS.indexOf(player.playbackRate);
  player.playbackRate = SPEEDS[Math.min(Math.max((at < 0 ? 2 : at) + step, 0), SPEEDS.length - 1)];
  tell();
}

const acts = {
  play: () => (player.paused ? player.play() : player.pause()),
  previous: () => go(-1),
  next: () => go(1),
  back: () => frame(-1),
  on: () => frame(1),
  slower: () => speed(-1),
  faster: () => speed(1),
};
const keys = { " ": "play", p: "previous", n: "next", ",": "back", ".": "on", "-": "slower", "+": "faster", "=": "faster" };

if (player) {
  const steering = root.querySelector(".steer");
  steering.hidden = false;
  for (const button of steering.querySelectorAll("[data-do]")) button.addEventListener("click", acts[button.dataset.do]);
  for (const kind of ["timeupdate", "seeked", "loadedmetadata", "ratechange"]) player.addEventListener(kind, tell);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-from]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
  document.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    const is = (names) => event.target.closest?.(names);
    if (!act || !root.querySelector(`[data-do="${act}"]`) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (is("input, textarea, select, [contenteditable]") || (act === "play" && is("button, a, video, audio, summary"))) return;
    event.preventDefault();
    acts[act]();
  });
  film?.addEventListener("click", (event) => {
    const lane = event.target.closest("svg.lane");
    if (!lane || event.target.closest("a")) return;
    const box = lane.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * Number(film.dataset.seconds));
  });
  here = marks().findIndex((one) => one.dataset.finding === new URLSearchParams(location.search).get("finding"));
}
