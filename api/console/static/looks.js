// A look goes on while its page is used: something plays, or somebody moves, types or scrolls. Reading needs none of it.
const SECONDS = 30;
const looks = [...document.querySelectorAll("[data-look]")];
let isUsed = false;

const signed = (look) => new URLSearchParams({ csrf: look.dataset.csrf });
const isPlaying = () => [...document.querySelectorAll("video, audio")].some((one) => !one.paused && !one.ended);

async function beat() {
  if (!isPlaying() && !(isUsed && document.visibilityState === "visible")) return;
  isUsed = false;
  for (const look of looks) {
    const answer = await fetch(`${look.dataset.look}/seen`, { method: "POST", body: signed(look) }).catch(() => null);
    if (answer?.status === 428) end();
  }
}

function end() {
  document.querySelector("[data-look-ended]")?.removeAttribute("hidden");
  for (const one of document.querySelectorAll("video, audio")) one.pause();
}

if (looks.length > 0) {
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "scroll"]) {
    addEventListener(kind, () => { isUsed = true; }, { passive: true, capture: true });
  }
  setInterval(beat, SECONDS * 1000);
  // A page that comes back from the browser's own store was left: it says so at once that it is here again.
  addEventListener("pageshow", (event) => { if (event.persisted) { isUsed = true; beat(); } });
  addEventListener("pagehide", () => {
    for (const look of looks) navigator.sendBeacon(`${look.dataset.look}/leave`, signed(look));
  });
}
