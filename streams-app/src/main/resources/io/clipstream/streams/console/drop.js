// A video that is dropped on the page is labelled by this instance, beside what comes from Kafka; a
// model is published.
import { byId, el, fill, say, showDialog } from './dom.js';
import { count } from './format.js';
import { mayWrite, post } from './actions.js';
import { labelled, loadNext, rejected } from './outcomes.js';
import { publish, takes as isModel } from './publish.js';

let most = 0;

export function allow(state) {
  most = state.maxUpload;
  byId('drop-button').hidden = !mayWrite();
}

async function label(file) {
  if (!mayWrite()) return say('This console only shows: it labels no files.', true);
  if (file.size > most) {
    return say(`${file.name} has ${count(file.size)} bytes, at most ${count(most)} are taken.`, true);
  }
  const dialog = byId('dialog');
  const content = el('div', { role: 'status' }, el('p', {}, 'It is being labelled…'),
    el('progress', { 'aria-label': 'Labelling' }));
  fill(dialog, el('h2', { id: 'dialog-title' }, file.name), content,
    el('form', { method: 'dialog', class: 'buttons' }, el('button', { class: 'main' }, 'Close')));
  showDialog();
  try {
    const outcome = await post(`label?name=${encodeURIComponent(file.name)}`, file,
      'application/octet-stream');
    fill(content, el('ol', { class: 'cards' },
      outcome.type === 'labelled' ? labelled(outcome, false) : rejected(outcome, false)));
    loadNext();
  } catch (error) {
    fill(content, el('p', { class: 'problem' }, error.message));
  }
}

const hint = byId('drop-hint');
const hasFile = event => [...event.dataTransfer?.types ?? []].includes('Files');
addEventListener('dragover', event => {
  if (hasFile(event)) {
    event.preventDefault();
    hint.hidden = !mayWrite();
  }
});
addEventListener('dragleave', event => { if (!event.relatedTarget) hint.hidden = true; });
addEventListener('drop', event => {
  hint.hidden = true;
  if (hasFile(event)) {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (isModel(file)) publish(file);
    else label(file);
  }
});
byId('drop-button').addEventListener('click', () => byId('drop-input').click());
byId('drop-input').addEventListener('change', event => {
  if (event.target.files.length > 0) label(event.target.files[0]);
  event.target.value = '';
});
