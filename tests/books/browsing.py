"""What pages are asked in a real browser: whether their texts can be told from what they stand on, and
whether what is read aloud has names."""

from __future__ import annotations

CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => { const f = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 };
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b) };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c } return parse(getComputedStyle(document.documentElement).backgroundColor) };
  const bad = [];
  for (const e of document.querySelectorAll('h1,h2,h3,p,b,span,td,th,code,li,figcaption')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push([e.textContent.slice(0, 40), ratio]) }
  return bad }"""
NAMES = """() => ({
  unnamed: [...document.querySelectorAll('svg[role=img]')].filter(s => !s.getAttribute('aria-labelledby').split(' ')
    .every(id => document.getElementById(id)?.textContent.trim())).length,
  bare: [...document.querySelectorAll('svg:not([role=img]):not([aria-hidden=true])')].length,
  ids: [...document.querySelectorAll('[id]')].length - new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size,
  headers: [...document.querySelectorAll('table')].filter(t => !t.querySelector('thead th[scope=col]')).length,
  regions: [...document.querySelectorAll('[role=region]')].filter(r => !r.getAttribute('aria-label')).length,
  levels: [...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1]),
  lang: document.documentElement.lang, main: document.querySelectorAll('main').length, title: document.title })"""
