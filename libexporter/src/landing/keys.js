// Keyboard, pointer, forms; and the start.

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
$('back').addEventListener('click', () => useQuery(''));
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
