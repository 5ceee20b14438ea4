// Web addresses in an agent's plain text become links. Web Chat shows what it is given as Markdown's HTML as it
// is, so everything else is escaped here.

const ADDRESS = /https?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]}]/g;
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escape = (text: string) => text.replace(/[&<>"]/g, (found) => ESCAPES[found] ?? '');

export function linked(text: string): string {
  const parts: string[] = [];
  let end = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    const link = escape(address);
    parts.push(escape(text.slice(end, index)), `<a href="${link}" target="_blank" rel="noopener noreferrer">${link}</a>`);
    end = index + address.length;
  }
  return `<p>${[...parts, escape(text.slice(end))].join('').replaceAll('\n', '<br>')}</p>`;
}
