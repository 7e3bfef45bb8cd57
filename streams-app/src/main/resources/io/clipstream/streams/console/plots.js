// The last ten minutes, a point every two seconds.
import uPlot from './uplot.js';
import { byId } from './dom.js';
import { count, counted, hour, rate, span, tick } from './format.js';

const SECONDS = 600;
const NAMES = ['at', 'labelled', 'rejected', 'median', 'p95', 'lag'];
const dark = matchMedia('(prefers-color-scheme: dark)');

let data = Object.fromEntries(NAMES.map(name => [name, []]));
let plots = [];

const KINDS = [
  { id: 'plot-throughput', lines: [['labelled', '--data'], ['rejected', '--bad']], least: 1,
    text: rate, says: () => `Throughput: ${rate(last('labelled'))} labelled and `
      + `${rate(last('rejected'))} rejected a second` },
  { id: 'plot-latency', lines: [['p95', '--second'], ['median', '--data']], least: 10,
    text: tick, says: () => `Latency: median ${span(last('median'))}, 95th percentile `
      + span(last('p95')) },
  { id: 'plot-lag', lines: [['lag', '--data']], least: 10, text: count,
    says: () => `Lag: ${counted(last('lag'), 'reference', 'references')}` },
];

export function reset(state) {
  data = state.plots;
  make();
  show();
}

export function add(point) {
  for (const name of NAMES) {
    data[name].push(point[name]);
    if (data[name].length > SECONDS / 2) data[name].shift();
  }
  if (!document.hidden) show();
}

const last = name => data[name].at(-1) ?? null;

/** The last number that there was: a point in which nothing was labelled has no latency. */
const lastKnown = name => data[name].findLast(number => number !== null) ?? null;

function show() {
  byId('now-labelled').textContent = rate(last('labelled'));
  byId('now-rejected').textContent = rate(last('rejected'));
  byId('now-rejected').classList.toggle('bad', last('rejected') > 0);
  byId('now-median').textContent = span(lastKnown('median'));
  byId('now-p95').textContent = span(lastKnown('p95'));
  byId('now-lag').textContent = count(last('lag'));
  for (const { kind, plot } of plots) {
    plot.setData([data.at, ...kind.lines.map(([name]) => data[name])]);
    byId(kind.id).setAttribute('aria-label', kind.says());
  }
}

function make() {
  plots.forEach(({ plot }) => plot.destroy());
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  const size = parseFloat(style.fontSize);
  plots = KINDS.map(kind => {
    const parent = byId(kind.id);
    const axis = {
      stroke: colour('--quiet'), font: `${Math.round(size * 0.72)}px system-ui, sans-serif`,
      grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false },
    };
    const plot = new uPlot({
      width: Math.max(120, parent.clientWidth), height: Math.max(60, parent.clientHeight),
      legend: { show: false }, cursor: { show: false }, select: { show: false },
      padding: [size * 0.4, size * 1.3, 0, 0], // Half of the last time is beside the axis.
      scales: {
        x: { range: () => { const end = data.at.at(-1) ?? Date.now() / 1000; return [end - SECONDS, end]; } },
        y: { range: (_, __, most) => [0, Math.max(kind.least, (most ?? 0) * 1.1)] },
      },
      axes: [
        { ...axis, size: size * 1.4, gap: size * 0.2, space: size * 5, grid: { show: false },
          values: (_, splits) => splits.map(at => hour(at * 1000)) },
        { ...axis, size: size * 3.6, gap: size * 0.3, space: size * 1.8,
          values: (_, splits) => splits.map(value => kind.text(value)) },
      ],
      series: [{}, ...kind.lines.map(([name, variable], i) => ({
        stroke: colour(variable), width: size / 9, spanGaps: false,
        // A video among seconds without any is a dot.
        points: { show: kind.id === 'plot-latency', size: size / 6, width: 0, fill: colour(variable) },
        fill: i === kind.lines.length - 1 && kind.lines.length === 1 || name === 'labelled'
          ? `color-mix(in srgb, ${colour(variable)} 14%, transparent)` : undefined,
      }))],
    }, [[], ...kind.lines.map(() => [])], parent);
    return { kind, plot };
  });
}

new ResizeObserver(() => {
  for (const { kind, plot } of plots) {
    const parent = byId(kind.id);
    plot.setSize({ width: Math.max(120, parent.clientWidth), height: Math.max(60, parent.clientHeight) });
  }
}).observe(byId('plot-throughput'));
dark.addEventListener('change', () => { make(); show(); });
