// Numbers for people: with the unit that a metric's name tells.

const plain = new Intl.NumberFormat('en', {maximumSignificantDigits: 6});
const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});

function number(value) {
  if (!Number.isFinite(value)) return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : 'NaN';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e15 || size < 1e-4)) return value.toExponential(3);
  return Number.isInteger(value) ? whole.format(value) : plain.format(value);
}
function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) { value /= 1024; ++unit; }
  return `${unit === 0 ? number(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1)} ${units[unit]}`;
}
function duration(seconds) {
  const size = Math.abs(seconds);
  if (size === 0) return '0 s';
  if (size < 1e-3) return `${plain.format(+(seconds * 1e6).toPrecision(3))} µs`;
  if (size < 1) return `${plain.format(+(seconds * 1e3).toPrecision(3))} ms`;
  if (size < 60) return `${plain.format(+seconds.toPrecision(4))} s`;
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const first = parts.findIndex(([length]) => size >= length);
  const sign = seconds < 0 ? '-' : '';
  const [length, unit] = parts[first];
  const [next, small] = parts[first + 1];
  return `${sign}${whole.format(Math.floor(size / length))} ${unit} ${Math.floor((size % length) / next)} ${small}`;
}
// A value as its family's name tells its unit.
function humane(name, value) {
  if (!Number.isFinite(value)) return number(value);
  if (/_bytes(_total|_sum)?$/.test(name)) return bytes(value);
  if (/(timestamp|time|date|until|after|before)_seconds$/.test(name) && value > 1e9 && value < 1e11) {
    return new Date(value * 1000).toISOString().slice(0, 16).replace('T', ' ');
  }
  if (/_seconds(_total|_sum)?$/.test(name)) return duration(value);
  return number(value);
}
function humaneRate(name, rate) {
  if (rate === undefined) return '';
  if (/_bytes(_total|_sum)?$/.test(name)) return `${bytes(rate)}/s`;
  if (rate !== 0 && Math.abs(rate) < 1e-4) return `${rate.toExponential(1)} /s`;
  return `${rate >= 1000 ? whole.format(rate) : plain.format(+rate.toPrecision(3))} /s`;
}
