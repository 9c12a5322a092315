// The live view of the landing page. The server writes the page's body (names, links, forms, the collectors as they
// did last); this adds what changes. All text from outside goes through textContent: never through HTML.
'use strict';
addEventListener('DOMContentLoaded', () => {

const kDepth = 120;              // samples kept of each series
const kMaxBytes = 8 << 20;       // of a page; reading stops there
const kTimeoutSeconds = 10;      // what the exporter is told to answer within
const kOpenMatches = 300;        // a search that finds no more series shows them all
const kSummed = 1000;            // series of a family that a plot adds up
const kSlice = 25;               // milliseconds of reading before others get their turn

const body = document.body;
const $ = (id) => document.getElementById(id);
const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};
const makeSvg = (tag, attributes) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  return node;
};
// What tests and developers' tools read: performance.getEntriesByName('parse'), 'search', 'render'.
const measure = (name, start) => {
  performance.clearMeasures(name);
  performance.measure(name, {start, end: performance.now()});
};

// ---- Numbers for people ----

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

// ---- What was scraped: families of series, the last kDepth samples of each ----

class Series {
  constructor(id, family, slot) {
    this.id = id;                // name{labels}, as on the page: also a PromQL selector
    this.family = family;
    this.slot = slot;            // where its samples are
    this.tick = 0;               // the last page that had it
    this.value = NaN;
    this.lower_ = undefined;
    this.labels_ = undefined;
  }
  get series() { return 1; }
  get counts() { return this.family.type === 'counter' || /_(bucket|sum|count)$/.test(this.name); }
  get name() {
    const brace = this.id.indexOf('{');
    return brace < 0 ? this.id : this.id.slice(0, brace);
  }
  get lower() { return this.lower_ ??= this.id.toLowerCase(); }
  get labels() { return this.labels_ ??= readLabels(this.id); }
}

// The buckets of one label set of a histogram.
class Histogram {
  constructor(id, labels, family) {
    this.id = id;
    this.family = family;
    this.labels = labels;
    this.buckets = [];           // [bound, series]
    this.sum = this.count = undefined;
    this.lower_ = undefined;
  }
  get series() { return this.buckets.length + (this.sum ? 1 : 0) + (this.count ? 1 : 0); }
  get counts() { return true; }
  get name() { return this.family.name; }
  get slot() { return this.count?.slot; }
  get value() { return this.count ? this.count.value : NaN; }
  get lower() { return this.lower_ ??= `${this.id} ${this.name}_bucket ${this.name}_sum ${this.name}_count`.toLowerCase(); }
  // How many observations fell into each bucket: [bound, number].
  sizes() {
    let below = 0;
    return this.buckets.map(([bound, series]) => {
      const size = Math.max(0, series.value - below);
      below = series.value;
      return [bound, size];
    });
  }
  quantile(q) {
    const all = this.buckets.at(-1)?.[1].value;
    if (!(all > 0)) return NaN;
    let lower = 0, below = 0;
    for (const [bound, series] of this.buckets) {
      if (series.value >= q * all) {
        return bound === Infinity ? lower : lower + (bound - lower) * (q * all - below) / (series.value - below);
      }
      [lower, below] = [bound, series.value];
    }
    return NaN;
  }
}

function readLabels(id) {
  const labels = [];
  let at = id.indexOf('{') + 1;
  if (at === 0) return labels;
  while (at < id.length && id[at] !== '}') {
    const equals = id.indexOf('="', at);
    if (equals < 0) break;
    let end = equals + 2, plainText = true;
    while (end < id.length && id[end] !== '"') {
      if (id[end] === '\\') { plainText = false; ++end; }
      ++end;
    }
    const value = id.slice(equals + 2, end);
    labels.push([id.slice(at, equals), plainText ? value : value.replace(/\\(.)/g, (_, c) => c === 'n' ? '\n' : c)]);
    at = end + 1;
    while (id[at] === ',' || id[at] === ' ') ++at;
  }
  return labels;
}

// Where the value begins: behind the name and its labels. -1 for a line that is no sample.
function prefixEnd(text, at, end) {
  for (; at < end; ++at) {
    const c = text.charCodeAt(at);
    if (c === 32 || c === 9) return at;
    if (c !== 123) continue;
    for (++at; at < end; ++at) {
      const inside = text.charCodeAt(at);
      if (inside === 125) return at + 1;
      if (inside !== 34) continue;
      for (++at; at < end && text.charCodeAt(at) !== 34; ++at) if (text.charCodeAt(at) === 92) ++at;
    }
  }
  return -1;
}

function readValue(word) {
  if (word === '+Inf' || word === 'Inf') return Infinity;
  return word === '-Inf' ? -Infinity : Number(word);
}

class Store {
  constructor() {
    this.families = new Map();
    this.byId = new Map();
    this.order = [];             // the series in the order of the last page: the next one has nearly the same
    this.samples = new Float64Array(0);
    this.used = 0;
    this.free = [];
    this.tick = -1;
    this.times = new Float64Array(kDepth);
    this.bad = 0;
  }

  begin(time) {
    this.column = ++this.tick % kDepth;
    this.times[this.column] = time;
    for (let i = this.column; i < this.used * kDepth; i += kDepth) this.samples[i] = NaN;
    this.at = 0;
    this.next = [];
    this.bad = 0;
    this.family = undefined;
    this.changed = false;
  }

  // Takes the whole lines of a piece of the page; returns what is left of it.
  parse(text) {
    let at = 0;
    for (let end; (end = text.indexOf('\n', at)) >= 0; at = end + 1) {
      if (text.charCodeAt(at) === 35) this.header(text.slice(at, end));
      else if (end > at) this.sample(text, at, end);
    }
    return text.slice(at);
  }

  header(line) {
    const help = line.startsWith('# HELP ');
    if (!help && !line.startsWith('# TYPE ')) return;
    let space = line.indexOf(' ', 7);
    if (space < 0) space = line.length;
    const family = this.familyOf(line.slice(7, space));
    this.family = family;
    const words = line.slice(space + 1);
    if (help) {
      if (words === family.helpRaw) return;
      family.helpRaw = words;
      family.help = words.replace(/\\([\\n])/g, (_, c) => c === 'n' ? ' ' : c);
      family.helpLower = family.help.toLowerCase();
    } else if (words !== family.type) {
      family.type = words;
      this.changed = true;
    }
  }

  familyOf(name) {
    let family = this.families.get(name);
    if (!family) {
      family = {name, type: 'untyped', help: '', helpLower: '', helpRaw: '', all: [], items: []};
      this.families.set(name, family);
      this.changed = true;
    }
    return family;
  }

  sample(text, at, end) {
    let series = this.order[this.at];
    let from;
    if (series && text.startsWith(series.id, at) && text.charCodeAt(at + series.id.length) === 32) {
      from = at + series.id.length;
      ++this.at;
      this.family = series.family;
    } else {
      from = prefixEnd(text, at, end);
      if (from < 0) { ++this.bad; return; }
      series = this.seriesOf(text.slice(at, from));
      // Behind a series that is new or gone, the old order goes on where this one stood.
      if (series.place !== undefined && this.order[series.place] === series) this.at = series.place + 1;
    }
    while (text.charCodeAt(from) === 32) ++from;
    const space = text.indexOf(' ', from);
    const value = readValue(text.slice(from, space < 0 || space > end ? end : space));
    series.changing = series.tick === this.tick - 1 ? !Object.is(value, series.value) : undefined;
    series.value = value;
    series.tick = this.tick;
    series.place = this.next.length;
    this.next.push(series);
    this.samples[series.slot * kDepth + this.column] = value;
  }

  seriesOf(id) {
    let series = this.byId.get(id);
    if (series) return series;
    const brace = id.indexOf('{');
    const name = brace < 0 ? id : id.slice(0, brace);
    let family = this.family;
    if (!family || !(name === family.name || (name.startsWith(family.name) && /^_(bucket|sum|count|total|created)$/.test(name.slice(family.name.length))))) {
      family = this.familyOf(name);
    }
    series = new Series(id, family, this.slot());
    family.all.push(series);
    this.byId.set(id, series);
    this.changed = true;
    return series;
  }

  slot() {
    if (this.free.length) return this.free.pop();
    if ((this.used + 1) * kDepth > this.samples.length) {
      const wider = new Float64Array(Math.max(1024, this.used * 2) * kDepth);
      wider.set(this.samples);
      this.samples = wider;
    }
    const slot = this.used++;
    this.samples.fill(NaN, slot * kDepth, (slot + 1) * kDepth);
    return slot;
  }

  // The page is whole: what it no longer has is dropped.
  end() {
    this.order = this.next;
    if (this.byId.size > this.order.length) {
      for (const series of this.byId.values()) {
        if (series.tick === this.tick) continue;
        this.byId.delete(series.id);
        this.samples.fill(NaN, series.slot * kDepth, (series.slot + 1) * kDepth);
        this.free.push(series.slot);
        this.changed = true;
      }
    }
    if (!this.changed) return;
    for (const family of this.families.values()) {
      family.all = family.all.filter((series) => series.tick === this.tick);
      if (!family.all.length) this.families.delete(family.name);
      else family.items = family.type === 'histogram' ? histograms(family) : family.all;
    }
  }

  // Calls each(time, value) for the samples of an item, oldest first; for one that counts, they are rates.
  walk(item, each) {
    const {slot, counts} = item;
    let before = NaN, when = NaN;
    for (let tick = Math.max(0, this.tick - kDepth + 1); tick <= this.tick; ++tick) {
      const column = tick % kDepth;
      const value = this.samples[slot * kDepth + column];
      const time = this.times[column];
      if (!counts) {
        each(time, value);
      } else {
        // A counter that went down began again at 0.
        each(time, (value < before ? value : value - before) / ((time - when) / 1000));
        if (!Number.isNaN(value)) { before = value; when = time; }
      }
    }
  }

  // The same for the sum of several items' rates.
  walkSum(items, each) {
    const sums = new Float64Array(Math.min(kDepth, this.tick + 1)).fill(NaN);
    const times = [];
    items.forEach((item, first) => {
      let i = 0;
      this.walk(item, (time, value) => {
        if (first === 0) times.push(time);
        if (!Number.isNaN(value)) sums[i] = (Number.isNaN(sums[i]) ? 0 : sums[i]) + value;
        ++i;
      });
    });
    times.forEach((time, i) => each(time, sums[i]));
  }

  rate(item) {
    if (!item.counts || item.slot === undefined || this.tick < 1) return undefined;
    let rate;
    const now = this.samples[item.slot * kDepth + this.column];
    for (let tick = this.tick - 1; tick >= 0 && tick > this.tick - kDepth; --tick) {
      const before = this.samples[item.slot * kDepth + tick % kDepth];
      if (Number.isNaN(before)) continue;
      rate = (now < before ? now : now - before) / ((this.times[this.column] - this.times[tick % kDepth]) / 1000);
      break;
    }
    return Number.isNaN(rate) ? undefined : rate;
  }
}

function histograms(family) {
  const groups = new Map();
  for (const series of family.all) {
    const labels = series.labels.filter(([name]) => name !== 'le');
    const inside = labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',');
    let group = groups.get(inside);
    if (!group) groups.set(inside, group = new Histogram(family.name + (inside && `{${inside}}`), labels, family));
    const suffix = series.name.slice(family.name.length);
    if (suffix === '_bucket') group.buckets.push([readValue(series.labels.find(([name]) => name === 'le')?.[1] ?? 'NaN'), series]);
    else if (suffix === '_sum') group.sum = series;
    else group.count = series;
  }
  for (const group of groups.values()) group.buckets.sort((a, b) => a[0] - b[0]);
  return [...groups.values()];
}

// ---- Searching: words, label="value" (also != =~ !~), > 100; a selector pasted from PromQL works too ----

function compile(query) {
  const terms = [];
  let problem = '';
  const pattern = /([a-zA-Z_]\w*)\s*(=~|!~|!=|=(?!=))\s*(?:"((?:[^"\\]|\\.)*)("?)|([^\s,{}"]*))|(>=|<=|==|>|<)\s*([+-]?(?:[\d.]+(?:e[+-]?\d+)?|Inf))?|"([^"]*)"?|[^\s{},"<>=]+|=/gi;
  for (const match of query.matchAll(pattern)) {
    const [text, label, operator, quoted, closed, bare, comparison, limit, phrase] = match;
    if (label !== undefined) {
      const value = quoted !== undefined ? quoted.replace(/\\(.)/g, '$1') : bare;
      let test;
      if (operator.endsWith('~')) {
        let expression;
        try {
          expression = new RegExp(closed ? `^(?:${quoted})$` : value);
        } catch {
          problem = `${text} is no regular expression`;
          continue;
        }
        test = (v) => expression.test(v);
      } else {
        // Until the closing quote is typed, what begins so is meant.
        test = closed ? (v) => v === value : (v) => v.startsWith(value);
      }
      const negated = operator[0] === '!';
      terms.push((item) => {
        const found = item.labels.find(([name]) => name === label);
        return negated ? !(found && test(found[1])) : found !== undefined && test(found[1]);
      });
    } else if (comparison !== undefined) {
      if (limit === undefined) continue;
      const than = readValue(limit);
      const tests = {'>': (v) => v > than, '<': (v) => v < than, '>=': (v) => v >= than, '<=': (v) => v <= than, '==': (v) => v === than};
      terms.push((item) => tests[comparison](item.value));
    } else if (text !== '=') {
      const word = (phrase ?? text).toLowerCase();
      if (!word) continue;
      const numeric = /^[+-]?(\d|\.\d|inf|nan)/.test(word);
      terms.push((item) => item.lower.includes(word) || item.family.helpLower.includes(word) ||
        (numeric && String(item.value).toLowerCase().startsWith(word)));
    }
  }
  return {problem, test: (item) => terms.every((term) => term(item)), any: terms.length > 0};
}

// ---- The page's parts ----

const live = document.importNode($('live-view').content, true);
document.querySelector('main').append(live);
const tree = $('tree'), search = $('search');
const facts = {};
for (const [key, name] of [['state', 'State'], ['uptime', 'Up for'], ['collectors', 'Collectors'], ['series', 'Series'], ['page', 'Answered in']]) {
  const part = make('div'), value = make('dd', '', '–');
  part.append(make('dt', '', name), value);
  facts[key] = value;
  if (key === 'uptime') $('started').parentElement.replaceWith(part);
  else if (key === 'state') $('facts').prepend(part);
  else $('facts').append(part);
}
const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };

const settings = new URLSearchParams(location.hash.slice(1));
search.value = settings.get('q') ?? '';
for (const id of ['show', 'sort', 'every']) {
  $(id).value = settings.get(id) ?? (id === 'every' ? '5' : '');
  if ($(id).selectedIndex < 0) $(id).value = id === 'every' ? '5' : '';
}
function remember() {
  const kept = new URLSearchParams();
  if (search.value) kept.set('q', search.value);
  for (const id of ['show', 'sort', 'every']) if ($(id).value && !(id === 'every' && $(id).value === '5')) kept.set(id, $(id).value);
  const hash = kept.toString();
  history.replaceState(null, '', location.pathname + location.search + (hash && `#${hash}`));
}
function say(text) { $('says').textContent = text; }

// ---- Rows: a flat list of families and series, of which only those in sight are in the document ----

const state = {
  store: new Store(), source: body.dataset.metrics, paused: false, failing: '', failingSince: 0, partial: false,
  expandAll: false, open: new Map(), detailHeights: new Map(), rows: [], tops: new Float64Array(1), active: '', matches: 0,
};
let heights = {family: 56, series: 36};
const shown = new Map();       // key: the row's element and its parts

function readHeights() {
  const style = getComputedStyle(document.documentElement);
  const size = parseFloat(style.fontSize);
  heights = {family: parseFloat(style.getPropertyValue('--family-height')) * size + 1,
             series: parseFloat(style.getPropertyValue('--series-height')) * size + 1};
}

// Rows from the families that pass the search, sorted.
function arrange() {
  const start = performance.now();
  const {store} = state;
  const query = compile(search.value);
  const kind = $('show').value, order = $('sort').value;
  const passes = (item) => kind === 'changing' ? item.changing || (item.count?.changing) : true;
  let groups = [];
  let matches = 0, items = 0, total = 0;
  for (const family of store.families.values()) {
    for (const item of family.items) total += item.series;
    if (kind && kind !== 'changing' && family.type !== kind && !(kind === 'untyped' && family.type === 'unknown')) continue;
    const found = query.any || kind === 'changing' ? family.items.filter((item) => passes(item) && query.test(item)) : family.items;
    if (!found.length) continue;
    for (const item of found) matches += item.series;
    items += found.length;
    groups.push({family, items: found});
  }
  if (order) {
    const weigh = order === 'series' ? () => 0 : order === 'rate' ? (item) => store.rate(item) ?? -Infinity
      : (item) => Number.isNaN(item.value) ? -Infinity : item.value;
    for (const group of groups) {
      if (order === 'series') {
        group.weight = group.items.length;
      } else {
        const weighed = group.items.map((item) => [weigh(item), item]).sort((a, b) => b[0] - a[0] || 0);
        group.items = weighed.map(([, item]) => item);
        group.weight = weighed[0][0];
      }
    }
    groups.sort((a, b) => b.weight - a.weight || 0);
  }
  const opened = state.expandAll || ((query.any || kind === 'changing') && items <= kOpenMatches);
  const rows = [];
  for (const {family, items: found} of groups) {
    const solo = family.items.length === 1;
    const open = state.open.get(family.name) ?? (solo ? false : opened);
    rows.push({key: family.name, family, item: solo ? found[0] : undefined, items: found, open, level: 1});
    if (solo || !open) continue;
    found.forEach((item, i) => rows.push({key: `${item.id} `, family, item, open: state.open.get(`${item.id} `) ?? false, level: 2, at: i + 1, of: found.length}));
  }
  let place = 0;
  for (const row of rows) if (row.level === 1) { row.at = ++place; row.of = groups.length; }
  state.rows = rows;
  Object.assign(state, {matches, total, families: groups.length, problem: query.problem});
  layOut();
  measure('search', start);
}

function layOut() {
  const tops = new Float64Array(state.rows.length + 1);
  state.rows.forEach((row, i) => {
    const height = (row.level === 1 ? heights.family : heights.series) + (row.open && row.item ? state.detailHeights.get(row.key) ?? 260 : 0);
    tops[i + 1] = tops[i] + height;
  });
  state.tops = tops;
  tree.style.height = `${Math.max(96, tops[state.rows.length])}px`;
}

function rowAt(y) {
  let low = 0, high = state.rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (state.tops[middle + 1] <= y) low = middle + 1; else high = middle;
  }
  return low;
}

// Puts the rows in sight into the document and brings them up to date.
function render() {
  const start = performance.now();
  const {rows, tops} = state;
  const offset = tree.getBoundingClientRect().top;
  const margin = innerHeight / 2;
  const first = rowAt(Math.max(0, -offset - margin));
  const last = Math.min(rows.length, rowAt(Math.max(0, innerHeight - offset + margin)) + 1);
  const wanted = new Set();
  for (let i = first; i < last; ++i) wanted.add(rows[i].key);
  const activeAt = state.active ? rows.findIndex((row) => row.key === state.active) : -1;
  if (activeAt >= 0) wanted.add(state.active);
  for (const [key, parts] of shown) {
    if (wanted.has(key)) continue;
    parts.row.remove();
    shown.delete(key);
  }
  let previous = null, grown = false;
  const place = (i) => {
    const row = rows[i];
    let parts = shown.get(row.key);
    if (parts && parts.solo !== (row.item !== undefined)) {
      parts.row.remove();
      parts = undefined;
    }
    if (!parts) {
      parts = makeRow(row);
      shown.set(row.key, parts);
    }
    // In the document rows stand in the order that they are read in.
    const here = previous ? previous.nextSibling : tree.firstChild;
    if (here !== parts.row) tree.insertBefore(parts.row, here);
    previous = parts.row;
    parts.row.style.top = `${tops[i]}px`;
    fillRow(parts, row);
    if (parts.detail) {
      const height = parts.detail.offsetHeight;
      if (height && height !== state.detailHeights.get(row.key)) {
        state.detailHeights.set(row.key, height);
        grown = true;
      }
    }
  };
  if (activeAt >= 0 && activeAt < first) place(activeAt);
  for (let i = first; i < last; ++i) place(i);
  if (activeAt >= last) place(activeAt);
  if (activeAt >= 0) tree.setAttribute('aria-activedescendant', shown.get(state.active).row.id);
  else tree.removeAttribute('aria-activedescendant');
  if (grown) {
    layOut();
    for (let i = first; i < last; ++i) shown.get(rows[i].key).row.style.top = `${state.tops[i]}px`;
  }
  let empty = tree.querySelector('.empty');
  if (!rows.length) {
    if (!empty) tree.append(empty = make('p', 'empty'));
    setText(empty, state.store.tick < 0 ? (state.failing ? 'Nothing was read yet.' : 'Reading the metrics …') : 'Nothing matches.');
  } else if (empty) {
    empty.remove();
  }
  measure('render', start);
}

let ids = 0;
function makeRow({family, item, level}) {
  const row = make('div', `row ${level === 1 ? 'family' : 'series'}`);
  row.id = `row-${++ids}`;
  row.setAttribute('role', 'treeitem');
  row.setAttribute('aria-level', level);
  const parts = {row, solo: item !== undefined};
  const line = make('div', 'line');
  const what = make('div', 'what'), title = make('div', 'title');
  parts.metric = make('span', 'metric');
  if (level === 1) {
    parts.kind = make('span', 'kind');
    title.append(parts.metric, parts.kind);
    parts.help = make('div', 'help');
    what.append(title, parts.help);
    parts.metric.append(item && item.labels.length ? labelled(family.name, item.labels) : family.name);
  } else {
    title.append(parts.metric);
    what.append(title);
    const suffix = item.name.slice(family.name.length);
    parts.metric.append(labelled(suffix, item.labels));
  }
  row.title = item && item.labels.length ? item.id : '';
  parts.spark = makeSvg('svg', {class: 'spark', viewBox: '0 0 100 20', preserveAspectRatio: 'none', 'aria-hidden': 'true'});
  parts.curve = makeSvg('path', {class: item instanceof Histogram ? 'bars' : ''});
  parts.spark.append(parts.curve);
  parts.rate = make('div', 'rate');
  parts.value = make('div', 'value');
  parts.caret = make('span', 'caret', '\u203a');
  parts.caret.setAttribute('aria-hidden', 'true');
  line.append(parts.caret, what, parts.spark, parts.rate, parts.value);
  row.append(line);
  return parts;
}

function labelled(name, labels) {
  const all = document.createDocumentFragment();
  if (name) all.append(name);
  if (labels.length || !name) {
    all.append(make('i', '', '{'));
    labels.forEach(([label, value], i) => all.append(make('i', '', `${i ? ', ' : ''}${label}=`), make('b', '', value === '' ? '""' : value)));
    all.append(make('i', '', '}'));
  }
  return all;
}

function sumOf(items) {
  let sum;
  for (const item of items) {
    const rate = state.store.rate(item);
    if (rate !== undefined) sum = (sum ?? 0) + rate;
  }
  return sum;
}

function fillRow(parts, {key, family, item, items, open, level, at, of}) {
  const {row} = parts;
  row.setAttribute('aria-expanded', open);
  row.setAttribute('aria-posinset', at);
  row.setAttribute('aria-setsize', of);
  row.classList.toggle('active', key === state.active);
  if (level === 1) {
    setText(parts.kind, family.type);
    parts.kind.className = `kind ${family.type === 'counter' || family.type === 'gauge' ? family.type : ''}`;
    setText(parts.help, family.help);
  }
  if (!item) {
    const all = family.items.length;
    // What counts can be added up.
    const sums = items[0].counts && !(items[0] instanceof Histogram);
    setText(parts.rate, sums ? humaneRate(family.name, sumOf(items)) : '');
    if (sums && items.length <= kSummed) drawCurve(parts.curve, undefined, items, 100, 20); else parts.curve.setAttribute('d', '');
    setText(parts.value, items.length === all ? `${whole.format(all)} series` : `${whole.format(items.length)} of ${whole.format(all)}`);
    parts.value.className = 'value many';
    return;
  }
  setText(parts.value, item instanceof Histogram ? `${number(item.value)} seen` : humane(item.name, item.value));
  setText(parts.rate, humaneRate(item instanceof Histogram ? '' : item.name, state.store.rate(item)));
  if (item instanceof Histogram) drawBars(parts.curve, item);
  else drawCurve(parts.curve, undefined, [item], 100, 20);
  if (open && !parts.detail) {
    row.append(parts.detail = makeDetail(parts, item));
  } else if (!open && parts.detail) {
    parts.detail.remove();
    parts.detail = undefined;
  }
  if (parts.detail) parts.fillDetail();
}

// ---- Plots ----

function drawCurve(path, area, items, width, height) {
  const points = [];
  let least = Infinity, most = -Infinity, from = NaN, to = NaN;
  const take = (time, value) => {
    points.push([time, value]);
    if (!Number.isFinite(value)) return;
    if (Number.isNaN(from)) from = time;
    to = time;
    if (value < least) least = value;
    if (value > most) most = value;
  };
  if (items.length === 1) state.store.walk(items[0], take); else state.store.walkSum(items, take);
  let d = '', filled = '', drawing = false, beginning = 0, end = 0;
  if (to > from) {
    const scale = most > least ? (height - 3) / (most - least) : 0;
    const close = () => { if (drawing) filled += `L${end} ${height}L${beginning} ${height}Z`; };
    for (const [time, value] of points) {
      if (!Number.isFinite(value)) { close(); drawing = false; continue; }
      const x = (width * (time - from) / (to - from)).toFixed(1);
      const y = (scale ? height - 1.5 - (value - least) * scale : height / 2).toFixed(1);
      const step = `${drawing ? 'L' : 'M'}${x} ${y}`;
      if (!drawing) beginning = x;
      end = x;
      d += step;
      filled += step;
      drawing = true;
    }
    close();
  }
  path.setAttribute('d', d);
  path.classList.toggle('flat', !(most > least));
  if (area) area.setAttribute('d', filled);
  return {least, most, from, to, points};
}

function drawBars(path, histogram) {
  const sizes = histogram.sizes();
  const most = Math.max(...sizes.map(([, size]) => size), 0);
  const step = 100 / Math.max(1, sizes.length);
  let d = '';
  sizes.forEach(([, size], i) => {
    if (!(size > 0)) return;
    const height = Math.max(1, 19 * size / most);
    d += `M${(i * step + step * .1).toFixed(1)} 20v${(-height).toFixed(1)}h${(step * .8).toFixed(1)}v${height.toFixed(1)}Z`;
  });
  path.setAttribute('d', d);
}

// ---- What a series shows when it is opened ----

function makeDetail(parts, item) {
  const detail = make('div', 'detail');
  const clipped = parts.help && parts.help.scrollWidth > parts.help.clientWidth;
  const selector = item instanceof Histogram ? item.id.replace(item.family.name, `${item.family.name}_bucket`) : item.id;
  const acts = make('div', 'acts');
  const button = (label, text) => {
    const act = make('button', '', label);
    act.type = 'button';
    act.tabIndex = -1;
    act.addEventListener('click', () => copy(text));
    acts.append(act);
  };
  button('Copy selector', selector);
  if (item instanceof Histogram) button('Copy p90 query', `histogram_quantile(0.9, rate(${selector}[5m]))`);
  else if (item.counts) button('Copy rate query', `rate(${selector}[5m])`);
  const raw = make('span', 'raw');
  acts.append(raw);
  if (clipped) detail.append(make('p', 'raw', item.family.help));
  if (item instanceof Histogram) {
    const buckets = make('div', 'buckets');
    detail.append(buckets);
    parts.fillDetail = () => {
      const sizes = item.sizes();
      const most = Math.max(...sizes.map(([, size]) => size), 0);
      while (buckets.children.length > sizes.length * 3) buckets.lastChild.remove();
      while (buckets.children.length < sizes.length * 3) buckets.append(make('span', buckets.children.length % 3 === 1 ? 'size' : ''));
      sizes.forEach(([bound, size], i) => {
        setText(buckets.children[i * 3], `≤ ${humane(item.name, bound)}`);
        buckets.children[i * 3 + 1].style.setProperty('--part', most ? size / most : 0);
        setText(buckets.children[i * 3 + 2], number(size));
      });
      const mean = item.sum && item.count ? item.sum.value / item.count.value : NaN;
      const marks = [['mean', mean], ['p50', item.quantile(.5)], ['p90', item.quantile(.9)], ['p99', item.quantile(.99)]];
      setText(raw, marks.filter(([, v]) => Number.isFinite(v)).map(([name, v]) => `${name} ${humane(item.name, v)}`).join(' · '));
    };
  } else {
    const plot = make('div', 'plot');
    const svg = makeSvg('svg', {viewBox: '0 0 600 120', preserveAspectRatio: 'none', role: 'img'});
    const area = makeSvg('path', {class: 'area'}), curve = makeSvg('path', {});
    svg.append(curve, area);
    plot.append(svg);
    const top = make('div', 'ends'), bottom = make('div', 'ends');
    const most = make('span'), here = make('span'), span = make('span'), least = make('span'), now = make('span', '', 'now');
    const label = item.counts ? (v) => humaneRate(item.name, v) : (v) => humane(item.name, v);
    const mark = make('div', 'mark');
    let ends;
    plot.append(mark);
    plot.addEventListener('pointermove', (event) => {
      const box = plot.getBoundingClientRect();
      const time = ends.from + (ends.to - ends.from) * (event.clientX - box.left) / box.width;
      let nearest;
      for (const point of ends.points) {
        if (Number.isFinite(point[1]) && (!nearest || Math.abs(point[0] - time) < Math.abs(nearest[0] - time))) nearest = point;
      }
      if (!nearest) return;
      mark.style.left = `${100 * (nearest[0] - ends.from) / (ends.to - ends.from)}%`;
      const ago = Math.round((ends.to - nearest[0]) / 1000);
      setText(here, `${label(nearest[1])} ${ago ? `${duration(ago)} ago` : 'now'}`);
    });
    plot.addEventListener('pointerleave', () => setText(here, ''));
    top.append(most, here);
    bottom.append(span, least, now);
    detail.append(top, plot, bottom);
    parts.fillDetail = () => {
      ends = drawCurve(curve, area, [item], 600, 120);
      const known = ends.to > ends.from;
      setText(most, known ? (ends.most > ends.least ? `highest ${label(ends.most)}` : `always ${label(ends.most)}`) : 'The plot begins with the next refresh.');
      setText(least, known && ends.most > ends.least ? `lowest ${label(ends.least)}` : '');
      setText(span, known ? `${duration(Math.round((ends.to - ends.from) / 1000))} ago` : '');
      svg.setAttribute('aria-label', known ? `${item.counts ? 'Rate' : 'Value'}: lowest ${label(ends.least)}, highest ${label(ends.most)}` : 'No plot yet');
      setText(raw, `= ${item.value}`);
    };
  }
  detail.append(make('code', '', selector), acts);
  return detail;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without TLS there is no clipboard interface.
    const area = make('textarea', 'unseen');
    area.value = text;
    body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    tree.focus({preventScroll: true});
  }
  say(`Copied ${text}`);
  flash(`Copied ${text}`);
}

let flashing;
function flash(text) {
  setText($('count'), text);
  clearTimeout(flashing);
  flashing = setTimeout(() => { flashing = undefined; count(); }, 2500);
}

// ---- What stands around the rows ----

function count() {
  if (flashing) return;
  const {total = 0, matches = 0, families = 0, store} = state;
  if (store.tick < 0) return setText($('count'), '');
  let text = matches === total ? `${whole.format(total)} series in ${whole.format(families)} families`
    : `${whole.format(matches)} of ${whole.format(total)} series, in ${whole.format(families)} ${families === 1 ? 'family' : 'families'}`;
  if (state.problem) text = `${state.problem}. ${text}`;
  if (state.partial) text += '; the page goes on';
  if (store.bad) text += `; ${store.bad} lines are no samples`;
  setText($('count'), text);
}

let announcing;
function changed() {
  arrange();
  render();
  count();
  remember();
  clearTimeout(announcing);
  announcing = setTimeout(() => say($('count').textContent), 800);
}

function showState() {
  const stalled = state.failing !== '';
  facts.state.className = stalled ? 'bad' : 'good';
  setText(facts.state, stalled ? 'Not answering' : state.store.tick < 0 ? 'Asking' : state.paused ? 'Paused' : 'Serving');
  body.classList.toggle('failing', stalled);
}

function notice(...parts) {
  const box = $('notice');
  box.replaceChildren(...parts);
  box.hidden = parts.length === 0;
}

function fail(problem) {
  if (!state.failing) state.failingSince = new Date();
  state.failing = problem;
  const wait = state.paused ? 'Reading is paused.' : `Trying again every ${duration(Math.max(2, +$('every').value))}.`;
  const text = `${problem} since ${state.failingSince.toLocaleTimeString()}. ${wait}${state.store.tick >= 0 ? ' What stands below was read before.' : ''}`;
  if ($('notice').textContent !== text) notice(text);
  showState();
  render();
}

function narrowForm() {
  const form = make('form'), field = make('input'), act = make('button', '', 'Apply');
  field.type = 'text';
  field.value = $('query').value;
  field.placeholder = $('query').placeholder;
  field.setAttribute('aria-label', 'Query');
  form.append(field, act);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    useQuery(field.value);
  });
  return form;
}

function tooLarge() {
  const more = make('button', '', 'Go on refreshing this part');
  more.type = 'button';
  more.addEventListener('click', () => {
    state.accepted = true;
    notice();
    state.paused = false;
    showPause();
    refresh();
  });
  notice(`The page is larger than ${bytes(kMaxBytes)}: what came first is shown, and it is not read again by itself. ` +
    'A query makes it smaller:', narrowForm(), more);
}

// ---- Reading ----

let timer, aborter, busy = false;

function schedule() {
  clearTimeout(timer);
  if (state.paused || document.hidden) return;
  timer = setTimeout(refresh, 1000 * Math.max(+$('every').value, state.failing ? 2 : 0));
}

const pause = () => new Promise((go) => setTimeout(go));

async function readPage(signal) {
  const asked = performance.now();
  const response = await fetch(state.source, {signal, cache: 'no-store',
    headers: {'Accept': 'text/plain;version=0.0.4', 'X-Prometheus-Scrape-Timeout-Seconds': String(kTimeoutSeconds)}});
  const answered = performance.now();
  if (!response.ok) {
    const words = (await response.text()).trim().slice(0, 300);
    throw new Error(`The exporter answered ${response.status}${words ? ` (${words})` : ''}`);
  }
  const {store} = state;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '', size = 0, parsing = 0, partial = false;
  store.begin(answered);
  let turn = performance.now();
  for (;;) {
    const {done, value} = await reader.read();
    if (done) break;
    size += value.length;
    for (let at = 0; at < value.length; at += 1 << 17) {
      const start = performance.now();
      rest = store.parse(rest + decoder.decode(value.subarray(at, at + (1 << 17)), {stream: true}));
      const now = performance.now();
      parsing += now - start;
      if (now - turn > kSlice) {
        await pause();
        turn = performance.now();
      }
    }
    if (size >= kMaxBytes) {
      partial = true;
      reader.cancel().catch(() => {});
      break;
    }
  }
  const start = performance.now();
  if (!partial && rest) store.parse(`${rest}\n`);
  store.end();
  parsing += performance.now() - start;
  performance.clearMeasures('parse');
  performance.measure('parse', {start: performance.now() - parsing, duration: parsing});
  return {size, took: answered - asked, partial};
}

async function refresh() {
  clearTimeout(timer);
  if (busy || document.hidden) return;
  busy = true;
  tree.setAttribute('aria-busy', 'true');
  aborter = new AbortController();
  const late = setTimeout(() => aborter.abort('late'), 1000 * (kTimeoutSeconds + 2));
  const from = state.source;
  try {
    const {size, took, partial} = await readPage(aborter.signal);
    if (from !== state.source) return;
    if (state.failing) {
      state.failing = '';
      notice();
      say('The exporter answers again.');
    }
    state.partial = partial;
    if (partial && !state.accepted) {
      tooLarge();
      state.paused = true;
      showPause();
    }
    arrange();
    setText(facts.series, whole.format(state.total));
    facts.page.replaceChildren(`${duration(+(took / 1000).toPrecision(2))} `, make('small', '', `${partial ? 'over ' : ''}${bytes(size)}`));
    showState();
    render();
    count();
    await readStatus(aborter.signal);
  } catch (error) {
    if (from !== state.source) return;
    fail(aborter.signal.aborted ? `No whole answer within ${kTimeoutSeconds} s` : error instanceof TypeError ? 'The exporter does not answer' : error.message);
  } finally {
    clearTimeout(late);
    busy = false;
    tree.removeAttribute('aria-busy');
    if (from !== state.source) refresh(); else schedule();
  }
}

async function readStatus(signal) {
  const response = await fetch(body.dataset.status, {signal, cache: 'no-store', headers: {'Accept': 'application/json'}});
  if (!response.ok) return;
  const status = await response.json();
  setText(facts.uptime, duration(Math.max(1, Math.round(status.now - status.started))));
  showCollectors(status.collectors);
}

function showCollectors(collectors) {
  const counts = {failed: 0, ok: 0, no_data: 0, waiting: 0};
  const words = {failed: 'failed', ok: '', waiting: 'not yet'};
  const rank = Object.keys(counts);
  const most = Math.max(...collectors.map((c) => c.seconds), 1e-9);
  const items = [...collectors].sort((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state));
  const list = $('collectors');
  if (!list) return;
  const absent = items.filter((c) => c.state === 'no_data');
  counts.no_data = absent.length;
  const rest = items.filter((c) => c.state !== 'no_data');
  rest.forEach((c, i) => {
    ++counts[c.state];
    let item = list.children[i];
    if (!item) list.append(item = make('li'));
    if (item.children.length !== 4) item.replaceChildren(make('span', 'name'), make('span', 'state'), make('span', 'problem'), make('span', 'took'));
    item.className = c.state;
    item.style.setProperty('--part', c.seconds / most);
    setText(item.children[0], c.name);
    setText(item.children[1], words[c.state]);
    setText(item.children[2], c.state === 'failed' ? c.problem : '');
    setText(item.children[3], c.state === 'waiting' ? '' : duration(+c.seconds.toPrecision(2)));
  });
  while (list.children.length > rest.length) list.lastChild.remove();
  if (absent.length) {
    const names = make('li', 'no_data', 'Nothing to report: ');
    absent.forEach((c, i) => {
      const name = make('span', 'name', c.name);
      name.title = c.problem;
      names.append(i ? ', ' : '', name);
    });
    list.append(names);
  }
  const parts = [`${counts.ok} ok`];
  if (counts.no_data) parts.push(`${counts.no_data} without data`);
  if (counts.failed) parts.push(`${counts.failed} failing`);
  setText($('health'), parts.join(', '));
  $('health').className = counts.failed ? 'bad' : '';
  facts.collectors.className = counts.failed ? 'bad' : '';
  setText(facts.collectors, counts.failed ? `${counts.failed} failing` : `${counts.ok} ok`);
}

function showPause() {
  $('pause').setAttribute('aria-pressed', state.paused);
  setText($('pause'), state.paused ? 'Go on' : 'Pause');
  showState();
}
function togglePause() {
  state.paused = !state.paused;
  showPause();
  say(state.paused ? 'Paused' : 'Reading again');
  if (state.paused) clearTimeout(timer); else refresh();
}

// Another source: the metrics path with a query, or a probe's page.
function use(source) {
  state.source = source;
  state.store = new Store();
  state.open.clear();
  state.detailHeights.clear();
  state.active = '';
  state.accepted = state.partial = state.paused = false;
  state.failing = '';
  notice();
  showPause();
  setText($('source-name'), source);
  arrange();
  render();
  count();
  if (busy) aborter.abort(); else refresh();
}
function useQuery(query) {
  $('query').value = query;
  query = query.trim().replace(/^\?/, '');
  use(body.dataset.metrics + (query && `?${new URLSearchParams(query)}`));
}

// ---- Keyboard and pointer ----

function toggle(row, open = !row.open) {
  state.open.set(row.key, open);
  arrange();
  render();
}

function activate(index, scroll = true) {
  const row = state.rows[Math.max(0, Math.min(index, state.rows.length - 1))];
  if (!row) return;
  state.active = row.key;
  if (scroll) {
    const at = state.rows.indexOf(row);
    const top = tree.getBoundingClientRect().top + state.tops[at];
    const height = Math.min(state.tops[at + 1] - state.tops[at], innerHeight / 2);
    const above = (getComputedStyle(search.parentElement).position === 'sticky' ? search.parentElement : document.querySelector('.tools')).offsetHeight + 8;
    if (top < above) scrollBy(0, top - above);
    else if (top + height > innerHeight - 8) scrollBy(0, top + height - innerHeight + 8);
  }
  render();
}

tree.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== tree) return;
  const {rows} = state;
  const at = rows.findIndex((row) => row.key === state.active);
  const row = rows[at];
  const page = Math.max(1, Math.floor(innerHeight / heights.family) - 2);
  switch (event.key) {
    case 'ArrowDown': case 'j': activate(at + 1); break;
    case 'ArrowUp': case 'k':
      if (at <= 0 && event.key === 'ArrowUp') search.focus(); else activate(at - 1);
      break;
    case 'PageDown': activate(at + page); break;
    case 'PageUp': activate(at - page); break;
    case 'Home': activate(0); break;
    case 'End': activate(rows.length - 1); break;
    case 'Enter': case ' ': if (row) toggle(row); break;
    case 'ArrowRight': if (row && !row.open) toggle(row, true); else activate(at + 1); break;
    case 'ArrowLeft':
      if (row?.open) toggle(row, false);
      else if (row?.level === 2) activate(rows.findLastIndex((other, i) => i < at && other.level === 1));
      break;
    case 'c': if (row) copy(row.item && !(row.item instanceof Histogram) ? row.item.id : row.family.name); break;
    default: return;
  }
  event.preventDefault();
});
tree.addEventListener('focus', () => { if (!state.rows.some((row) => row.key === state.active)) activate(rowAt(Math.max(0, -tree.getBoundingClientRect().top)), false); });
tree.addEventListener('click', (event) => {
  const element = event.target.closest('.row');
  if (!element || event.target.closest('.detail') || String(getSelection())) return;
  const row = state.rows.find(({key}) => shown.get(key)?.row === element);
  if (!row) return;
  state.active = row.key;
  toggle(row);
});

search.addEventListener('input', changed);
search.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown' || event.key === 'Enter') {
    event.preventDefault();
    state.active = state.rows[0]?.key ?? '';
    tree.focus({preventScroll: true});
    activate(0);
  }
});
for (const id of ['show', 'sort']) $(id).addEventListener('change', changed);
$('every').addEventListener('change', () => { remember(); if (!busy) schedule(); });
$('pause').addEventListener('click', togglePause);
$('expand').addEventListener('click', () => {
  state.expandAll = !state.expandAll;
  state.open.clear();
  $('expand').setAttribute('aria-pressed', state.expandAll);
  setText($('expand'), state.expandAll ? 'Collapse all' : 'Expand all');
  arrange();
  render();
});
$('narrow').addEventListener('submit', (event) => {
  event.preventDefault();
  useQuery($('query').value);
});
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const typing = event.target.closest('input, select, textarea');
  if (event.key === 'Escape') {
    if (typing && typing !== search) return;
    if (search.value) { search.value = ''; changed(); } else if (typing) { tree.focus({preventScroll: true}); }
    event.preventDefault();
    return;
  }
  if (typing) return;
  if (event.key === '/') { search.focus(); search.select(); }
  else if (event.key === 'p') togglePause();
  else if (event.key === 'r') refresh();
  else if (event.key === 'j' || event.key === 'k') { tree.focus({preventScroll: true}); }
  else return;
  event.preventDefault();
});

// A probe can be watched here instead of being opened.
for (const form of document.querySelectorAll('.probes form')) {
  const watch = make('button', '', 'Watch here');
  watch.type = 'button';
  watch.addEventListener('click', () => {
    if (!form.reportValidity()) return;
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ''));
    use(`${form.getAttribute('action')}?${query}`);
    $('live').scrollIntoView();
  });
  form.append(watch);
}

let drawing = false;
const redraw = () => {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; render(); });
};
addEventListener('scroll', redraw, {passive: true});
addEventListener('resize', () => {
  readHeights();
  state.detailHeights.clear();
  layOut();
  redraw();
});
document.addEventListener('visibilitychange', () => { if (document.hidden) clearTimeout(timer); else if (!state.paused) refresh(); });

$('query').placeholder = body.dataset.query;
document.title += ` · ${location.host}`;
setText($('source-name'), state.source);
if (innerWidth < 700 && $('collectors')?.children.length > 8) document.querySelector('.collectors').open = false;
readHeights();
showState();
arrange();
render();
refresh();
});
