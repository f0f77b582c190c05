
(function () {
  'use strict';
  var filter = document.getElementById('filter');
  if (!filter) {
    return;
  }
  var search = document.getElementById('search');
  var outcome = document.getElementById('outcome');
  var shown = document.getElementById('shown');
  var rows = Array.from(document.querySelectorAll('#rows tbody tr:not(.group)'));
  var texts = null;
  var waiting = 0;

  function textOf(row) {
    return Array.from(row.cells, function (cell) { return cell.textContent; }).join('\n').toLowerCase();
  }

  function apply() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    if (words.length && !texts) {
      texts = rows.map(textOf);
    }
    rows.forEach(function (row, i) {
      var fits = (!outcome.value || row.className === outcome.value) &&
        words.every(function (word) { return texts[i].includes(word); });
      row.hidden = !fits;
      count += fits ? 1 : 0;
    });
    shown.textContent = count.toLocaleString(document.documentElement.lang);
  }

  search.addEventListener('input', function () {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 150);
  });
  outcome.addEventListener('change', apply);
  filter.hidden = false;
  apply();
})();
