// The page as the server wrote it (names, links, forms, the collectors as they did last), and the parts that change.
// All text from outside goes through textContent: never through HTML.

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
