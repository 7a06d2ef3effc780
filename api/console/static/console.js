// What the pages do beyond htmx: they read without it, and without this.
(() => {
  "use strict";

  // Times are shown in the reader's own zone.
  const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const localise = (root) => {
    for (const t of root.querySelectorAll("time[datetime]")) {
      const text = zone.format(new Date(t.dateTime));
      if (t.dataset.age === undefined) t.textContent = text;
      else t.title = text;
    }
  };

  // A mark or a time of the transcript takes the player there.
  const jump = (event) => {
    const link = event.target.closest("[data-at]");
    const player = document.getElementById("player");
    if (!link || !player) return;
    event.preventDefault();
    player.currentTime = Number(link.dataset.at);
    player.play().catch(() => {}); // the browser may not let it
    const line = document.getElementById(link.dataset.line);
    if (line) {
      line.scrollIntoView({ block: "center" });
      line.classList.add("spoken");
      setTimeout(() => line.classList.remove("spoken"), 2000);
    }
  };

  // The line that is spoken just now follows the player.
  const follow = (player) => {
    let last = null;
    player.addEventListener("timeupdate", () => {
      let now = null;
      for (const line of document.querySelectorAll("li[data-start]")) {
        if (Number(line.dataset.start) <= player.currentTime) now = line;
      }
      if (now === last) return;
      if (last) last.classList.remove("now");
      if (now) now.classList.add("now");
      last = now;
    });
  };

  // One box ticks all of a list.
  const tickAll = (event) => {
    const all = event.target.closest("[data-all]");
    if (!all) return;
    for (const box of all.form.querySelectorAll("input[name=id]")) box.checked = all.checked;
  };

  // What is under a finger is not replaced before it is lifted.
  let pressed = false;
  let late = null; // what asked for a part that was not replaced
  const release = () => {
    pressed = false;
    if (late) htmx.trigger(late, "sse:changed");
    late = null;
  };
  document.addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => setTimeout(release, 200));
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!pressed) return;
    event.detail.shouldSwap = false;
    late = event.detail.requestConfig.elt;
  });

  // What has not changed stays: a menu open, the focus where it is, and nothing
  // is read out again.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const fresh = fragment.id === target.id ? fragment : fragment.firstElementChild;
    localise(fresh);
    if (fresh.isEqualNode(target)) event.detail.shouldSwap = false;
  });

  // What the page says of whether it is live.
  const say = (text, ...more) => {
    for (const word of document.querySelectorAll("[data-live]")) {
      const now = text || word.dataset.live;
      if (word.firstChild?.textContent !== now) word.replaceChildren(now, ...more);
    }
  };
  const reconnecting = "Not live: reconnecting …";
  const sayWhyNot = async (url) => {
    const answer = await fetch(url);
    answer.body?.cancel();
    if (answer.status !== 401) {
      if (!answer.ok) say(reconnecting);
      return;
    }
    const link = document.createElement("a");
    link.href = "/login?next=" + encodeURIComponent(location.pathname + location.search);
    link.textContent = "Sign in";
    say("Not live: you are no longer signed in. ", link);
  };

  // A stream of events, as htmx wants it, that is closed while nobody looks at the
  // page: a browser has six connections to a server, for all of its tabs. Each
  // begins with an event, so that nothing is missed.
  const waits = 5000; // ms, for what is soon over
  const streams = new Set();
  class Stream extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      streams.add(this);
      if (!document.hidden) this.open();
    }
    get readyState() { return this.source ? this.source.readyState : EventSource.CONNECTING; }
    open() {
      if (this.source) return;
      this.source = new EventSource(this.url);
      this.source.onopen = (event) => {
        clearTimeout(this.late);
        this.late = 0;
        say("");
        this.onopen?.(event);
      };
      this.source.onerror = (event) => {
        this.late ||= setTimeout(() => say(reconnecting), waits);
        if (this.readyState === EventSource.CLOSED) { // htmx makes another one
          clearTimeout(this.late);
          streams.delete(this);
          sayWhyNot(this.url).catch(() => say(reconnecting));
        }
        this.onerror?.(event);
      };
      this.source.addEventListener("changed", () => this.dispatchEvent(new Event("changed")));
    }
    pause() {
      clearTimeout(this.late);
      this.source?.close();
      this.source = this.late = null;
    }
    close() {
      streams.delete(this);
      this.pause();
    }
  }
  htmx.createEventSource = (url) => new Stream(url);
  let leaving = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (document.hidden) leaving = setTimeout(() => streams.forEach((s) => s.pause()), waits);
    else streams.forEach((s) => s.open());
  });

  document.addEventListener("DOMContentLoaded", () => {
    localise(document);
    document.documentElement.classList.add("js");
    const player = document.getElementById("player");
    if (player) follow(player);
  });
  document.addEventListener("htmx:afterSettle", () => localise(document));
  document.addEventListener("click", jump);
  document.addEventListener("change", tickAll);
})();
