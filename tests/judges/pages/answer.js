// Hands a page's one answer to the test that opened it; see tests/browser.py. A plain script, loaded before modules, so
// that a module that cannot be loaded is reported too.
function send(answer) {
  return fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
}

// Runs work, an async function of the page's URLSearchParams, and sends what it returns.
function answer(work) {
  Promise.resolve(new URLSearchParams(location.search))
    .then(work)
    .then((result) => send({ result }), (error) => send({ error: `${error}\n${error.stack ?? ""}` }));
}

addEventListener("error", (event) => send({ error: event.message || `${event.target.src ?? event.target.tagName} did not load` }), true);
addEventListener("unhandledrejection", (event) => send({ error: `${event.reason}` }));
