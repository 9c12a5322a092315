// The tree of families and series: a flat list of rows, of which only those in sight are in the document.

const kOpenMatches = 300;  // a search that finds no more series shows them all
const kSummed = 1000;  // series of a family that a plot adds up

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
  parts.metric.title = item ? item.id : family.name;
  parts.spark = makeSvg('svg', {class: 'spark', viewBox: '0 0 100 20', preserveAspectRatio: 'none', 'aria-hidden': 'true'});
  parts.curve = makeSvg('path', {class: item instanceof Histogram ? 'bars' : ''});
  parts.spark.append(parts.curve);
  parts.rate = make('div', 'rate');
  parts.value = make('div', 'value');
  parts.caret = make('span', 'caret', '\u203a');
  parts.caret.setAttribute('aria-hidden', 'true');
  line.append(parts.caret, what, parts.spark, parts.rate, parts.value);
  row.append(line);
  parts.metric.id = `${row.id}-name`;
  parts.value.id = `${row.id}-value`;
  row.setAttribute('aria-labelledby', `${parts.metric.id} ${parts.value.id}`);
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
