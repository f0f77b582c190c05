// The page works without this; with it, files can be dropped and a run is seen
// as it goes. Whatever comes from the server is put in as text, never as HTML.
(function () {
  'use strict';

  var drop = document.getElementById('drop');
  if (drop) {
    var file = document.getElementById('file');
    ['dragenter', 'dragover', 'dragleave', 'drop'].forEach(function (kind) {
      document.addEventListener(kind, function (event) {
        event.preventDefault();
        drop.classList.toggle('over', kind === 'dragenter' || kind === 'dragover');
      });
    });
    document.addEventListener('drop', function (event) {
      if (event.dataTransfer && event.dataTransfer.files.length === 1) {
        file.files = event.dataTransfer.files;
        drop.requestSubmit();
      }
    });
  }

  // Nothing is posted twice by an impatient hand.
  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (form.method !== 'post') {
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
    setTimeout(function () { delete form.dataset.sent; }, 5000);
  });

  var live = document.getElementById('live');
  var sheet = document.getElementById('sheet');
  var renew = document.querySelector('[data-renew]');
  if (!live && !sheet && !renew) {
    return;
  }
  var spoken = document.getElementById('spoken');
  var lastSpoken = 0;
  var begun = Number(document.body.dataset.revision);

  function fill(list, items) {
    var first = items.length ? JSON.stringify(items) : '';
    if (list.dataset.shown === first) {
      return;
    }
    list.dataset.shown = first;
    list.replaceChildren.apply(list, items.map(function (item) {
      var li = document.createElement('li');
      var tag = document.createElement('span');
      li.className = item.class;
      tag.className = 'tag';
      tag.textContent = item.name;
      li.append(tag, ' ' + item.line + ', ' + item.update + ': ' + item.message);
      return li;
    }));
    if (!items.length) {
      var none = document.createElement('li');
      none.textContent = list.dataset.none;
      list.append(none);
    }
  }

  function setText(node, text) {
    if (node.textContent !== text) {
      node.textContent = text;
    }
  }

  function show(p) {
    document.querySelectorAll('[data-show]').forEach(function (node) { setText(node, p[node.dataset.show]); });
    document.querySelectorAll('[data-count]').forEach(function (node) { setText(node, p.counts[node.dataset.count]); });
    document.querySelectorAll('[data-when]').forEach(function (form) {
      var fits = form.dataset.when.split(' ').includes(p.phase);
      if (!fits && form.contains(document.activeElement)) {
        document.getElementById('content').focus();
      }
      form.hidden = !fits;
    });
    var bar = document.getElementById('bar');
    bar.max = p.total;
    bar.value = p.done;
    document.title = (p.total ? Math.floor(100 * p.done / p.total) + '% ' : '') + 'billmark';
    fill(document.getElementById('last'), p.last);
    fill(document.getElementById('failures'), p.failures);
    // A screen reader hears of it every half minute, not of every update.
    if (Date.now() - lastSpoken > 30000) {
      lastSpoken = Date.now();
      setText(spoken, p.text);
    }
  }

  function hear(event) {
    var p = JSON.parse(event.data);
    if (live && p.phase && p.upload === live.dataset.upload) {
      show(p);
    } else if (live || renew && p.revision !== begun || sheet && p.phase && p.upload === sheet.dataset.upload) {
      events.close();
      location.reload();
    }
  }

  // A tab that nobody looks at does not listen: browsers keep few connections
  // to one host. What it has missed comes with the first event.
  var events = null;
  function listen() {
    if (document.hidden && events) {
      events.close();
      events = null;
    } else if (!document.hidden && !events) {
      events = new EventSource('/events');
      events.onmessage = hear;
      events.onerror = function () {
        document.querySelectorAll('[data-lost]').forEach(function (node) { setText(node, node.dataset.lost); });
      };
    }
  }
  document.addEventListener('visibilitychange', listen);
  window.addEventListener('pagehide', function () {
    if (events) {
      events.close();
      events = null;
    }
  });
  window.addEventListener('pageshow', function (event) {
    if (event.persisted) {
      location.reload();
    }
  });
  listen();

  // Pause, resume and stop need no new page.
  document.querySelectorAll('[data-when]').forEach(function (form) {
    form.addEventListener('submit', function (event) {
      event.preventDefault();
      delete form.dataset.sent;
      fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)), redirect: 'manual' })
        .catch(function () { setText(spoken, ''); });
    });
  });
})();
