// The page: what the console tells goes to the parts that show it.
import { byId } from './dom.js';
import { connect } from './connection.js';
import * as actions from './actions.js';
import * as compare from './compare.js';
import * as drop from './drop.js';
import * as outcomes from './outcomes.js';
import * as plots from './plots.js';
import * as publish from './publish.js';
import * as rejections from './rejections.js';
import * as rollouts from './rollouts.js';
import * as work from './work.js';

let files = null;
let models = [];

function everything(state) {
  if (files !== null && files !== state.files) return location.reload(); // Another version of the page.
  files = state.files;
  document.title = `clipstream · ${state.group}`;
  byId('about').textContent = `group ${state.group}, seen by ${state.host}`;
  byId('work-host').textContent = `on ${state.host}`;
  actions.allow(state);
  drop.allow(state);
  publish.allow(state);
  outcomes.reset(state);
  outcomes.counts(state.counts);
  rejections.reset(state);
  plots.reset(state);
  changed(state.rollouts);
  again(state);
}

function changed(now) {
  models = now;
  rollouts.show(models);
}

/** What is told again and again. */
function again(state) {
  work.show(state);
  compare.show(state, models);
  publish.show(state.publishing);
  const problems = byId('problems');
  problems.hidden = state.problems.length === 0;
  const text = state.problems.join(' · ');
  if (problems.textContent !== text) problems.textContent = text;
}

connect({
  state: everything,
  outcomes: news => {
    outcomes.add(news.outcomes);
    outcomes.counts(news.counts);
    rejections.add(news.outcomes, news.counts);
  },
  rollouts: news => changed(news.rollouts),
  tick: state => {
    again(state);
    plots.add(state.point);
  },
});

byId('pause').addEventListener('click', event => {
  const on = event.currentTarget.getAttribute('aria-pressed') !== 'true';
  event.currentTarget.setAttribute('aria-pressed', on);
  outcomes.pause(on);
});
