// What changes something, and the dialog that asks before.
import { busy, byId, el, fill, isBusy, say, showDialog } from './dom.js';

let page = '';
let write = false;

export function allow(state) {
  page = state.page;
  write = state.write;
}

export const mayWrite = () => write;

/** What the console knows its own page by. */
export const pageWord = () => page;

/** The author of changes, remembered by this browser. */
export const author = {
  get: () => { try { return localStorage.getItem('author') ?? ''; } catch { return ''; } },
  set: name => { try { localStorage.setItem('author', name); } catch { /* not remembered */ } },
};

/** Asks the console to change something; resolves to its answer, or throws what is wrong. */
export async function post(path, body, type = 'application/json') {
  let answer;
  try {
    answer = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': type, 'X-Clipstream-Page': page },
      body: type === 'application/json' ? JSON.stringify({ author: author.get(), ...body }) : body,
    });
  } catch {
    throw new Error('The instance cannot be reached.');
  }
  const result = await answer.json().catch(() => ({ problem: `it answered ${answer.status}` }));
  if (!answer.ok) throw new Error(result.problem);
  return result;
}

/**
 * Opens the dialog. What the form's fields hold goes to `submit`; what that throws is shown, and
 * the dialog stays.
 */
export function ask({ title, content = [], action, submit, danger = false }) {
  const dialog = byId('dialog');
  const problem = el('p', { class: 'problem', role: 'alert' });
  const name = el('input', { name: 'author', value: author.get(), autocomplete: 'name', id: 'author',
    placeholder: 'optional', maxLength: 100 });
  const go = el('button', { type: 'submit', class: danger ? 'main danger' : 'main' }, action);
  const form = el('form', {
    method: 'dialog',
    onsubmit: async event => {
      event.preventDefault();
      if (event.submitter?.value === 'cancel') return dialog.close();
      if (isBusy(go)) return;
      author.set(name.value.trim());
      busy(go, true);
      problem.textContent = '';
      try {
        const done = await submit(new FormData(form));
        dialog.close();
        if (done) say(done);
      } catch (error) {
        problem.textContent = error.message;
      } finally {
        busy(go, false);
      }
    },
  },
  el('h2', { id: 'dialog-title' }, title),
  content,
  el('div', { class: 'field' }, el('label', { for: 'author' }, 'Your name'), name),
  problem,
  el('div', { class: 'buttons' },
    el('button', { type: 'submit', value: 'cancel', formNoValidate: true }, 'Cancel'), go));
  fill(dialog, form);
  showDialog();
}

/** Does something at once, and says what came of it. */
export async function attempt(button, work) {
  if (isBusy(button)) return;
  busy(button, true);
  try {
    say(await work());
  } catch (error) {
    say(error.message, true);
  } finally {
    busy(button, false);
  }
}
