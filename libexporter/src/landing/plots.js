// Small plots, as paths of SVG: they take their colours from the style.

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
