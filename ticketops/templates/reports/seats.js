"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const canvas = byId("map"), ctx = canvas.getContext("2d"), tip = byId("tip"), said = byId("said");
  const PITCH = data.pitch, pick = data.pick;

  // --- the seats, from ranges

  const seats = [], lines = [];
  const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const classOf = (mark) => { const at = alphabet.indexOf(mark); return at < 0 ? mark.codePointAt(0) - 256 + 52 : at; };
  const label = (how, at) => {
    if (typeof how[0] === "string") return how[at];
    const [start, step, before = "", width = 0, after = ""] = how;
    return before + String(start + step * at).padStart(width, "0") + after;
  };
  const classesOf = (text) => {
    const found = [];
    for (const [, mark, times] of text.matchAll(/(\D)(\d*)/gu)) {
      const of = mark === "_" ? -1 : classOf(mark);
      for (let n = +(times || 1); n; n--) found.push(of);
    }
    return found;
  };
  const ticketsOf = (text) => {
    const found = [];
    for (const part of text ? text.split(",") : []) {
      const run = /^(\d+)-(\d+)\*(\d+)$/.exec(part);
      if (!run) found.push(part);
      else for (let n = 0; n < +run[3]; n++) found.push(`S${run[1]}-${+run[2] + n}`);
    }
    return found;
  };
  let before = null;
  data.rows.forEach(([block, row, how, x1, y1, x2, y2, states, tickets], number) => {
    before = how === 0 ? before : how;
    const classes = classesOf(states), known = ticketsOf(tickets), last = classes.length - 1 || 1;
    lines.push([x1, y1, x2, y2]);
    classes.forEach((of, at) => {
      if (of < 0) return;
      const share = at / last;
      seats.push({
        x: x1 + (x2 - x1) * share, y: y1 + (y2 - y1) * share, of: data.classes[of], line: number,
        block: data.blocks[block], row, seat: label(before, at), ticket: data.classes[of][4] ? known.shift() || "" : "",
        at: seats.length, place: at,
      });
    });
  });
  const byPlace = new Map();
  for (const one of seats) byPlace.set(`${one.line} ${one.place}`, one);
  const CELL = PITCH * 2, cells = new Map();
  for (const one of seats) {
    const key = `${Math.floor(one.x / CELL)} ${Math.floor(one.y / CELL)}`;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(one);
  }
  const near = (x, y, most) => {
    let best = null, least = most;
    const reach = Math.ceil(most / CELL), cx = Math.floor(x / CELL), cy = Math.floor(y / CELL);
    for (let i = cx - reach; i <= cx + reach; i++) for (let j = cy - reach; j <= cy + reach; j++)
      for (const one of cells.get(`${i} ${j}`) || []) {
        const far = Math.hypot(one.x - x, one.y - y);
        if (far <= least) { least = far; best = one; }
      }
    return best;
  };
  const name = (one) => [one.block, one.row, one.seat].filter(Boolean).join(" / ");
  const words = (one) => {
    const [kind, category, restrictions, open] = one.of;
    const said = data.kinds[kind].label;
    const parts = [name(one), said, said.endsWith(category) ? "" : category, restrictions, one.ticket];
    if (pick && chosen.has(one)) parts.push("chosen");
    else if (pick && open) parts.push("can be chosen");
    return parts.filter(Boolean).join(" · ");
  };

  // --- where it is seen from

  const view = { x: 0, y: 0, scale: 1 };
  let width = 1, height = 1, ratio = 1, cursor = null, wanted = false;
  const fit = () => {
    const [w, h] = data.box;
    view.scale = Math.min(width / w, height / h);
    view.x = (width - w * view.scale) / 2;
    view.y = (height - h * view.scale) / 2;
    draw();
  };
  const zoom = (by, x = width / 2, y = height / 2) => {
    const least = Math.min(width / data.box[0], height / data.box[1]) / 2;
    const scale = Math.min(Math.max(view.scale * by, least), 60 / PITCH * 1.5);
    view.x = x - (x - view.x) * scale / view.scale;
    view.y = y - (y - view.y) * scale / view.scale;
    view.scale = scale;
    draw();
  };
  const resize = () => {
    const box = canvas.getBoundingClientRect();
    const first = width === 1;
    ratio = window.devicePixelRatio || 1;
    width = box.width; height = box.height;
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    if (first) fit(); else draw();
  };
  const toMap = (x, y) => [(x - view.x) / view.scale, (y - view.y) / view.scale];

  // --- drawing

  const css = (variable) => getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
  const SHAPES = {
    disc: (p, x, y, u) => { p.moveTo(x + 3.7 * u, y); p.arc(x, y, 3.7 * u, 0, 7); },
    dot: (p, x, y, u) => { p.moveTo(x + 2 * u, y); p.arc(x, y, 2 * u, 0, 7); },
    square: (p, x, y, u) => p.rect(x - 3.5 * u, y - 3.5 * u, 7 * u, 7 * u),
    ring: (p, x, y, u) => { p.moveTo(x + 3 * u, y); p.arc(x, y, 3 * u, 0, 7); },
    box: (p, x, y, u) => p.rect(x - 3 * u, y - 3 * u, 6 * u, 6 * u),
    triangle: (p, x, y, u) => { p.moveTo(x, y - 4 * u); p.lineTo(x + 4 * u, y + 4 * u); p.lineTo(x - 4 * u, y + 4 * u); p.closePath(); },
    diamond: (p, x, y, u) => { p.moveTo(x, y - 5 * u); p.lineTo(x + 5 * u, y); p.lineTo(x, y + 5 * u); p.lineTo(x - 5 * u, y); p.closePath(); },
    cross: (p, x, y, u) => { p.moveTo(x - 3 * u, y - 3 * u); p.lineTo(x + 3 * u, y + 3 * u); p.moveTo(x + 3 * u, y - 3 * u); p.lineTo(x - 3 * u, y + 3 * u); },
    plus: (p, x, y, u) => { p.moveTo(x - 3.5 * u, y); p.lineTo(x + 3.5 * u, y); p.moveTo(x, y - 3.5 * u); p.lineTo(x, y + 3.5 * u); },
  };
  const OUTLINED = { ring: 1.6, box: 1.8, cross: 2, plus: 2.2 };
  let lasso = null;

  const draw = () => {
    if (wanted) return;
    wanted = true;
    requestAnimationFrame(() => { wanted = false; paint(); });
  };
  const paint = () => {
    const page = css("--page"), ink = css("--ink"), line = css("--line"), accent = css("--accent");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = page;
    ctx.fillRect(0, 0, width, height);
    const s = view.scale, u = PITCH * s / 10, room = PITCH * s;
    ctx.lineCap = "butt";
    for (const [, over] of data.bands) {
      ctx.strokeStyle = line;
      ctx.lineWidth = room;
      ctx.setLineDash([Math.max(2, u * 2), Math.max(2, u * 2)]);
      ctx.beginPath();
      for (const number of over) {
        const [x1, y1, x2, y2] = lines[number];
        ctx.moveTo(x1 * s + view.x, y1 * s + view.y);
        ctx.lineTo(x2 * s + view.x + .01, y2 * s + view.y);
      }
      ctx.stroke();
      ctx.setLineDash([]);
    }
    const small = room < 4, kinds = data.kinds.map(() => []);
    for (const one of seats) {
      const x = one.x * s + view.x, y = one.y * s + view.y;
      if (x > -room && y > -room && x < width + room && y < height + room) kinds[one.of[0]].push(x, y);
    }
    for (let kind = kinds.length - 1; kind >= 0; kind--) {
      const { shape, colour } = data.kinds[kind], places = kinds[kind];
      if (!places.length) continue;
      ctx.beginPath();
      const side = Math.max(shape === "dot" ? 1 : 2, room * (shape === "dot" ? .45 : .8));
      for (let i = 0; i < places.length; i += 2)
        if (small) ctx.rect(places[i] - side / 2, places[i + 1] - side / 2, side, side);
        else SHAPES[shape](ctx, places[i], places[i + 1], u);
      if (!small && OUTLINED[shape]) { ctx.lineWidth = OUTLINED[shape] * u; ctx.strokeStyle = colour; ctx.stroke(); }
      else { ctx.fillStyle = colour; ctx.fill(); }
    }
    if (chosen.size) {
      ctx.beginPath();
      for (const one of chosen) {
        const x = one.x * s + view.x, y = one.y * s + view.y, r = Math.max(3, 4.6 * u);
        ctx.moveTo(x + r, y);
        ctx.arc(x, y, r, 0, 7);
      }
      ctx.fillStyle = accent; ctx.fill();
      ctx.beginPath();
      for (const one of chosen) {
        const x = one.x * s + view.x, y = one.y * s + view.y;
        ctx.moveTo(x - 2 * u, y); ctx.lineTo(x - .4 * u, y + 1.8 * u); ctx.lineTo(x + 2.4 * u, y - 1.8 * u);
      }
      ctx.lineWidth = Math.max(1, 1.2 * u); ctx.strokeStyle = page; ctx.stroke();
    }
    if (cursor) {
      ctx.beginPath();
      ctx.arc(cursor.x * s + view.x, cursor.y * s + view.y, Math.max(6, 7 * u), 0, 7);
      ctx.lineWidth = 2.5; ctx.strokeStyle = ink; ctx.stroke();
    }
    ctx.textAlign = "center"; ctx.textBaseline = "middle"; ctx.lineJoin = "round";
    for (const [text, x, y, size] of data.labels) {
      const high = Math.min(size * s * .4, size * s * 1.3 / Math.max(1, text.length), 26);
      if (high < 7) continue;
      ctx.font = `600 ${high}px system-ui, sans-serif`;
      ctx.globalAlpha = room > 14 ? .25 : .7;
      ctx.lineWidth = high / 6; ctx.strokeStyle = page; ctx.strokeText(text, x * s + view.x, y * s + view.y);
      ctx.fillStyle = ink; ctx.fillText(text, x * s + view.x, y * s + view.y);
      ctx.globalAlpha = 1;
    }
    if (room > 30) {
      ctx.font = `${Math.min(12, room / 3.2)}px system-ui, sans-serif`;
      for (const one of seats) {
        const x = one.x * s + view.x, y = one.y * s + view.y;
        if (x < -room || y < -room || x > width + room || y > height + room) continue;
        ctx.lineWidth = 3; ctx.strokeStyle = page; ctx.strokeText(one.seat, x, y + room * .52);
        ctx.fillStyle = ink; ctx.fillText(one.seat, x, y + room * .52);
      }
    }
    if (lasso) {
      ctx.beginPath();
      lasso.forEach(([x, y], i) => i ? ctx.lineTo(x * s + view.x, y * s + view.y) : ctx.moveTo(x * s + view.x, y * s + view.y));
      ctx.closePath();
      ctx.lineWidth = 2; ctx.strokeStyle = accent; ctx.stroke();
    }
  };

  // --- choosing

  const chosen = new Set();
  const plainLabel = /^[A-Za-z0-9_.]+$/;
  const quoted = (text) => '"' + text.replace(/"/g, "'") + '"';
  const part = (text) => text === text.trim() && !/[\/";#\n\r]/.test(text) ? text : quoted(text);
  const listed = (labels) => {
    const found = [];
    for (let start = 0; start < labels.length;) {
      let end = start + 1, step = 0;
      const number = (text) => /^(0|[1-9]\d{0,8})$/.test(text) ? +text : NaN;
      while (end < labels.length) {
        const by = number(labels[end]) - number(labels[end - 1]);
        if (Math.abs(by) !== 1 || (step && by !== step)) break;
        step = by; end++;
      }
      if (end - start >= 3) { found.push(`${labels[start]}-${labels[end - 1]}`); start = end; }
      else { found.push(plainLabel.test(labels[start]) ? labels[start] : quoted(labels[start])); start++; }
    }
    return found.join(",");
  };
  const places = () => {
    const rows = new Map();
    for (const one of [...chosen].sort((a, b) => a.at - b.at)) {
      const key = `${part(one.block)}/${part(one.row)}`;
      if (!rows.has(key)) rows.set(key, []);
      rows.get(key).push(one.seat);
    }
    return [...rows].map(([row, labels]) => `${row}/${listed(labels)}`);
  };
  const shell = (text) => /^[\w\/;,. -]*$/.test(text) ? `"${text}"` : `'${text.replace(/'/g, "'\\''")}'`;
  let address = null;
  const tell = () => {
    if (!pick) return;
    const rows = places(), left = pick.quantity - chosen.size;
    const count = `${chosen.size} of ${pick.quantity} chosen`;
    byId("count").textContent = left < 0 ? `${count}: ${-left} too many` : left ? `${count}: ${left} left to choose` : count;
    byId("count").className = left < 0 ? "bad" : left ? "" : "good";
    byId("seats").textContent = rows.join("\n");
    const good = chosen.size > 0 && left >= 0;
    byId("command").textContent = good ? `${pick.head} ${shell(rows.join("; "))}${pick.tail}` : left < 0 ? "Take some seats back first." : "Choose a seat first.";
    byId("copy").disabled = !good;
    const link = byId("file");
    if (address) URL.revokeObjectURL(address);
    address = good ? URL.createObjectURL(new Blob([`# seats of ${pick.sale} on ${pick.match}\n${rows.join("\n")}\n`], { type: "text/plain" })) : null;
    if (address) link.href = address; else link.removeAttribute("href");
    draw();
  };
  const toggle = (one) => {
    if (!pick || !one) return;
    if (chosen.has(one)) chosen.delete(one);
    else if (one.of[3]) chosen.add(one);
    tell();
  };
  const propose = () => {
    chosen.clear();
    for (const [line, at] of pick.proposed) { const one = byPlace.get(`${line} ${at}`); if (one) chosen.add(one); }
    tell();
  };
  const inside = (x, y, shape) => {
    let is = false;
    for (let i = 0, j = shape.length - 1; i < shape.length; j = i++) {
      const [xi, yi] = shape[i], [xj, yj] = shape[j];
      if (yi > y !== yj > y && x < (xj - xi) * (y - yi) / (yj - yi) + xi) is = !is;
    }
    return is;
  };

  // --- mouse, finger and pen

  const pointers = new Map();
  let moved = 0, roping = false;
  const place = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const seatAt = (x, y) => near(...toMap(x, y), Math.max(PITCH * .6, 8 / view.scale));
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    moved = 0;
    roping = !!pick && pointers.size === 1 && (event.shiftKey || byId("lasso").getAttribute("aria-pressed") === "true");
    lasso = roping ? [toMap(...place(event))] : null;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event), old = pointers.get(event.pointerId);
    if (!old) { hover(x, y); return; }
    moved += Math.hypot(x - old[0], y - old[1]);
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const was = Math.hypot(old[0] - other[0], old[1] - other[1]), is = Math.hypot(x - other[0], y - other[1]);
      if (was > 0) zoom(is / was, (x + other[0]) / 2, (y + other[1]) / 2);
    } else if (roping) lasso.push(toMap(x, y));
    else if (moved > 4) { view.x += x - old[0]; view.y += y - old[1]; }
    pointers.set(event.pointerId, [x, y]);
    tip.hidden = true;
    draw();
  });
  const release = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (roping && moved > 4 && event.type === "pointerup") {
      for (const one of seats) if (one.of[3] && inside(one.x, one.y, lasso)) chosen.add(one);
      tell();
    } else if (moved <= 4 && event.type === "pointerup") {
      const one = seatAt(...place(event));
      if (one) { cursor = one; toggle(one); said.textContent = words(one); }
    }
    roping = false; lasso = null;
    draw();
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? .05 : .0015)), ...place(event));
  }, { passive: false });
  const hover = (x, y) => {
    const one = seatAt(x, y);
    tip.hidden = !one;
    if (!one) return;
    tip.textContent = words(one);
    tip.style.left = `${Math.min(x + 12, Math.max(0, width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${y + 16 + tip.offsetHeight > height ? Math.max(0, y - tip.offsetHeight - 10) : y + 16}px`;
  };

  // --- keys and buttons

  const go = (one) => {
    if (!one) return;
    cursor = one;
    const x = one.x * view.scale + view.x, y = one.y * view.scale + view.y, edge = 40;
    if (x < edge || x > width - edge) view.x += width / 2 - x;
    if (y < edge || y > height - edge) view.y += height / 2 - y;
    said.textContent = words(one);
    draw();
  };
  const first = () => {
    const [x, y] = toMap(width / 2, height / 2);
    let best = null, least = Infinity;
    for (const one of seats) {
      const far = Math.hypot(one.x - x, one.y - y);
      if (far < least) { least = far; best = one; }
    }
    return best;
  };
  const step = (dx, dy) => {
    if (!cursor) { go(first()); return; }
    let best = null, least = Infinity;
    for (const one of seats) {
      const x = one.x - cursor.x, y = one.y - cursor.y, ahead = x * dx + y * dy;
      if (ahead <= PITCH * .2) continue;
      const aside = Math.abs(x * dy - y * dx), cost = ahead + aside * 2.5;
      if (cost < least) { least = cost; best = one; }
    }
    go(best);
  };
  const next = () => {
    const from = cursor ? cursor.at : -1;
    const free = (one) => one.of[3] && !chosen.has(one);
    const one = seats.find((one) => one.at > from && free(one)) || seats.find(free);
    if (one) go(one);
    else said.textContent = "No other seat can be chosen.";
  };
  const closer = (by) => {
    if (cursor) zoom(by, cursor.x * view.scale + view.x, cursor.y * view.scale + view.y);
    else zoom(by);
  };
  const KEYS = {
    ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
    "+": () => closer(1.4), "=": () => closer(1.4), "-": () => closer(1 / 1.4), 0: fit,
    Enter: () => { toggle(cursor); if (cursor) said.textContent = words(cursor); },
    n: () => pick && next(), N: () => pick && next(), Escape: () => { lasso = null; roping = false; draw(); },
  };
  KEYS[" "] = KEYS.Enter;
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  const on = (id, act) => { if (byId(id)) byId(id).addEventListener("click", act); };
  on("in", () => zoom(1.4));
  on("out", () => zoom(1 / 1.4));
  on("all", fit);
  on("again", propose);
  on("none", () => { chosen.clear(); tell(); });
  on("lasso", () => {
    const is = byId("lasso").getAttribute("aria-pressed") !== "true";
    byId("lasso").setAttribute("aria-pressed", String(is));
    canvas.classList.toggle("lasso", is);
  });
  on("copy", async () => {
    const text = byId("command").textContent;
    try { await navigator.clipboard.writeText(text); said.textContent = "The command is copied."; }
    catch { getSelection().selectAllChildren(byId("command")); said.textContent = "The command is selected: copy it with Ctrl+C."; }
  });
  byId("find").addEventListener("change", () => {
    const plain = (text) => text.trim().toLowerCase().replace(/^0+(?=\d)/, "");
    const [block, row, seat] = byId("find").value.split("/").map(plain);
    const one = seats.find((s) => plain(s.block) === (block || "") && (!row || plain(s.row) === row) && (!seat || plain(s.seat) === seat));
    if (!one) { said.textContent = "The map has no such seat."; return; }
    view.scale = Math.max(view.scale, 16 / PITCH);
    view.x = width / 2 - one.x * view.scale; view.y = height / 2 - one.y * view.scale;
    go(one);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.addEventListener("resize", resize);
  resize();
  if (pick) propose();
})();
