// What makes reading easier where scripts run; every page is whole without it. Each enhancement is one function that finds
// its own places in the page, called at the end. It asks nothing but what can be typed next in a query, of this site alone,
// and keeps nothing.
"use strict";

// A button that copies the text of each `[data-copy]`; where the browser forbids that, it selects the text instead.
function copying() {
  for (const text of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    const named = document.createElement("span");
    named.className = "unseen";
    named.textContent = ` ${text.dataset.copy}`;
    button.append(named);
    const said = document.createElement("span");
    said.className = "copied quiet";
    said.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent.trim());
        said.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        said.textContent = "Selected";
      }
      setTimeout(() => { said.textContent = ""; }, 3000);
    });
    const line = document.createElement("p");
    line.className = "copying no-print";
    line.append(button, said);
    text.after(line);
  }
}

// What can be typed next, in a list under a search box: arrow keys go through it, Enter takes, Escape closes. A combobox
// as in the ARIA Authoring Practices (list autocomplete with manual selection); Enter without a choice searches, as ever.
function suggesting(box) {
  const list = document.createElement("ul");
  list.id = `${box.id}-suggestions`;
  list.className = "suggestions";
  list.hidden = true;
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false",
    autocomplete: "off", autocapitalize: "none", spellcheck: "false", enterkeyhint: "search", type: "text" };
  for (const [name, value] of Object.entries(attributes)) box.setAttribute(name, value);
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  box.form.append(list);
  let found = { suggestions: [] };
  let chosen = -1;
  let asked = 0;
  let waiting = 0;

  function close() {
    asked += 1;
    clearTimeout(waiting);
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  function choose(at) {
    list.children[chosen]?.setAttribute("aria-selected", "false");
    const count = list.children.length;
    chosen = (at + count) % count;
    const option = list.children[chosen];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", option.id);
  }

  // Places are counted in characters, not in halves of one.
  function take(at) {
    const { text } = found.suggestions[at];
    const before = (end) => [...box.value].slice(0, end).join("").length;
    box.setRangeText(text, before(found.start), before(found.end), "end");
    box.focus();
    close();
    if (text.endsWith(":")) ask();
  }

  function show() {
    list.replaceChildren(...found.suggestions.map(({ text, note }, at) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${at}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const code = document.createElement("code");
      code.textContent = text.trim();
      const said = document.createElement("span");
      said.className = "quiet";
      said.textContent = note;
      option.append(code, " ", said);
      option.addEventListener("click", () => take(at));
      return option;
    }));
    chosen = -1;
    box.removeAttribute("aria-activedescendant");
    list.style.left = `${box.offsetLeft}px`;
    list.style.top = `${box.offsetTop + box.offsetHeight}px`;
    list.style.width = `${box.form.offsetWidth - box.offsetLeft}px`;
    list.hidden = found.suggestions.length === 0;
    box.setAttribute("aria-expanded", String(!list.hidden));
  }

  async function ask() {
    asked += 1;
    const mine = asked;
    const at = [...box.value.slice(0, box.selectionStart)].length;
    if (box.value.length > 2000) return close();
    try {
      const answer = await fetch(`${box.dataset.suggest}?${new URLSearchParams({ q: box.value, at })}`);
      const next = answer.ok ? await answer.json() : { suggestions: [] };
      if (mine !== asked || document.activeElement !== box) return;
      found = next;
      show();
    } catch {
      close();  // without an answer the box is a box
    }
  }

  box.addEventListener("input", () => {
    clearTimeout(waiting);
    // After a space there is nothing to go on with yet; the arrow key asks for all there is.
    if (/(^|[\s(])-?$/.test(box.value.slice(0, box.selectionStart))) close();
    else waiting = setTimeout(ask, 120);
  });
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown" && list.hidden) ask();
    else if (list.hidden) return;
    else if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && chosen >= 0) take(chosen);
    else return;
    event.preventDefault();
  });
  // The box keeps the focus while a finger or a mouse takes from the list.
  list.addEventListener("mousedown", (event) => event.preventDefault());
}

// A slash leads to the search box, unless something is being written.
function slash() {
  document.addEventListener("keydown", (event) => {
    const box = document.querySelector("input[name=q]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !box) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
}

copying();
document.querySelectorAll("input[data-suggest]").forEach(suggesting);
slash();
