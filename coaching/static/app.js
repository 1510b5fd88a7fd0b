// What is nicer with a script. Everything works without it.
"use strict";

// A button that names a dialog opens it, instead of going to the page with the number.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dialog]");
  const dialog = button && document.getElementById(button.dataset.dialog);
  if (dialog && dialog.showModal) {
    event.preventDefault();
    dialog.showModal();
  } else if (event.target.nodeName === "DIALOG") {
    event.target.close(); // a click beside the dialog's content
  }
});

// The browser knows its time zone; propose it to who registers.
const zone = document.querySelector(".guess-zone select");
if (zone && !zone.value) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone.value) zone.selectedIndex = 0;
}

// Lead to what is wrong.
document.querySelector(".faults")?.focus();

// A second click on a button changes nothing, so let it look that way.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  const pressed = event.submitter;
  if (pressed) setTimeout(() => { pressed.disabled = true; setTimeout(() => { pressed.disabled = false; }, 4000); });
});
