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
  const alert = document.querySelector("#ended");
  alert.textContent = "You were logged out. ";
  // A copy of the session may still be good in this browser: that address asks the store.
  alert.append(Object.assign(document.createElement("a"), { href: ended, textContent: "Go on" }));
  alert.hidden = false;
  // Whoever sits here now may be somebody else.
  document.querySelector(".columns").replaceChildren();
  alert.focus();
}

const { watch, ask, ended } = document.body.dataset;
if (watch) watchSession(watch, showEnd);
if (ask) askForSession(ask, showEnd);

// A page that the browser kept whole for its back button may show a session that is over.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});

for (const hint of document.querySelectorAll(".only-scripts")) hint.hidden = true;
document.querySelector("main > .notice[role=status]")?.focus();

/** Runs one side of the race: five requests at once. Gives the changes that were kept. */
async function run(base, name) {
  const lane = document.querySelector(`[data-lane=${name}]`);
  const marks = [...lane.querySelectorAll("li")];
  const post = (step) => fetch(`${base}/${name}/${step}`, { method: "POST" });
  for (const mark of marks) mark.className = "sent";
  lane.querySelector("[data-score]").textContent = "On their way …";
  await post("start");
  const answers = await Promise.all(marks.map((mark) => post(mark.textContent)));
  const kept = await (await fetch(`${base}/${name}/kept`)).json();
  for (const mark of marks) mark.className = kept.includes(mark.textContent) ? "kept" : "lost";
  lane.querySelector("[data-score]").textContent = scoreOf(kept.length, marks.length);
  if (name === "race") reportRace(answers);
  return `${lane.querySelector("h3").textContent} kept ${kept.length} of ${marks.length}`;
}

function scoreOf(kept, all) {
  return kept === all ? `${kept} of ${all} kept` : `${kept} of ${all} kept, ${all - kept} lost`;
}

/** Adds up what the library did for all five, and puts it first. */
function reportRace(answers) {
  const calls = answers.flatMap((answer) => JSON.parse(answer.headers.get("Playground-Calls") ?? "[]"));
  const times = Map.groupBy(calls, (call) => call);
  const said = [...times].map(([call, { length }]) => `${call}, ${length} times.`);
  const list = Object.assign(document.createElement("ul"), { className: "said" });
  for (const text of said.length > 0 ? said : ["No store was asked: each answer had a cookie of its own."])
    list.append(Object.assign(document.createElement("li"), { textContent: text }));
  const heading = Object.assign(document.createElement("h3"), { textContent: "For the race" });
  document.querySelector("[data-race-report]").replaceChildren(heading, list);
}

for (const button of document.querySelectorAll("[data-race]")) {
  button.hidden = false;
  button.onclick = async () => {
    button.disabled = true;
    const base = button.dataset.race;
    const outcome = document.querySelector("[data-outcome]");
    outcome.textContent = "";
    try {
      // One after the other: a browser opens no more than six connections to a server.
      const ours = await run(base, "race");
      outcome.textContent = `${ours}; ${await run(base, "usual")}.`;
    } catch {
      outcome.textContent = "The race was not finished: the server did not answer.";
    }
    button.disabled = false;
    button.focus();
  };
}

/** What a stranger's script tries. Each gives whether it failed, and what came of it. */
function attempts([visitors, users]) {
  const seen = () => [visitors, users].some((name) => document.cookie.includes(name));
  const plant = (rest) => {
    // biome-ignore lint/suspicious/noDocumentCookie: it is what such a script would do.
    for (const name of [visitors, users]) document.cookie = `${name}=${rest}`;
  };
  return [
    ["It reads document.cookie.", () => !seen(), "In vain: the session’s cookie is not in it."],
    [
      "It asks the Cookie Store API.",
      async () => !(await globalThis.cookieStore?.getAll())?.some(({ name }) => name === visitors || name === users),
      "In vain: the cookie is not in that list either.",
    ],
    [
      "It plants a cookie of that name.",
      () => {
        plant("planted; Path=/; Secure; SameSite=Lax");
        const took = seen();
        plant("; Path=/; Secure; Max-Age=0");
        return !took;
      },
      "In vain: the browser refuses it, since the name begins with __Host-Http-.",
    ],
  ];
}

for (const button of document.querySelectorAll("[data-attack]")) {
  button.hidden = false;
  button.onclick = async () => {
    const list = document.querySelector("[data-attempts]");
    list.replaceChildren();
    for (const [what, failed, why] of attempts(button.dataset.attack.split(" "))) {
      const safe = await failed();
      const said = safe
        ? why
        : "This browser lets it: it does not know the rule yet. Without the server’s seal the cookie is no session.";
      const item = Object.assign(document.createElement("li"), { className: safe ? "safe" : "unsafe" });
      item.append(Object.assign(document.createElement("strong"), { textContent: what }), ` ${said}`);
      list.append(item);
    }
  };
}

// A login or logout on one side changes the list on the other; what ends a session there is told by the store alone.
const frames = [...document.querySelectorAll("iframe.browser")];
for (const frame of frames) {
  frame.addEventListener("load", () => {
    if (!frame.contentWindow.location.search.includes("changed")) return;
    for (const other of frames) {
      const { location } = other.contentWindow;
      if (other !== frame && location.pathname.endsWith("/sessions")) location.replace(location.pathname);
    }
  });
}
