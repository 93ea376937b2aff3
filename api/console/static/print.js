// The printable form is printed by a button: what the browser's own menu does, where a phone has none.
document.querySelector("[data-print]")?.addEventListener("click", () => print());
