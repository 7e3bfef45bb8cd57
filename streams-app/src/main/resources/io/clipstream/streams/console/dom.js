// Small helpers. What comes out of records only ever becomes text: nothing here takes markup.
import { share } from './format.js';

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
export function bar(part, kind = '') {
  const filled = el('i');
  filled.style.width = `${share(part) * 100}%`;
  return el('span', { class: `bar ${kind}`, 'aria-hidden': 'true' }, filled);
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
