// What is live on the page. Without it everything else works.

/** Keeps a WebSocket on the session, which is closed with 4401 when the session ends. */
function watchSession(url, onEnded) {
  let tries = 0;
  const connect = () => {
    const socket = new WebSocket(url);
    let ping;
    let answered = true;
    socket.onopen = () => {
      tries = 0;
      const check = () => {
        if (!answered) return socket.close();
        answered = false;
        socket.send("ping");
      };
      ping = setInterval(check, 30_000);
      // At once too: workerd is 2 seconds late to close a connection on which nothing was said.
      check();
    };
    socket.onmessage = () => {
      answered = true;
    };
    socket.onclose = ({ code }) => {
      clearInterval(ping);
      if (code === 4401) return onEnded();
      // At most a minute or so, and not all pages at once.
      setTimeout(connect, Math.min(60_000, 1000 * 2 ** tries++) * (0.5 + Math.random()));
    };
  };
  connect();
}

/** Asks whether the session goes on, where no store can tell. A page that nobody sees asks when it is seen again. */
function askForSession(url, onEnded) {
  const ask = async () => {
    if (document.hidden) return;
    const response = await fetch(url).catch(() => undefined);
    if (response?.status !== 401) return;
    clearInterval(timer);
    onEnded();
  };
  const timer = setInterval(ask, 5000);
  document.addEventListener("visibilitychange", ask);
}

function showEnd() {
  const ended = document.querySelector("#ended");
  ended.textContent = "You were logged out. ";
  ended.append(Object.assign(document.createElement("a"), { href: location.pathname, textContent: "Go on" }));
  ended.hidden = false;
  // Whoever sits here now may be somebody else.
  document.querySelector("main").replaceChildren();
}

const { watch, ask } = document.body.dataset;
if (watch) watchSession(watch, showEnd);
if (ask) askForSession(ask, showEnd);

// A page that the browser kept whole for its back button may show a session that is over.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});

// Five requests at once: with an atomic store all five things are in the cart.
for (const button of document.querySelectorAll("[data-parallel]")) {
  button.hidden = false;
  button.onclick = async () => {
    const typed = button.form.elements.namedItem("item").value.trim() || "Apple";
    const add = (number) => {
      const body = new URLSearchParams({ item: `${typed} ${number}` });
      return fetch(button.dataset.parallel, { method: "POST", body, redirect: "manual" });
    };
    await Promise.all([1, 2, 3, 4, 5].map(add));
    location.reload();
  };
}

// The server knows no time zones.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time")) time.textContent = format.format(new Date(time.dateTime));
