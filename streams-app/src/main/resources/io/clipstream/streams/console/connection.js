// Listens to the console. What is lost is said, and looked for until it is there again; then
// everything is told anew.
//
// Browsers have six connections for all pages of a host, so of the pages that somebody sees one
// listens, the one that holds a lock, and tells the others. Who comes later asks it to listen anew,
// as what it hears first is everything. A page that nobody sees takes no part. Browsers give locks
// over TLS and on loopback alone: elsewhere each page listens for itself.
import { byId } from './dom.js';
import { clock } from './format.js';

const SILENT = 8000; // it says something every two seconds
const PAUSES = [500, 1000, 2000, 3000, 5000];
const GATHER = 200; // pages that a browser opens together are told together

const EVENTS = new URL('events', location).href;
const others = navigator.locks ? new BroadcastChannel(EVENTS) : null;

let handlers;
let leave = () => {}; // gives back the part that this page has
let listening = false; // as the one that holds the lock
let whole = false; // it was told everything
let source;
let failures = 0;
let lostAt = null;
let watchdog;
let again;

/** Whoever hears an event calls its handler, by name. */
export function connect(all) {
  handlers = all;
  others?.addEventListener('message', ({ data: { name, text } }) => {
    if (document.hidden) return;
    if (name === 'lost') lost();
    else if (name !== 'joined') heard(name, text);
    else if (listening) after(GATHER);
  });
  if (!document.hidden) join();
  document.addEventListener('visibilitychange', () => document.hidden ? part() : join());
}

function join() {
  part();
  watch();
  if (!others) return listen();
  const ended = new AbortController();
  leave = () => ended.abort();
  navigator.locks.request(EVENTS, { signal: ended.signal }, () => new Promise(done => {
    leave = done;
    listen();
  })).catch(() => {}); // Parted before it was its turn.
  others.postMessage({ name: 'joined' });
}

function part() {
  leave();
  listening = false;
  whole = false;
  source?.close();
  clearTimeout(watchdog);
  clearTimeout(again);
  byId('link').dataset.state = 'connecting';
  byId('link').textContent = 'Connecting';
}

function listen() {
  listening = true;
  clearTimeout(again);
  source?.close();
  source = new EventSource(EVENTS);
  for (const name of Object.keys(handlers)) {
    source.addEventListener(name, ({ data: text }) => {
      others?.postMessage({ name, text });
      heard(name, text);
    });
  }
  source.onerror = failed;
  watch();
}

function after(pause) {
  clearTimeout(again);
  again = setTimeout(listen, pause);
}

function watch() {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => listening ? failed() : lost(), SILENT);
}

function heard(name, text) {
  watch();
  whole ||= name === 'state';
  if (!whole) return;
  if (byId('link').dataset.state !== 'live') {
    failures = 0;
    lostAt = null;
    byId('lost').hidden = true;
    byId('link').dataset.state = 'live';
    byId('link').textContent = 'Live';
  }
  handlers[name](JSON.parse(text));
}

/** For the page that listens. */
function failed() {
  source.close();
  clearTimeout(watchdog);
  others?.postMessage({ name: 'lost' });
  lost();
  // Whoever has to sign in again is not let in by waiting.
  fetch('thumbnail', { cache: 'no-store' })
    .then(answer => { if (answer.status === 401) location.assign('login'); })
    .catch(() => {});
  after(PAUSES[Math.min(failures++, PAUSES.length - 1)]);
}

function lost() {
  whole = false;
  lostAt ??= Date.now();
  byId('link').dataset.state = 'lost';
  byId('link').textContent = 'Connection lost';
  byId('lost').textContent = `Connection lost at ${clock(lostAt)}. What you see is from before. `
    + 'Trying to reach the instance again…';
  byId('lost').hidden = false;
}
