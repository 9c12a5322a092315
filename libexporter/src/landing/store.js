// What was scraped: families of series, and the last samples of each.

const kDepth = 120;  // samples kept of each series

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

// Behind the labels that begin at the brace; -1 where they do not end.
function labelsEnd(text, at, end) {
  // Usually that is where a quote, a brace and a blank stand for the first time. Not so where the quote is escaped
  // or opens a value.
  const quote = text.indexOf('"} ', at);
  if (quote > at && quote < end) {
    const before = text.charCodeAt(quote - 1);
    if (before !== 92 && before !== 61) return quote + 2;
  }
  for (++at; at < end; ++at) {
    const c = text.charCodeAt(at);
    if (c === 125) return at + 1;
    if (c !== 34) continue;
    for (++at; at < end && text.charCodeAt(at) !== 34; ++at) if (text.charCodeAt(at) === 92) ++at;
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
    this.brace = -1;
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
      if (this.brace < at) {
        this.brace = text.indexOf('{', at);
        if (this.brace < 0) this.brace = text.length;
      }
      const space = text.indexOf(' ', at);
      from = this.brace < space ? labelsEnd(text, this.brace, end) : space;
      if (from <= at || from >= end) { ++this.bad; return; }
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
      wider.fill(NaN, this.samples.length);
      this.samples = wider;
    }
    return this.used++;
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
