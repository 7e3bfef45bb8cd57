// What is wanted of each model, what every instance of the group runs, and the buttons that change
// it: what they do is done by Kafka's log, and shows here once it has happened.
import { byId, el, fill } from './dom.js';
import { count, hundredths, when } from './format.js';
import { ask, mayWrite, post } from './actions.js';

const chosen = new Map(); // model -> version in its list
let shown = '';

export function show(rollouts) {
  const now = JSON.stringify([rollouts, mayWrite()]);
  if (rollouts.length === 0 || now === shown) return;
  shown = now;
  fill(byId('rollouts'), rollouts.map(model));
}

function model(rollout) {
  const { wanted } = rollout;
  return el('article', { class: 'model', 'aria-label': rollout.model },
    el('h3', {}, rollout.model),
    el('p', { class: 'wanted' }, ...(wanted ? state(wanted) : ['No version is active yet.'])),
    wanted?.reason ? el('p', { class: wanted.stopped ? 'bad' : 'warn' }, wanted.reason) : null,
    wanted ? el('p', { class: 'quiet' },
      `Rollout ${wanted.rollout}, ${wanted.changedBy ?? 'somebody'} ${when(wanted.changedAt)}`) : null,
    instances(rollout),
    mayWrite() ? buttons(rollout) : null);
}

function state(wanted) {
  const parts = [el('b', {}, `Version ${wanted.active}`),
    wanted.active === wanted.settled ? ' everywhere'
      : wanted.settled ? ` on its way, ${wanted.settled} until then` : ' on its way'];
  if (wanted.canary) parts.push(el('span', { class: 'tag' }, `canary ${wanted.canary}, ${hundredths(wanted.percent)}`));
  if (wanted.shadow) parts.push(el('span', { class: 'tag' }, `shadow ${wanted.shadow}`));
  if (wanted.pinned) parts.push(el('span', { class: 'tag' }, 'pinned'));
  if (wanted.stopped) parts.push(el('span', { class: 'tag bad' }, 'stopped'));
  return parts;
}

const WORDS = { SERVING: 'serves', DOWNLOADING: 'downloads', VERIFYING: 'verifies',
  READY: 'waits for its turn with', LOADING: 'loads', WARMING: 'warms', PROVING: 'proves',
  SOAKING: 'watches', FAILED: 'gave up', ALARMED: 'wants back', STOPPED: 'left', UNKNOWN: 'unknown' };

function instances({ instances: all, more }) {
  if (all.length === 0) return el('p', { class: 'quiet' }, 'No instance has said anything yet.');
  return [el('table', { class: 'instances' },
    el('caption', { class: 'unseen' }, 'Instances'),
    el('thead', {}, el('tr', {}, ['Instance', 'Serves', 'State'].map(name =>
      el('th', { scope: 'col' }, name)))),
    el('tbody', {}, all.map(one => {
      const bad = one.silent || one.state === 'FAILED' || one.state === 'ALARMED';
      const underWay = one.candidate && one.progress > 0;
      return el('tr', {},
        el('th', { scope: 'row', title: one.devices.join(', ') }, one.instance),
        el('td', {}, one.serving ?? 'nothing',
          one.canary ? el('span', { class: 'tag' }, `canary ${one.canary}`) : null,
          one.shadow ? el('span', { class: 'tag' }, `shadow ${one.shadow}`) : null),
        el('td', { class: bad ? 'bad' : '' },
          one.silent ? 'silent' : `${WORDS[one.state]}${one.candidate ? ` ${one.candidate}` : ''}`,
          underWay ? ` ${hundredths(one.progress)}` : '',
          one.detail ? el('p', { class: 'detail' }, one.detail) : null));
    }))),
  more > 0 ? el('p', { class: 'quiet' },
    `And ${count(more)} more: those that need a look come first.`) : null];
}

function buttons({ model: name, wanted, versions }) {
  const others = versions.filter(({ version }) => version !== wanted?.active);
  const select = el('select', { 'aria-label': `Version of ${name}`, 'data-key': `${name}/version`,
    onchange: event => chosen.set(name, event.target.value) },
  others.map(({ version, publishedAt, publishedBy }) => el('option', { value: version,
    selected: chosen.get(name) === version,
    title: `${when(publishedAt)}${publishedBy ? ` by ${publishedBy}` : ''}` }, version)));
  const button = (text, key, onclick, props = {}) =>
    el('button', { type: 'button', class: 'small', 'data-key': `${name}/${key}`, onclick, ...props },
      text);
  const change = (title, action, body, content = [], more = {}) => ask({
    title, action, content, ...more,
    submit: async form => {
      await post('rollout', { model: name, ...body(form) });
      return `${title} Done: instances take it up.`;
    },
  });
  const choose = others.length === 0
    ? el('p', { class: 'quiet' }, byId('publish-button').hidden
      ? 'Another version can be published with clipstream model publish.'
      : 'There is no other version to activate yet.')
    : el('div', { class: 'buttons' },
      select,
      button('Activate', 'activate', () => {
        const version = select.value;
        change(`Activate version ${version} of ${name}.`, 'Activate', () => ({ action: 'activate', version }),
          [el('p', { class: 'quiet' }, 'Instances change to it one at a time, between two videos.')]);
      }, { disabled: wanted?.pinned }),
      wanted ? button('Canary', 'canary', () => {
        const version = select.value;
        change(`Try version ${version} of ${name} on a share of the videos.`, 'Start the trial',
          form => ({ action: 'canary', version, percent: Number(form.get('percent')) }),
          [el('div', { class: 'field' }, el('label', { for: 'percent' }, 'Percent of the keys'),
            el('input', { id: 'percent', name: 'percent', type: 'number', min: 0.1, max: 100, step: 0.1,
              value: 10, required: true }))]);
      }) : null);
  const state = wanted ? el('div', { class: 'buttons' },
    wanted.canary ? button(`Promote ${wanted.canary}`, 'promote', () =>
      change(`Let ${name} ${wanted.canary} serve everything.`, 'Promote', () => ({ action: 'promote' })),
    { disabled: wanted.pinned }) : null,
    wanted.canary ? button('End the canary', 'end-canary', () =>
      change(`End the trial of ${name} ${wanted.canary}.`, 'End it', () => ({ action: 'end-canary' }))) : null,
    wanted.pinned
      ? button('Unpin', 'pin', () => change(`Let other versions of ${name} be activated again.`, 'Unpin',
        () => ({ action: 'unpin' })))
      : button('Pin', 'pin', () => change(`Keep version ${wanted.active} of ${name}.`, 'Pin',
        () => ({ action: 'pin' }),
        [el('p', { class: 'quiet' }, 'No other version is activated until it is unpinned.')])),
    wanted.wayBack ? button(`Roll back to ${wanted.wayBack}`, 'rollback', () =>
      change(`Return to version ${wanted.wayBack} of ${name}.`, 'Roll back',
        form => ({ action: 'rollback', reason: form.get('reason') }),
        [el('p', { class: 'quiet' }, 'At once where it is still loaded.'),
          el('div', { class: 'field' }, el('label', { for: 'reason' }, 'Why'),
            el('input', { id: 'reason', name: 'reason', placeholder: 'for those who look',
              maxLength: 200 }))], { danger: true }), { class: 'small danger' }) : null) : null;
  return el('div', { class: 'controls' }, choose, state);
}
