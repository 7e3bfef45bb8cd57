// Rejections by reason.
import { bar, byId, el, fill } from './dom.js';
import { count, when } from './format.js';
import { mayWrite } from './actions.js';
import { retryButton } from './outcomes.js';

const MOST = 200;
const SHOWN = 8;

let outcomes = [];
let reasons = {};
const open = new Set();

export function reset(state) {
  outcomes = state.outcomes.filter(outcome => outcome.type === 'rejected');
  reasons = state.counts.reasons;
  show();
}

export function add(fresh, counts) {
  const news = fresh.filter(outcome => outcome.type === 'rejected'
    && !outcomes.some(known => known.place === outcome.place));
  outcomes = [...news, ...outcomes].slice(0, MOST);
  const changed = JSON.stringify(reasons) !== JSON.stringify(counts.reasons);
  reasons = counts.reasons;
  if (changed || news.length > 0) show();
}

function show() {
  const sorted = Object.entries(reasons).sort((one, other) => other[1] - one[1]);
  if (sorted.length === 0) return;
  const most = sorted[0][1];
  fill(byId('rejections'), sorted.map(([reason, number]) => {
    const known = outcomes.filter(outcome => outcome.reason === reason);
    const summary = el('summary', { 'data-key': reason }, el('span', { class: 'name' }, reason), bar(number / most, 'bad'),
      el('span', { class: 'number' }, count(number)));
    return el('details', {
      class: 'reason', open: open.has(reason),
      ontoggle: event => event.currentTarget.open ? open.add(reason) : open.delete(reason),
    }, summary,
    el('ul', {}, known.slice(0, SHOWN).map(outcome => el('li', {},
      el('div', {}, el('b', { title: outcome.uri ?? '' }, outcome.id), ` ${when(outcome.at)}`,
        el('p', { class: 'detail' }, outcome.detail)),
      mayWrite() ? retryButton([outcome], 'Retry') : null))),
    mayWrite() && known.length > 1
      ? el('div', { class: 'buttons' }, retryButton(known, `Retry the last ${known.length}`, `${reason}/all`)) : null);
  }));
}
