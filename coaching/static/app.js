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
// Where this device is. The browser knows; not every old one tells.
const device = (() => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return RENAMED[here] ?? here;
})();

// Propose it to who registers.
const zone = document.querySelector(".guess-zone select");
if (zone && !zone.value) {
  zone.value = device;
  if (!zone.value) zone.selectedIndex = 0;
}

// Offer it to whose times are shown in another zone, where clocks differ now. "Keep" holds in this browser.
const offer = document.querySelector(".offer-zone");
if (offer && device) {
  const kept = `zone ${offer.dataset.zone} ${device}`;
  const now = new Date();
  const shown = (timeZone) => now.toLocaleString("en-GB", { timeZone, timeStyle: "short", dateStyle: "short" });
  const store = (work) => { try { return work(localStorage); } catch { return null; } }; // it may be forbidden
  let differs = false;
  try { differs = shown(device) !== shown(offer.dataset.zone); } catch { /* a zone that this browser does not know */ }
  if (differs && !store((storage) => storage.getItem(kept))) {
    for (const name of offer.querySelectorAll("[data-here]")) name.textContent = device;
    offer.querySelector("a").href += `?zone=${encodeURIComponent(device)}#time_zone`;
    offer.hidden = false;
  }
  offer.querySelector("button").addEventListener("click", () => {
    store((storage) => storage.setItem(kept, "yes"));
    offer.hidden = true;
    document.querySelector("main").focus({ preventScroll: true });
  });
}

// Narrow the zones to what somebody types: a city, a country, a clock's name ("CET"), or how far it is from UTC.
// A single match is chosen at once, and said; of several none is, but for what was chosen before, which emptying the
// box brings back.
function findZone(box) {
  const select = document.getElementById(box.dataset.for);
  const typed = box.querySelector("input");
  const status = box.querySelector("[aria-live]");
  const whole = [...select.children];
  const countries = Intl.DisplayNames && new Intl.DisplayNames(["en"], { type: "region" });
  const fold = (text) => ` ${text.normalize("NFD").replace(/[\p{M}'’.]/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ")} `;
  const zones = [...select.options].filter((option) => option.value).map((option) => {
    const [, name, distance] = option.text.match(/^(.*) \(UTC(.*)\)$/);
    const also = (option.dataset.in ?? "").split(" ");
    const words = fold([name, option.value.startsWith("Etc/GMT") ? "" : option.value, ...also, also[0] && countries?.of(also[0])].join(" "));
    return { option, words, distance, isPlace: also[0] !== "" };
  });
  let before = select.value;

  // "+5:45", "UTC-3" and "GMT+1", as the options say it: "+05:45"; without minutes, all of that hour.
  const asDistance = (text) => {
    const parts = text.trim().replace(/[−–]/, "-").match(/^(?:utc|gmt)? *([+-]) *(\d{1,2})(?::?(\d\d))?$/i);
    return parts && `${parts[1]}${parts[2].padStart(2, "0")}:${parts[3] ?? ""}`;
  };

  const fitting = (text) => {
    const distance = asDistance(text);
    if (distance) return zones.filter((each) => each.isPlace && each.distance.startsWith(distance));
    const words = fold(text).trim().split(" ");
    const having = (end) => zones.filter((each) => words.every((word) => each.words.includes(` ${word}${end}`)));
    const exactly = having(" ");
    return exactly.length ? exactly : having("");
  };

  const show = (children, rows, choice) => {
    select.replaceChildren(...children);
    select.size = rows;
    if (!rows) select.removeAttribute("size");
    select.value = choice;
  };

  const unfold = () => {
    // An option is in one place at a time: put each back under its part of the world.
    for (const { option, group } of zones) group.append(option);
    return whole;
  };
  for (const each of zones) each.group = each.option.parentElement;

  const narrow = () => {
    const asked = fold(typed.value).trim() || asDistance(typed.value);
    const found = asked ? fitting(typed.value) : [];
    show(unfold(), 0, before);
    status.textContent = asked && !found.length ? "No zone is called so. Try a larger city near by, or the country." : "";
    if (!found.length) return;
    const [only] = found.length === 1 ? found : found.filter((each) => each.option.value === before);
    show(found.map((each) => each.option), Math.min(Math.max(found.length, 2), 7), only?.option.value ?? "");
    const fit = found.length > 1 ? `${found.length} zones fit.` : "";
    status.textContent = only ? `${fit} ${only.option.text} is chosen.`.trim() : `${fit} Choose one.`;
  };

  const settle = () => {
    before = select.value;
    typed.value = status.textContent = "";
    show(unfold(), 0, before);
  };

  typed.addEventListener("input", narrow);
  typed.addEventListener("keydown", (event) => {
    const goes = { Enter: 1, ArrowDown: 1, Escape: 1 }[event.key];
    if (!goes || !typed.value) return;
    event.preventDefault();
    if (event.key === "Escape") { typed.value = ""; narrow(); return; }
    if (event.key === "Enter" && select.value) settle();
    select.focus();
  });
  select.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !select.size) return;
    event.preventDefault();
    if (select.value) settle();
  });
  select.addEventListener("click", () => {
    if (select.size && select.value) settle();
  });
  select.addEventListener("change", () => {
    if (select.size) status.textContent = "";
    else before = select.value;
  });
  box.hidden = false;
}
for (const box of document.querySelectorAll(".find-zone")) findZone(box);

// Lead to what is wrong.
document.querySelector(".faults")?.focus();

// A second click on a button changes nothing, so let it look that way.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  const pressed = event.submitter;
  if (pressed) setTimeout(() => { pressed.disabled = true; setTimeout(() => { pressed.disabled = false; }, 4000); });
});

// What is on the screen has been seen: the button that says so need not be pressed.
const seen = document.querySelector("form[data-when-seen]");
if (seen) {
  fetch(seen.action, { method: "POST", body: new FormData(seen), redirect: "manual" }).then(() => {
    seen.hidden = true;
    document.querySelector(".unread-count")?.remove();
  }).catch(() => {}); // then the button is there
}
