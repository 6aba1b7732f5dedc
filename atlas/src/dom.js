// Elements are made of text nodes alone: whatever a caption says, it is never parsed as markup.

/** An element with attributes, listeners (`onclick`) and children (elements or text). */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (key === 'className') made.className = value;
    else made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Replace what an element holds; where the focus was on one of its controls (`data-key`), it is on the same one again. */
export function fill(parent, ...children) {
  const active = document.activeElement;
  const key = parent.contains(active) ? active.dataset.key : undefined;
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
  if (key !== undefined) [...parent.querySelectorAll('[data-key]')].find((one) => one.dataset.key === key)?.focus();
}

// Characters that turn the direction of what follows, or are not seen at all. Joiners stay (U+200C, U+200D): emoji,
// Persian and Hindi are written with them.
const DIRECTIONS = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u0000-\u0008\u000b-\u001f\u007f]/g;

/** A text of somebody else in an element of its own direction, without marks that would turn the page around. */
export function foreign(text, query = '') {
  return element('bdi', {}, ...marked(visible(text), query));
}

/** A text without characters that are not seen. */
export function visible(text) {
  return String(text ?? '').replace(DIRECTIONS, '');
}

/** A text in parts, with the words that were searched for in <mark>. */
export function marked(text, query) {
  const sought = words(query).sort((one, other) => other.length - one.length);
  if (!sought.length) return [text];
  const any = new RegExp(`(${sought.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'gi');
  return text.split(any).map((part, at) => (at % 2 ? element('mark', {}, part) : part));
}

/** What a query asks for, in lower case: words, and in quotation marks words that stay together. */
export function words(query) {
  return [...query.toLowerCase().matchAll(/"([^"]+)"?|[^\s"]+/g)].map(([whole, quoted]) => (quoted ?? whole).trim()).filter(Boolean);
}

/** The cluster of a creator in words: the name that somebody gave it in this page, or the workflow's. */
export function clusterName(data, id) {
  const cluster = data.clusters.find((one) => one.id === id);
  if (id === null) return 'no place on the map';
  return cluster && id >= 0 ? `${id} ${visible(cluster.given ?? cluster.name)}` : 'no cluster';
}

/** A link to the web; null where the address is none, or of another kind (`javascript:`). */
export function link(address, text) {
  let parsed = null;
  try {
    parsed = new URL(address);
  } catch {
    return null;
  }
  if (!['http:', 'https:'].includes(parsed.protocol)) return null;
  return element('a', { href: parsed.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, text);
}

/** A number as people read it. */
export function number(value) {
  if (value === null || value === undefined) return '–';
  return Number.isInteger(value) ? value.toLocaleString('en') : value.toLocaleString('en', { maximumSignificantDigits: 4 });
}

/** A column's value as people read it; dates are kept in seconds since 1970. */
export function written(column, value) {
  if (value === null || value === undefined) return '–';
  if (column.kind === 'date' || column.kind === 'time') return moment(value).slice(0, column.kind === 'date' ? 10 : 16).replace('T', ' ');
  return typeof value === 'number' ? number(value) : visible(value);
}

/** Seconds since 1970 in ISO 8601. */
function moment(seconds) {
  return new Date(seconds * 1000).toISOString();
}
