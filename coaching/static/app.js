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

// Chromium still says some zones by names that they no longer have.
const RENAMED = {
  "Africa/Asmera": "Africa/Asmara", "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca", "America/Coral_Harbour": "America/Atikokan",
  "America/Cordoba": "America/Argentina/Cordoba", "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis", "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville", "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata", "Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh", "Atlantic/Faeroe": "Atlantic/Faroe", "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton", "Pacific/Ponape": "Pacific/Pohnpei", "Pacific/Truk": "Pacific/Chuuk",
};
// The browser knows its time zone; propose it to who registers.
const zone = document.querySelector(".guess-zone select");
if (zone && !zone.value) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  zone.value = RENAMED[here] ?? here;
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
