// How much waits: asked for once the page is there, so that no page waits for it. Without an answer nothing is claimed.
const place = document.querySelector("[data-count]");
if (place) {
  const answer = await fetch(place.dataset.count).catch(() => undefined);
  if (answer?.ok && !answer.redirected) place.textContent = (await answer.text()).trim();
}
