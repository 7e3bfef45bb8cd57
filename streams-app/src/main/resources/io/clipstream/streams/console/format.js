// How numbers and times are written. What is none, or no sensible one, is a dash: records come from
// anybody, and a page that says NaN says nothing.

const NONE = '–';

const known = number => typeof number === 'number' && Number.isFinite(number);

/** What a part has of a whole, from 0 to 1: for widths. */
export function share(part, whole = 1) {
  const ratio = part / whole;
  return known(part) && known(ratio) ? Math.max(0, Math.min(1, ratio)) : 0;
}

export const count = number => known(number) ? number.toLocaleString('en') : NONE;

/** "1 video waits", "2 videos wait". */
export const counted = (number, one, more) => `${count(number)} ${number === 1 ? one : more}`;

export const rate = number =>
  !known(number) ? NONE : number >= 99.5 || number === 0
    ? Math.round(number).toLocaleString('en') : number.toFixed(1);

/** Of what is 1 where it is all. */
export const percent = number => known(number)
  ? `${(100 * number).toFixed(number >= 0.9995 || Math.abs(number) < 0.00005 ? 0 : 1)} %` : NONE;

/** Of what is 100 where it is all, in as many digits as it has. */
export const hundredths = number =>
  known(number) ? `${number.toLocaleString('en', { maximumFractionDigits: 4 })} %` : NONE;

/** Of milliseconds, in three digits or so. */
export function span(millis) {
  if (!known(millis) || millis < 0) return NONE;
  if (millis === 0) return '0';
  if (millis < 9.95) return `${millis.toFixed(1)} ms`;
  if (millis < 999.5) return `${Math.round(millis)} ms`;
  if (millis < 59_950) return `${(millis / 1000).toFixed(millis < 9_950 ? 2 : 1)} s`;
  const seconds = Math.round(millis / 1000);
  return seconds < 5_400 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `${(millis / 3_600_000).toLocaleString('en', { maximumFractionDigits: 1 })} h`;
}

/** Milliseconds at an axis. */
export const tick = millis =>
  !known(millis) ? NONE : millis >= 1000 ? `${millis / 1000} s` : `${millis} ms`;

/** A place in a video. */
export function moment(millis) {
  if (!known(millis)) return NONE;
  const seconds = millis / 1000;
  return seconds < 59.95 ? `${seconds.toFixed(1)} s`
    : `${Math.floor(Math.round(seconds) / 60)}:${String(Math.round(seconds) % 60).padStart(2, '0')}`;
}

/** The date, if it is one that has a calendar. */
function date(millis) {
  const day = new Date(known(millis) ? millis : NaN);
  return Number.isNaN(day.getTime()) ? null : day;
}

export const clock = millis => date(millis)?.toLocaleTimeString('en-GB') ?? NONE;

/** As clock(), without seconds. */
export const hour = millis =>
  date(millis)?.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }) ?? NONE;

/** As clock(), with the day where it is another one. */
export function when(millis) {
  const day = date(millis);
  if (day === null) return 'at an unknown time';
  return day.toDateString() === new Date().toDateString() ? clock(millis)
    : `${day.toLocaleDateString('en-CA')} ${clock(millis)}`;
}
