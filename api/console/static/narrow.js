// A long list is narrowed by what is typed above it: options of a drop-down, or rows of ticks. What is chosen stays.
for (const box of document.querySelectorAll("[data-narrows]")) {
  const list = document.getElementById(box.dataset.narrows);
  const all = [...list.querySelectorAll("option, label")];
  const isChosen = (one) => one.selected || one.querySelector?.("input")?.checked || (one.tagName === "OPTION" && one.value === "");
  box.hidden = false;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (one) => words.every((word) => one.textContent.toLowerCase().includes(word));
    list.querySelectorAll("option, label").forEach((one) => one.remove());
    list.append(...all.filter((one) => isChosen(one) || fits(one)));
  });
  // It is no field of the form: what it holds is not sent, and Enter sends nothing.
  box.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
}
