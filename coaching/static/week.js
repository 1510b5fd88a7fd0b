// A week that can be dragged about. Without it, every free hour is a link to the form, and every slot has its menu.
"use strict";

const DRAG_BEGINS = 6; // pixels; less is a click
let drag = null;

// A drag over the hours that are meant begins them where it began, as in any calendar; anywhere else, where it is.
function meantAt(x, y) {
  const place = placeAt(x, y - drag.above);
  const begun = drag.begun;
  const within = begun && place && place.cell.parentNode === begun.cell.parentNode && y >= drag.y
    && y - drag.y <= 2 * begun.cell.getBoundingClientRect().height;
  return within ? begun : place;
}

// Where a pointer is in the grid: the cell, and the quarter of its hour.
function placeAt(x, y) {
  const cell = document.elementsFromPoint(x, y).find((element) => element.matches(".grid td:not(.skipped)"));
  if (!cell) return null;
  const box = cell.getBoundingClientRect();
  const quarter = Math.min(3, Math.floor(((y - box.top) / box.height) * 4));
  const hour = cell.closest("table").tHead.rows[0].cells[cell.cellIndex].dataset;
  const time = `${hour.hour.padStart(2, "0")}:${String(quarter * 15).padStart(2, "0")}`;
  return { cell, quarter, fields: { date: cell.parentNode.dataset.date, time, ...(hour.again && { which: "second" }) } };
}

function show(place) {
  drag.place = place;
  drag.ghost.hidden = !place;
  if (!place) return;
  drag.ghost.className = `block ghost at-${place.quarter} long-8`;
  drag.ghost.textContent = place.fields.time;
  place.cell.append(drag.ghost);
}

function endDrag() {
  drag?.ghost.remove();
  document.body.classList.remove("dragging");
  drag = null;
}

// The server says what the page is like now, whether it took the change or not.
async function send(address, fields) {
  const token = document.querySelector("[name=csrf_token]").value;
  try {
    const answer = await fetch(address, { method: "POST", body: new URLSearchParams({ ...fields, csrf_token: token }) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    take(page, answer);
  } catch {
    location.reload(); // the network is away: what the server has is shown as soon as it answers
    return;
  }
  oneTabStop();
  const said = document.querySelector(".faults, .flash, [role=alert]");
  said?.setAttribute("tabindex", "-1");
  said?.classList.add("stays");
  said?.focus({ preventScroll: true });
}

// A refusal leaves the week as it is and stands above it; everything else is a page in place of this one.
function take(page, answer) {
  const main = document.querySelector("main");
  const refusal = answer.status === 409 && page.querySelector("main [role=alert]");
  main.querySelectorAll(".flash, .faults").forEach((old) => old.remove());
  if (refusal) {
    main.prepend(refusal);
    return;
  }
  main.replaceWith(page.querySelector("main"));
  document.title = page.title;
  if (answer.ok) history.replaceState(null, "", answer.url);
}

document.addEventListener("pointerdown", (event) => {
  const from = event.target.closest(".offer, [data-move] > summary");
  if (!from || event.button !== 0 || event.pointerType === "touch") return;
  const address = from.parentNode.dataset.move ?? document.querySelector("#offer form").action;
  // A slot is held where it was grasped: its beginning is so far above the pointer.
  const above = from.matches("summary") ? event.clientY - from.getBoundingClientRect().top : 0;
  drag = { address, above, x: event.clientX, y: event.clientY, ghost: document.createElement("div"), place: null, on: false };
  if (from.matches(".offer")) drag.begun = placeAt(event.clientX, event.clientY);
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  if (!drag.on && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < DRAG_BEGINS) return;
  drag.on = true;
  document.body.classList.add("dragging");
  show(meantAt(event.clientX, event.clientY));
});

document.addEventListener("pointerup", () => {
  if (!drag) return;
  const { on, place, address } = drag;
  endDrag();
  if (!on) return;
  // The click that follows would open the form, or the menu.
  const stop = (event) => { event.preventDefault(); event.stopPropagation(); };
  document.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => document.removeEventListener("click", stop, { capture: true }));
  if (place) send(address, place.fields);
});

document.addEventListener("pointercancel", endDrag);
document.addEventListener("dragstart", (event) => { if (event.target.closest?.(".grid")) event.preventDefault(); });

// Free hours are one stop for the Tab key; arrows go about among them.
function oneTabStop() {
  document.querySelectorAll(".grid .offer").forEach((link, number) => { link.tabIndex = number ? -1 : 0; });
}

const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function step(link, [days, hours]) {
  let cell = link.closest("td");
  for (;;) {
    const row = cell.closest("tbody").rows[cell.parentNode.sectionRowIndex + days];
    cell = row?.cells[cell.cellIndex + hours];
    if (!cell) return;
    const next = cell.querySelector(".offer");
    if (next?.checkVisibility()) {
      link.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      return;
    }
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    endDrag();
    const open = document.querySelector(".block[open]");
    open?.removeAttribute("open");
    open?.querySelector("summary").focus();
  } else if (STEPS[event.key] && event.target.matches(".offer")) {
    event.preventDefault();
    step(event.target, STEPS[event.key]);
  }
});

// A click beside an open menu closes it.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".block[open]")) if (!open.contains(event.target)) open.removeAttribute("open");
});

oneTabStop();
