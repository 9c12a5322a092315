// What a series shows when it is opened: a larger plot or the buckets, its selector, and what can be copied.

function makeDetail(parts, item) {
  const detail = make('div', 'detail');
  const clipped = parts.help && parts.help.scrollWidth > parts.help.clientWidth;
  const selector = item instanceof Histogram ? item.id.replace(item.family.name, `${item.family.name}_bucket`) : item.id;
  const acts = make('div', 'acts');
  const button = (label, text) => {
    const act = make('button', '', label);
    act.type = 'button';
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
