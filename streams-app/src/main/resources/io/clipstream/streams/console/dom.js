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

/** Replaces what is in there. Who is at something with a `data-key` then is at what has that key now. */
export function fill(parent, ...children) {
  const at = document.activeElement;
  const within = parent.contains(at) && parent !== at;
  parent.replaceChildren(...children.flat().filter(child => child !== null));
  if (within) goTo(at.dataset.key, parent);
}

/** To what has a key in there; where that is gone or cannot be used, to the section around. */
function goTo(key, parent) {
  const next = key === undefined ? null : parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
  next?.focus({ preventScroll: true });
  if (next !== null && document.activeElement === next) return;
  const section = parent.closest('section');
  if (!section) return;
  section.tabIndex = -1;
  section.focus({ preventScroll: true });
}

/** Opens the dialog. Who closes it is back at what opened it, or at what stands there now. */
export function showDialog() {
  const dialog = byId('dialog');
  const opener = document.activeElement;
  const section = opener.closest('section');
  dialog.addEventListener('close', () => {
    const at = document.activeElement;
    if (section && (at === document.body || dialog.contains(at))) goTo(opener.dataset.key, section);
  }, { once: true });
  if (!dialog.open) dialog.showModal();
}

/**
 * Whether a button does nothing for now. It can be walked to all the same: one that is disabled
 * loses who has just pressed it.
 */
export const busy = (button, is) => button.setAttribute('aria-disabled', is);
export const isBusy = button => button.getAttribute('aria-disabled') === 'true';

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
