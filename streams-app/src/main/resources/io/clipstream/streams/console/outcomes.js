// Outcomes as they come: the newest few as cards.
import { bar, byId, el } from './dom.js';
import { count, counted, moment, percent, share, span, when } from './format.js';
import { ask, attempt, mayWrite, post } from './actions.js';

const MOST = 40;
const MOST_AT_ONCE = 12;
const THUMBNAIL_PAUSE = 120;

const cards = new Map();
const labelsSeen = new Set();
const wanted = [];
let loading = false;
let paused = false;
let held = [];
let thumbnails = false;

export function pause(on) {
  paused = on;
  if (!on) {
    add(held);
    held = [];
  }
}

export function reset(state) {
  thumbnails = state.thumbnails;
  if (paused) return;
  const known = new Set(state.outcomes.map(outcome => outcome.place));
  for (const place of removable()) if (!known.has(place)) remove(place);
  add(state.outcomes, MOST);
}

export function counts(numbers) {
  byId('counts').textContent = `${count(numbers.labelled)} labelled, `
    + `${count(numbers.rejected)} rejected since this instance started`;
}

/** Newest first. However many come, no more are made than can be looked at, or than there is room for. */
export function add(outcomes, most = MOST_AT_ONCE) {
  if (paused) {
    held = [...outcomes, ...held].slice(0, MOST);
    return;
  }
  const list = byId('outcome-list');
  const made = Math.max(most, MOST - cards.size);
  const fresh = outcomes.filter(outcome => !cards.has(outcome.place)).slice(0, made);
  for (const outcome of fresh.reverse()) {
    const card = outcome.type === 'labelled' ? labelled(outcome) : rejected(outcome);
    cards.set(outcome.place, card);
    list.prepend(card);
  }
  for (const place of removable().slice(0, Math.max(0, cards.size - MOST))) remove(place);
  byId('outcomes-empty').hidden = cards.size > 0;
  loadNext();
}

/** The oldest first, without one that somebody is at with the keyboard. */
const removable = () =>
  [...cards.keys()].filter(place => !cards.get(place).contains(document.activeElement));

function remove(place) {
  cards.get(place).remove();
  cards.delete(place);
}

/** A card; also of a file that was dropped on the page, which nobody corrects. */
export function labelled(outcome, correctable = true) {
  outcome.labels.forEach(([name]) => remember(name));
  const picture = el('div', { class: 'picture' });
  if (thumbnails) wanted.push({ outcome, picture });
  return el('li', { class: 'card' },
    picture,
    el('div', { class: 'what' },
      el('h3', { title: outcome.id }, outcome.id),
      el('ol', { class: 'labels', 'aria-label': 'Labels' }, outcome.labels.map(([name, score]) =>
        el('li', {}, el('span', { class: 'name', title: name }, name), bar(score),
          el('span', { class: 'number' }, percent(score)))))),
    el('div', { class: 'how' },
      el('p', { class: 'facts' },
        el('span', {}, el('b', {}, `${outcome.model} ${outcome.version}`), ` ${when(outcome.at)}`),
        el('span', { class: 'total', title: 'From taking the reference to the outcome' },
          span(outcome.stages.total))),
      timeline(outcome),
      stages(outcome.stages),
      outcome.note ? el('p', { class: 'warn' }, `In part: ${outcome.note}`) : null,
      el('div', { class: 'foot' },
        el('p', { class: 'quiet cut', title: [outcome.uri, ...metadata(outcome)].join('\n') },
          [`${outcome.video}, ${counted(outcome.clips, 'clip', 'clips')}`,
            ...metadata(outcome)].join(' · ')),
        correctable && mayWrite() ? el('button', { type: 'button', class: 'small',
          'aria-label': `Correct ${outcome.id}`, onclick: () => correct(outcome) }, 'Correct')
          : null)));
}

const metadata = outcome =>
  Object.entries(outcome.metadata).map(([key, value]) => `${key}: ${value}`);

function timeline(outcome) {
  if (outcome.segments.length === 0 || !(outcome.millis > 0)) return null;
  const best = outcome.labels[0]?.[0];
  const at = millis => `${100 * share(millis, outcome.millis)}%`;
  const parts = outcome.segments.map(({ from, to, labels }) => {
    const [name, score] = labels[0] ?? ['', 0];
    return { from, to, name, text: `${moment(from)} to ${moment(to)}: ${name} ${percent(score)}` };
  });
  const strip = el('div', { class: 'strip', 'aria-hidden': 'true' }, parts.map(part =>
    el('span', {
      class: part.name === best ? '' : 'other',
      title: part.text,
      style: { left: at(part.from), width: at(part.to - part.from) },
    }, part.name)));
  return el('div', { class: 'timeline' }, strip,
    el('p', { class: 'scale' }, el('span', {}, '0'), el('span', {}, moment(outcome.millis))),
    el('p', { class: 'unseen' }, `Segments: ${parts.map(part => part.text).join(', ')}`));
}

const STAGES = [['fetch', 'fetch'], ['decode', 'decode'], ['queue', 'wait'],
  ['classify', 'classify']];

function stages(times) {
  const sum = STAGES.reduce((all, [key]) => all + Math.max(0, times[key]), 0);
  return el('div', { class: 'stages' },
    el('div', { class: 'stack', 'aria-hidden': 'true' }, STAGES.map(([key, name]) =>
      el('i', { class: `stage-${key}`, title: `${name} ${span(times[key])}`,
        style: { width: `${100 * share(times[key], sum)}%` } }))),
    el('p', { class: 'times' },
      STAGES.map(([key, name]) => el('span', {}, el('i', { class: `dot stage-${key}`,
        'aria-hidden': 'true' }), `${name} ${span(times[key])}`))));
}

export function rejected(outcome, retryable = true) {
  return el('li', { class: 'card rejected' },
    el('div', { class: 'what' },
      el('h3', { title: outcome.id }, outcome.id),
      el('p', { class: 'why' }, el('b', { class: 'bad' }, outcome.reason), ` ${when(outcome.at)}`),
      el('p', { class: 'detail', title: outcome.uri }, [outcome.detail, ...metadata(outcome)].join(' · '))),
    retryable && mayWrite() ? el('div', { class: 'foot' }, retryButton([outcome], 'Retry')) : null);
}

export function retryButton(outcomes, text, key = outcomes[0].place) {
  return el('button', {
    type: 'button',
    class: 'small',
    'data-key': key,
    'aria-label': outcomes.length === 1 ? `Retry ${outcomes[0].id}` : text,
    onclick: event => attempt(event.currentTarget, async () => {
      const done = await post('retry', { places: outcomes.map(outcome => outcome.place) });
      return done.submitted === 1 ? `${outcomes[0].id} is submitted again`
        : `${count(done.submitted)} videos are submitted again`;
    }),
  }, text);
}

function remember(label) {
  labelsSeen.add(label);
  if (labelsSeen.size > 1000) labelsSeen.delete(labelsSeen.values().next().value);
}

function correct(outcome) {
  const best = outcome.labels[0]?.[0] ?? '';
  const whole = best.endsWith('…') ? '' : best; // Too long to be told here.
  const seconds = name => el('input', { id: name, name, inputMode: 'decimal', placeholder: 'seconds',
    pattern: '[0-9]+([.][0-9]*)?|[.][0-9]+' });
  ask({
    title: 'What does it really show?',
    action: 'Write the correction',
    content: [
      el('p', { class: 'quiet' }, `${outcome.id} was labelled ${best}. To confirm a label is worth as `
        + 'much as to correct one: the next training learns from both.'),
      el('div', { class: 'field' }, el('label', { for: 'label' }, 'Label'),
        el('input', { id: 'label', name: 'label', value: whole, required: true, maxLength: 200,
          list: 'known-labels', autocomplete: 'off' }),
        el('datalist', { id: 'known-labels' },
          [...labelsSeen].sort().map(name => el('option', { value: name })))),
      el('div', { class: 'fields' },
        el('div', { class: 'field' }, el('label', { for: 'from' }, 'From'), seconds('from')),
        el('div', { class: 'field' }, el('label', { for: 'to' }, 'To'), seconds('to'))),
      el('div', { class: 'field' }, el('label', { for: 'note' }, 'Remark'),
        el('input', { id: 'note', name: 'note', placeholder: 'optional', maxLength: 300 })),
    ],
    submit: async form => {
      const millis = name => form.get(name) ? Math.round(1000 * Number(form.get(name))) : null;
      const done = await post('correct', { place: outcome.place, label: form.get('label'),
        startMillis: millis('from'), endMillis: millis('to'), note: form.get('note') });
      return `${done.corrected}: ${done.label}`;
    },
  });
}

/** Pictures one after the other, those of the newest first: the instance has other work. */
function loadNext() {
  if (loading) return;
  let next;
  do next = wanted.pop(); while (next && !next.picture.isConnected && wanted.length > 0);
  wanted.splice(0, Math.max(0, wanted.length - MOST));
  if (!next?.picture.isConnected) return;
  loading = true;
  const done = () => setTimeout(() => { loading = false; loadNext(); }, THUMBNAIL_PAUSE);
  const image = el('img', { alt: '', width: 192, height: 108,
    onload: () => { next.picture.append(image); done(); }, onerror: done });
  image.src = `thumbnail?place=${encodeURIComponent(next.outcome.place)}`;
}

export { loadNext };
