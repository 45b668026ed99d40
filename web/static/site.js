// What makes reading easier where scripts run; every page is whole without it. Each enhancement is one function that finds
// its own places in the page, called at the end. It asks nothing of any host and keeps nothing.
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

copying();
