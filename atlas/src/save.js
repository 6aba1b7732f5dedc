// Taking things out: tables, and lists of handles and of reels.

import { clusterName, visible, written } from './dom.js';

/** Have the browser save a file. */
export function save(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  Object.assign(link, { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The chosen creators with all their columns, as CSV (RFC 4180). */
export function asCsv({ data, state, notes }) {
  const columns = data.columns.filter(({ group }) => group !== 'tags');
  const header = ['creator_id', 'handle', 'full_name', 'cluster', 'cluster_name', ...columns.map(({ key }) => key), ...taggedHeader(notes)];
  const rows = state.chosen().map((index) => {
    const { id, handle, name, cluster } = data.creators[index];
    return [id, handle, name, cluster, cluster === null ? null : clusterName(data, cluster), ...columns.map((column) => cell(column, column.values[index])), ...tagged(notes, index)];
  });
  return csv([header, ...rows]);
}

/** Tags and notes as a file of creators: columns of one's own, which the workflow reads (docs/tables.md). */
export function asCreatorsFile({ data, notes }) {
  const rows = data.creators.map(({ handle }, index) => [handle, ...tagged(notes, index)]);
  return csv([['handle', ...taggedHeader(notes)], ...rows]);
}

function taggedHeader(notes) {
  return [...[...notes.tags.keys()].map((tag) => `tag_${tag}`), ...(notes.notes.size ? ['note'] : [])];
}

function tagged(notes, index) {
  return [...[...notes.tags.values()].map((set) => (set.has(index) ? 'true' : 'false')), ...(notes.notes.size ? [notes.notes.get(index) ?? ''] : [])];
}

function cell(column, value) {
  if (value === null) return '';
  return ['date', 'time'].includes(column.kind) ? written(column, value).replace(' ', 'T') : value;
}

/** Lines of cells; a text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV Injection"). */
export function csv(rows) {
  const plain = (value) => {
    const text = String(value ?? '');
    const safe = typeof value === 'string' && /^[=+\-@\t\r\n]/.test(text) && !/^[\w.=+@-]*$/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `${rows.map((row) => row.map(plain).join(',')).join('\r\n')}\r\n`;
}

/** Handles of the chosen creators, one a line: what a list of creators looks like. */
export function handles({ data, state }) {
  return state.chosen().map((index) => `${visible(data.creators[index].handle)}\n`).join('');
}

/** Ids of the chosen creators' reels, one a line. */
export function reelIds({ data, state }) {
  return state.chosen().flatMap((index) => data.creators[index].reels.map((reel) => `${data.reels[reel].id}\n`)).join('');
}
