// Small helpers. What comes out of records only ever becomes text: nothing here takes markup.

/** An element: properties, attributes (with a hyphen, or role), listeners (on...), children. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.className = value;
    else if (name === 'style') Object.assign(element.style, value);
    else if (name.includes('-') || name === 'role' || name === 'for' || name === 'colspan'
        || name === 'list') element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined));
  return element;
}

export const byId = id => document.getElementById(id);

export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat().filter(child => child !== null));
}

/** A bar from 0 to 1. The number stands beside it, so it says nothing to a screen reader. */
export function bar(share, kind = '') {
  const filled = el('i');
  filled.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return el('span', { class: `bar ${kind}`, 'aria-hidden': 'true' }, filled);
}

export const percent = share =>
  `${(100 * share).toFixed(share >= 0.9995 || share < 0.00005 ? 0 : 1)} %`;

/** Of milliseconds, in three digits or so. */
export function span(millis) {
  if (millis === null || millis === undefined) return '–';
  if (millis === 0) return '0';
  if (millis < 9.95) return `${millis.toFixed(1)} ms`;
  if (millis < 999.5) return `${Math.round(millis)} ms`;
  if (millis < 59_950) return `${(millis / 1000).toFixed(millis < 9_950 ? 2 : 1)} s`;
  const minutes = Math.floor(millis / 60_000);
  return minutes < 90 ? `${minutes} min ${Math.round(millis / 1000) % 60} s`
    : `${(millis / 3_600_000).toFixed(1)} h`;
}

/** A place in a video. */
export function moment(millis) {
  const seconds = millis / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

export const count = number =>
  number === null || number === undefined ? '–' : number.toLocaleString('en');

export const rate = number =>
  number === null || number === undefined ? '–' : number >= 99.5 || number === 0
    ? Math.round(number).toLocaleString('en') : number.toFixed(1);

export function clock(millis) {
  return new Date(millis).toLocaleTimeString('en-GB');
}

/** As clock(), with the day where it is another one. */
export function when(millis) {
  const date = new Date(millis);
  return date.toDateString() === new Date().toDateString() ? clock(millis)
    : `${date.toLocaleDateString('en-CA')} ${clock(millis)}`;
}

/** Says something to everybody, in a corner and to a screen reader, for a while. */
let forgetting;
export function say(text, bad = false) {
  const said = byId('said');
  said.textContent = text;
  said.classList.toggle('bad', bad);
  clearTimeout(forgetting);
  forgetting = setTimeout(() => { said.textContent = ''; }, 8000);
}
