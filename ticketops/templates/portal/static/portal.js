// Pages work without this script.
"use strict";
{ // names of its own: an answer that is written into the page runs it again

// A form is not sent twice by a double click.
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

// Sends a form without leaving its page, so that what is typed is there until it was heard. left: told
// that the page is about to be left, true or false.
async function send(form, button, live, left) {
  const said = new FormData(form, button);
  const body = form.enctype === "multipart/form-data" ? said : new URLSearchParams(said);
  live.textContent = "";
  const stay = (why) => {
    live.textContent = why;
    delete form.dataset.sent;
    left(false);
  };
  let answer;
  let text;
  try {
    answer = await fetch(form.action, { method: "POST", body, headers: { "X-Portal": "script" } });
    text = await answer.text();
  } catch (_lost) {
    stay(form.dataset.offline);
    return;
  }
  const is = (type) => (answer.headers.get("Content-Type") || "").startsWith(type);
  const ours = answer.headers.get("X-Portal") === "page";
  if (ours && answer.status === 403) stay(form.dataset.out);
  else if (!ours || [429, 503].includes(answer.status) || !(is("application/json") || is("text/html"))) stay(form.dataset.busy);
  else {
    left(true);
    if (is("application/json")) location.assign(JSON.parse(text).see);
    else {
      document.open();
      document.write(text);
      document.close();
    }
  }
}

// Rows of suppliers and staff.
for (const form of document.querySelectorAll("form.sheet")) {
  const live = form.querySelector(".live");
  const start = new Map([...form.elements].map((one) => [one, one.value]));
  let leaving = false;
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    send(form, event.submitter, live, (left) => {
      leaving = left;
    });
  });
  form.addEventListener("keydown", (event) => {
    if (event.target.name !== "bulk_notes" || event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[value=bulk]"));
  });
  window.addEventListener("beforeunload", (event) => {
    const typed = [...start].some(([one, text]) => one.type !== "checkbox" && one.type !== "radio" && one.value !== text);
    if (!leaving && typed) event.preventDefault();
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
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

// A table of guests: blocks from a spreadsheet, keys that move between lines, and a form that is sent so
// that a lost connection loses nothing that is typed.
const guests = document.getElementById("guests");
if (guests) {
  const live = document.getElementById("live");
  const cells = (line) =>
    [...line.querySelectorAll("td[class^='c_']")].map((td) => td.querySelector("input:not([type]), textarea, select"));
  const lines = [...guests.querySelectorAll("tbody tr")].map(cells);
  const first = new Map();
  for (const one of guests.querySelectorAll("input, textarea, select")) first.set(one, value(one));
  let leaving = false;

  function value(one) {
    return one.type === "checkbox" || one.type === "radio" ? String(one.checked) : one.value;
  }
  function isChanged(one) {
    return value(one) !== first.get(one);
  }
  function isUnsaved() {
    return "unsaved" in guests.dataset || [...first.keys()].some((one) => one.name.startsWith("r") && isChanged(one));
  }
  function place(one) {
    for (let row = 0; row < lines.length; row += 1) {
      const column = lines[row].indexOf(one);
      if (column >= 0) return [row, column];
    }
    return null;
  }
  function looked(one) {
    one.classList.toggle("changed", isChanged(one));
    if (!one.dataset.bad || one.getAttribute("aria-describedby")) return;
    const bad = one.value.trim() !== "" && !/^\S.*@[^\s@]+$/u.test(one.value.trim());
    one.setCustomValidity("");
    if (bad) one.setAttribute("aria-invalid", "true");
    else one.removeAttribute("aria-invalid");
    one.title = bad ? one.dataset.bad : "";
  }
  function block(text) {
    const found = [[]];
    const plain = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
    const pattern = /(?:"((?:[^"]|"")*)"(?=[\t\n]|$)|([^\t\n]*))(\t|\n|$)/gy;
    let match = pattern.exec(plain);
    while (match) {
      found[found.length - 1].push(match[1] === undefined ? match[2] : match[1].replace(/""/g, '"'));
      if (match[3] === "") break;
      if (match[3] === "\n") found.push([]);
      match = pattern.exec(plain);
    }
    return found;
  }
  guests.addEventListener("input", (event) => looked(event.target));
  guests.addEventListener("change", (event) => looked(event.target));
  guests.addEventListener("paste", (event) => {
    const at = place(event.target);
    const text = event.clipboardData.getData("text/plain");
    if (!at || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
    event.preventDefault();
    block(text).forEach((line, down) =>
      line.forEach((said, right) => {
        const one = (lines[at[0] + down] || [])[at[1] + right];
        if (!one || one.tagName === "SELECT" || said.trim() === "") return;
        one.value = said;
        looked(one);
      }));
  });
  guests.addEventListener("keydown", (event) => {
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      guests.requestSubmit(guests.querySelector("button[value=save]"));
      return;
    }
    const at = place(event.target);
    const long = event.target.tagName === "TEXTAREA" || event.target.tagName === "SELECT";
    const down = event.key === "ArrowDown" || (event.key === "Enter" && !event.shiftKey && !long);
    const up = event.key === "ArrowUp" || (event.key === "Enter" && event.shiftKey && !long);
    if (!at || (long && !event.altKey) || (!down && !up)) return;
    const next = (lines[at[0] + (down ? 1 : -1)] || [])[at[1]];
    event.preventDefault();
    if (!next) return;
    if (event.altKey && down && next.tagName !== "SELECT") {
      next.value = event.target.value;
      looked(next);
    }
    next.focus();
  });
  guests.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button || !["save", "accept"].includes(button.value)) {
      leaving = true;
      return;
    }
    event.preventDefault();
    send(guests, button, live, (left) => {
      leaving = left;
    });
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && isUnsaved()) event.preventDefault();
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
  });
}
}
