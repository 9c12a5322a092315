// Searching: words, label="value" (also != =~ !~), > 100; a selector pasted from PromQL works too.

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
