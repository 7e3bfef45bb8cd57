// A model's file goes from this browser to the instance, which checks and publishes it: every page
// sees how far that is, and it goes on when this one is closed.
import { byId, say } from './dom.js';
import { clock, count, share } from './format.js';
import { author, mayWrite, pageWord } from './actions.js';

const WORDS = { receiving: 'is being sent', checking: 'is run once and compared with its own outputs',
  publishing: 'is being published', published: 'is published', failed: 'is not published' };

let most = null;
let sending = null; // the request, while this page sends

export function allow(state) {
  most = state.maxModel;
  byId('publish-button').hidden = !mayWrite() || most === null;
}

export const takes = file => file.name.endsWith('.pt');

/** What the instance tells. */
export function show(publishing) {
  if (sending !== null || !publishing) return;
  const { name, state, percent, detail, at } = publishing;
  tell(`${name} ${WORDS[state]}${state === 'published' || state === 'failed' ? `, ${clock(at)}` : ''}`,
    state === 'published' ? detail ?? 'Choose it below: activate it, or try it as a canary.' : detail,
    state === 'published' || state === 'failed' ? null : percent ?? 'unknown', state === 'failed');
}

/**
 * Says how far it is.
 *
 * `percent`: null without a bar, 'unknown' for one that only moves
 */
function tell(text, detail, percent, bad = false) {
  byId('publishing').hidden = false;
  const said = byId('publishing-state');
  if (said.textContent !== text) said.textContent = text;
  said.classList.toggle('bad', bad);
  byId('publishing-detail').textContent = detail ?? '';
  const bar = byId('publishing-progress');
  bar.hidden = percent === null;
  if (Number.isFinite(percent)) bar.value = percent;
  else bar.removeAttribute('value');
  const cancel = byId('publishing-cancel');
  const left = document.activeElement === cancel && sending === null;
  cancel.hidden = sending === null;
  if (left) byId('publish-button').focus();
}

export function publish(file) {
  if (!mayWrite() || most === null) return say('This console publishes no models.', true);
  if (sending !== null) return say('Another model is being sent.', true);
  if (file.size > most) {
    return say(`${file.name} has ${count(file.size)} bytes, at most ${count(most)} are taken.`, true);
  }
  const request = new XMLHttpRequest(); // fetch() does not tell how much was sent
  sending = request;
  tell(`${file.name} ${WORDS.receiving}`, null, 0);
  request.upload.onprogress = event =>
    tell(`${file.name} ${WORDS.receiving}`, null, Math.floor(100 * share(event.loaded, event.total)));
  const ended = problem => {
    sending = null;
    if (problem) tell(`${file.name} ${WORDS.failed}`, problem, null, true);
    else tell(`${file.name} ${WORDS.checking}`, null, 'unknown');
  };
  request.onload = () => ended(request.status === 200 ? null
    : request.response?.problem ?? `The instance answered ${request.status}.`);
  request.onerror = () => ended('The instance cannot be reached, or has ended the transfer.');
  request.onabort = () => ended('Sending was stopped.');
  request.open('POST', `publish?name=${encodeURIComponent(file.name)}&author=${encodeURIComponent(author.get())}`);
  request.responseType = 'json';
  request.setRequestHeader('Content-Type', 'application/octet-stream');
  request.setRequestHeader('X-Clipstream-Page', pageWord());
  request.send(file);
}

byId('publish-button').addEventListener('click', () => byId('publish-input').click());
byId('publish-input').addEventListener('change', event => {
  if (event.target.files.length > 0) publish(event.target.files[0]);
  event.target.value = '';
});
byId('publishing-cancel').addEventListener('click', () => sending?.abort());
