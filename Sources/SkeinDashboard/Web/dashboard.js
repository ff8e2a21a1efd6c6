// Pages are complete without this: it keeps them up to date, asks before what can not be undone, and adds a few keys.
"use strict";

(() => {
  const main = document.getElementById("main");

  // ---- Questions before what a button does

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // ---- Keys

  document.addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const search = document.getElementById("search");
      if (search) search.focus();
      else window.location.assign("/jobs#search");
    }
  });
  if (window.location.hash === "#search") document.getElementById("search")?.focus();

  // ---- Times, which grow older by themselves

  const span = (seconds) => {
    if (seconds < 60) return `${seconds}s`;
    const [large, small, units] =
      seconds < 3600 ? [60, 1, "ms"] : seconds < 86400 ? [3600, 60, "hm"] : [86400, 3600, "dh"];
    const rest = Math.floor((seconds % large) / small);
    return `${Math.floor(seconds / large)}${units[0]}${rest ? rest + units[1] : ""}`;
  };
  const showTimes = () => {
    for (const time of document.querySelectorAll("time")) {
      const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
      const text = seconds >= 0 ? `${span(Math.floor(seconds))} ago` : `in ${span(Math.ceil(-seconds))}`;
      if (time.textContent !== text) time.textContent = text;
    }
  };
  setInterval(showTimes, 1000);

  // ---- Logs stay at their end, unless somebody scrolls up

  const isAtEnd = (element) => element.scrollTop + element.clientHeight >= element.scrollHeight - 24;
  const toEnd = (root) => {
    for (const log of root.querySelectorAll("[data-follow]")) log.scrollTop = log.scrollHeight;
  };
  toEnd(document);

  // ---- News

  const button = document.getElementById("live");
  if (!main?.dataset.live || !window.EventSource || !button) return;
  const text = document.getElementById("live-text");
  let source = null;
  const waiting = new Map();

  const show = (isLive, words) => {
    button.classList.toggle("live", isLive);
    text.textContent = words;
  };

  // A part that somebody works in is left alone until they are done.
  const isInUse = (part) => {
    const selection = window.getSelection();
    const isSelected = selection && !selection.isCollapsed && part.contains(selection.anchorNode);
    const active = document.activeElement;
    return isSelected || (part.contains(active) && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName));
  };

  // What had the focus has it again, when it is still there.
  const focusPath = (part) => {
    const active = document.activeElement;
    if (!part.contains(active) || active === document.body) return -1;
    return [...part.querySelectorAll("a, button, [tabindex]")].indexOf(active);
  };

  const put = (id, html) => {
    const part = main.querySelector(`[data-part="${CSS.escape(id)}"]`);
    if (!part) return;
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    if (fresh.innerHTML === part.innerHTML) {
      waiting.delete(id);
      return;
    }
    if (isInUse(part)) {
      waiting.set(id, html);
      return;
    }
    waiting.delete(id);
    const scrolled = [...part.querySelectorAll("[data-follow]")].map((log) => [log.scrollTop, isAtEnd(log)]);
    const focus = focusPath(part);
    part.innerHTML = html;
    if (focus >= 0) part.querySelectorAll("a, button, [tabindex]")[focus]?.focus({ preventScroll: true });
    part.querySelectorAll("[data-follow]").forEach((log, place) => {
      const [top, atEnd] = scrolled[place] ?? [0, true];
      log.scrollTop = atEnd ? log.scrollHeight : top;
    });
    showTimes();
  };

  const open = () => {
    source = new EventSource(main.dataset.live);
    source.addEventListener("hello", () => show(true, "Live"));
    source.addEventListener("part", (event) => {
      const end = event.data.indexOf("\n");
      put(event.data.slice(0, end), event.data.slice(end + 1));
    });
    source.addEventListener("trouble", (event) => {
      button.title = event.data;
      show(!event.data, event.data ? "Not readable" : "Live");
    });
    source.onerror = () => show(false, "Reconnecting…");
  };
  const close = () => {
    source?.close();
    source = null;
  };

  button.hidden = false;
  button.addEventListener("click", () => {
    const isOn = source === null;
    button.setAttribute("aria-pressed", String(isOn));
    if (isOn) open();
    else {
      close();
      show(false, "Paused");
    }
  });
  setInterval(() => { for (const [id, html] of [...waiting]) put(id, html); }, 500);
  // A page that nobody sees asks for nothing, and one that is left takes no connection along.
  let wasOn = false;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      wasOn = source !== null;
      close();
    } else if (wasOn && source === null) open();
  });
  window.addEventListener("pagehide", close);
  open();
})();
