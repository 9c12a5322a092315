// Reading the metrics and the collectors' health again and again, and saying how that goes.

const kMaxBytes = 8 << 20;  // of a page; reading stops there
const kTimeoutSeconds = 10;  // what the exporter is told to answer within
const kSlice = 25;  // milliseconds of reading before others get their turn

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
  const {store} = state;  // another source would have another one
  try {
    const {size, took, partial} = await readPage(aborter.signal);
    if (store !== state.store) return;
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
    if (store !== state.store) return;
    fail(aborter.signal.aborted ? `No whole answer within ${kTimeoutSeconds} s` : error instanceof TypeError ? 'The exporter does not answer' : error.message);
  } finally {
    clearTimeout(late);
    busy = false;
    tree.removeAttribute('aria-busy');
    if (store !== state.store) refresh(); else schedule();
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
  const most = Math.max(...collectors.map((c) => c.seconds), 1e-9);
  const list = $('collectors');
  if (!list) return facts.collectors.parentElement.remove();
  for (const c of collectors) ++counts[c.state];
  const fill = (into, c, i) => {
    let item = into.children[i];
    if (!item) into.append(item = make('li'));
    if (item.children.length !== 4) item.replaceChildren(make('span', 'name'), make('span', 'state'), make('span', 'problem'), make('span', 'took'));
    item.className = c.state;
    item.style.setProperty('--part', c.seconds / most);
    setText(item.children[0], c.name);
    setText(item.children[1], words[c.state]);
    setText(item.children[2], c.state === 'failed' ? c.problem : '');
    setText(item.children[3], c.state === 'waiting' ? '' : duration(+c.seconds.toPrecision(2)));
  };
  // Those that failed stand above the list, which may be closed.
  let above = $('failed');
  if (!above) {
    above = make('ul', 'list');
    above.id = 'failed';
    list.parentElement.before(above);
  }
  const failed = collectors.filter((c) => c.state === 'failed');
  failed.forEach((c, i) => fill(above, c, i));
  while (above.children.length > failed.length) above.lastChild.remove();
  const rest = collectors.filter((c) => c.state === 'ok' || c.state === 'waiting');
  rest.forEach((c, i) => fill(list, c, i));
  while (list.children.length > rest.length) list.lastChild.remove();
  const absent = collectors.filter((c) => c.state === 'no_data');
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
  $('back').hidden = source === body.dataset.metrics;
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
