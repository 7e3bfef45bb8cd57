// What the versions that label were like lately, one beside the other.
import { bar, byId, el, fill } from './dom.js';
import { count, percent, span } from './format.js';

const MOST = 3;
const LABELS = 5;

/** Stays, with how far it was scrolled and who is at it. */
const scroll = el('div', { class: 'scroll', tabIndex: 0, role: 'region',
  'aria-label': 'Figures of the versions' });

export function show({ versions }, rollouts) {
  if (versions.length === 0) return;
  const role = ({ model, version }) => {
    const wanted = rollouts.find(one => one.model === model)?.wanted;
    return version === wanted?.canary ? 'canary' : version === wanted?.active ? 'active' : '';
  };
  const rank = one => ['active', 'canary', ''].indexOf(role(one));
  // Those that labelled last come last; of equal rank they come first.
  const sorted = [...versions].reverse().sort((one, other) => rank(one) - rank(other)).slice(0, MOST);
  const models = new Set(sorted.map(one => one.model));
  const labels = [...new Set(sorted.flatMap(one => one.labels.map(([name]) => name)))].slice(0, LABELS);
  const share = (one, label) => one.labels.find(([name]) => name === label)?.[1] ?? 0;
  const line = (name, text) => el('tr', {}, el('th', { scope: 'row' }, name),
    sorted.map(one => el('td', { class: 'number' }, text(one))));
  if (!scroll.isConnected) fill(byId('compare'), scroll);
  fill(scroll, el('table', { class: 'compare' },
    el('thead', {}, el('tr', {}, el('td', {}), sorted.map(one => el('th', { scope: 'col',
      title: `${one.model} ${one.version}` },
      models.size > 1 ? `${one.model} ${one.version}` : one.version,
      role(one) ? el('span', { class: 'tag' }, role(one)) : null)))),
    el('tbody', {},
      line('Last videos', one => count(one.videos)),
      line('Mean best score', one => percent(one.score)),
      line('Classify, median', one => span(one.classify[0])),
      line('Classify, 95th', one => span(one.classify[1])),
      line('In all, median', one => span(one.total[0])),
      labels.map(label => el('tr', {}, el('th', { scope: 'row', class: 'label', title: label }, label),
        sorted.map(one => el('td', { class: 'share' }, bar(share(one, label)),
          el('span', { class: 'number' }, percent(share(one, label))))))))));
}
