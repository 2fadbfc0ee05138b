// Figures that replace themselves: asks for all of them every few seconds while the page is
// seen, and says so when the connection is lost. Text is only ever set as text.
(() => {
  "use strict";

  const EVERY = 5000;
  const PATIENCE = 20000;
  const line = document.querySelector("[data-live-url]");
  if (!line) return;
  const state = line.querySelector("[data-live-state]");
  const when = line.querySelector("[data-live-moment]");
  let timer = 0;
  let last = "";
  let asking = false;

  const say = (name, words) => {
    line.dataset.state = name;
    if (state.textContent !== words) state.textContent = words;
  };

  const setText = (element, words) => {
    if (element.textContent === words) return;
    element.textContent = words;
    element.classList.remove("changed");
    requestAnimationFrame(() => element.classList.add("changed"));
  };

  const showRow = (element, row) => {
    if (row.health) element.dataset.health = row.health;
    for (const cell of element.querySelectorAll("[data-live]")) {
      const words = row.cells[cell.dataset.live];
      if (words !== undefined) setText(cell, words);
    }
    const parts = {
      trouble: row.trouble, error: row.cells.last_error, cure: row.cells.cure,
    };
    for (const part of element.querySelectorAll("[data-part]")) {
      part.hidden = !parts[part.dataset.part];
    }
  };

  const showVerdict = (verdict) => {
    const box = document.querySelector("[data-verdict]");
    if (!box) return;
    box.dataset.level = verdict.level;
    setText(box.querySelector("[data-verdict-words]"), verdict.words);
    const list = box.querySelector("[data-verdict-sentences]");
    const shown = [...list.children].map((item) => item.textContent);
    if (shown.join("\n") === verdict.sentences.join("\n")) return;
    list.replaceChildren(...verdict.sentences.map((sentence) => {
      const item = document.createElement("li");
      item.textContent = sentence;
      return item;
    }));
  };

  const show = (found) => {
    for (const element of document.querySelectorAll("[data-row]")) {
      const row = found.rows[element.dataset.row];
      if (row) showRow(element, row);
    }
    showVerdict(found.verdict);
    last = found.moment;
    when.textContent = last;
    say("live", "Live");
  };

  const lost = (why) => {
    when.textContent = "";
    say("lost", last ? `${why} The numbers are those of ${last}.` : why);
  };

  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(line.dataset.liveUrl, {
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        signal: AbortSignal.timeout(PATIENCE),
      });
      // A site that asks for a login everywhere sends programs to it, too.
      if (answer.status === 401 || answer.redirected) lost("You are logged out: reload the page.");
      else if (answer.status === 403) lost("You may no longer see this: reload the page.");
      else if (!answer.ok) lost("The server has a fault; trying again.");
      else show(await answer.json());
    } catch {
      lost("The connection is lost; trying again.");
    } finally {
      asking = false;
    }
  };

  const go = () => {
    clearInterval(timer);
    if (document.hidden) return;
    timer = setInterval(ask, EVERY);
    ask();
  };

  document.addEventListener("visibilitychange", go);
  go();
})();
