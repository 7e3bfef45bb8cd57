// What this instance has taken and not finished, and what it waits for.
import { bar, byId, el, fill } from './dom.js';
import { count, counted, span } from './format.js';

const STAGES = {
  FETCH: ['Fetch', 'waits for its file'],
  DECODE: ['Decode', 'waits for its clips'],
  DEVICE: ['Classify', 'waits for a device'],
};

export function show({ work, instance }) {
  const stages = Object.entries(STAGES);
  const most = Math.max(1, ...stages.map(([stage]) => work.stages[stage]));
  const lines = [];
  if (instance) {
    lines.push(instance.streams === 'RUNNING' ? null : `Kafka Streams is ${instance.streams}.`);
    lines.push(instance.unread > 0
      ? `${counted(instance.unread, 'reference waits', 'references wait')} for the schema registry.` : null);
    lines.push(instance.open || instance.streams === 'ENDING' ? null
      : 'No more references are taken for now: as many are in flight as may be.');
    for (const it of instance.outOfOrder) {
      lines.push(`${it.origin} ${it.problem}: out of order for ${span(it.sinceMillis)}, `
        + `${counted(it.videos, 'video waits', 'videos wait')} for it.`);
    }
    for (const it of instance.suspects) {
      lines.push(`Partition ${it.partition}, offset ${it.offset}: `
        + `${counted(it.deaths, 'process', 'processes')} died with it in work, it is tried alone.`);
    }
  }
  fill(byId('work'),
    lines.filter(line => line).map(line => el('p', { class: 'warn' }, line)),
    el('dl', { class: 'stages-now' }, stages.map(([stage, [name]]) => el('div', {},
      el('dt', {}, name),
      el('dd', {}, bar(work.stages[stage] / most), el('span', { class: 'number' },
        count(work.stages[stage])))))),
    el('p', { class: 'quiet' }, `In flight, without an outcome in Kafka: ${count(instance?.pending)}. `
      + `Clips queued for a device: ${count(work.queuedClips)}.`),
    work.oldest.length === 0 ? null : el('table', {},
      el('caption', { class: 'unseen' }, 'The oldest'),
      el('thead', { class: 'unseen' }, el('tr', {}, ['Video', 'Waits for', 'Since'].map(name =>
        el('th', { scope: 'col' }, name)))),
      el('tbody', {}, work.oldest.map(video => el('tr', {},
        el('th', { scope: 'row', title: video.uri }, video.id),
        el('td', {}, STAGES[video.stage][1]),
        el('td', { class: 'number' }, span(video.millis)))))));
}
