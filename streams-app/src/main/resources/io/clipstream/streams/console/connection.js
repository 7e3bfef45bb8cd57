// Listens to the console. What is lost is said, and looked for until it is there again; then
// everything is told anew. A page that nobody sees does not listen: browsers have six connections
// for all pages of a console, and the seventh page would get nothing.
import { byId } from './dom.js';
import { clock } from './format.js';

const SILENT = 8000; // it says something every two seconds
const PAUSES = [500, 1000, 2000, 3000, 5000];

let source;
let failures = 0;
let lostAt = null;
let watchdog;
let again;

export function connect(handlers) {
  if (!document.hidden) listen(handlers);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) return listen(handlers);
    source?.close();
    clearTimeout(watchdog);
    clearTimeout(again);
    byId('link').dataset.state = 'connecting';
    byId('link').textContent = 'Connecting';
  });
}

function listen(handlers) {
  clearTimeout(again);
  source?.close();
  source = new EventSource('events');
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, event => {
      heard(handlers);
      handle(JSON.parse(event.data));
    });
  }
  source.onerror = () => lost(handlers);
  watch(handlers);
}

function watch(handlers) {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => lost(handlers), SILENT);
}

function heard(handlers) {
  watch(handlers);
  if (lostAt === null && byId('link').dataset.state === 'live') return;
  failures = 0;
  lostAt = null;
  byId('lost').hidden = true;
  byId('link').dataset.state = 'live';
  byId('link').textContent = 'Live';
}

function lost(handlers) {
  source.close();
  clearTimeout(watchdog);
  if (lostAt === null) {
    lostAt = Date.now();
    byId('link').dataset.state = 'lost';
    byId('link').textContent = 'Connection lost';
    byId('lost').textContent = `Connection lost at ${clock(lostAt)}. What you see is from before. `
      + 'Trying to reach the instance again…';
    byId('lost').hidden = false;
  }
  // Whoever has to sign in again is not let in by waiting.
  fetch('thumbnail', { cache: 'no-store' })
    .then(answer => { if (answer.status === 401) location.assign('login'); })
    .catch(() => {});
  again = setTimeout(() => listen(handlers), PAUSES[Math.min(failures++, PAUSES.length - 1)]);
}
