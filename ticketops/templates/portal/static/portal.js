// Pages work without this script. It keeps a form from being sent twice by a double click.
"use strict";
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// A password is hidden once its time is over, and is not there after the back button.
const hide = document.querySelector("[data-hide]");
if (hide) {
  const away = () => {
    for (const secret of document.querySelectorAll("[data-secret]")) secret.remove();
    location.replace(hide.dataset.back);
  };
  const end = Date.now() + Number(hide.dataset.hide) * 1000;
  const clock = document.createElement("span");
  clock.setAttribute("aria-hidden", "true");
  hide.append(" ", clock);
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) away();
    else clock.textContent = String(left);
  };
  tick();
  setInterval(tick, 500);
  window.addEventListener("pagehide", () => {
    for (const secret of document.querySelectorAll("[data-secret]")) secret.remove();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) away();
  });
}

// How many rows are selected, and all of the page at once.
for (const form of document.querySelectorAll("form.sheet")) {
  const boxes = [...form.querySelectorAll('input[type="checkbox"][name$=".pick"]')];
  const count = form.querySelector("[data-picked]");
  if (!boxes.length || !count) continue;
  const head = form.querySelector("thead th");
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", head.textContent.trim());
  head.append(all);
  const show = () => {
    const picked = boxes.filter((box) => box.checked).length;
    count.textContent = `(${picked})`;
    all.checked = picked === boxes.length;
    all.indeterminate = picked > 0 && picked < boxes.length;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  form.addEventListener("change", show);
  show();
}
