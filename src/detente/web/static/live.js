// A form with data-live asks again while it changes and puts the parts of the answer (data-part) in place of those on
// the page. One question is under way at a time and the newest waits, so no older answer is drawn over a newer one.
"use strict";

for (const form of document.querySelectorAll("form[data-live]")) {
  const said = form.querySelector("[data-said]");
  let busy = false;
  let waiting = false;
  let timer = 0;

  const address = () => {
    const url = new URL(form.action);
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      // Strength and dates of what is not chosen say nothing.
      const idle = form.elements[name].closest?.("li:not(:has(:checked))");
      if (value !== "" && !idle) asked.append(name, value);
    }
    url.search = asked.toString();
    return url;
  };

  const draw = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const fresh = page.getElementById(part.id);
      if (fresh) part.replaceWith(document.adoptNode(fresh));
    }
    for (const frame of [".head", ".lead", ".bottom"]) {
      const [old, fresh] = [document, page].map((one) => one.querySelector(frame));
      if (old && fresh) old.replaceWith(document.adoptNode(fresh));
    }
  };

  const ask = async () => {
    if (busy) {
      waiting = true;
      return;
    }
    busy = true;
    waiting = false;
    said.textContent = "Working …";
    const url = address();
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      draw(await answer.text());
      history.replaceState(null, "", url);
      const again = Number(answer.headers.get("Refresh"));
      said.textContent = again ? "Working …" : "";
      if (again && !waiting) timer = setTimeout(ask, 1000 * again);
    } catch (error) {
      said.textContent = "No answer from the desk: is it still running?";
    }
    busy = false;
    if (waiting) ask();
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 40);
  };

  // A slider of days moves the date field beside it; without this script there is the field alone.
  for (const slider of form.querySelectorAll("input[data-days-from]")) {
    const field = form.elements[slider.dataset.for];
    const first = Date.parse(slider.dataset.daysFrom);
    slider.closest("[hidden]").hidden = false;
    slider.addEventListener("input", () => {
      field.value = new Date(first + 86400000 * Number(slider.value)).toISOString().slice(0, 10);
    });
    field.addEventListener("input", () => {
      if (field.value) slider.value = String((Date.parse(field.value) - first) / 86400000);
    });
  }
  for (const slider of form.querySelectorAll("input[type=range][data-shown]")) {
    const shown = document.getElementById(slider.dataset.shown);
    slider.addEventListener("input", () => { shown.textContent = slider.value + (slider.dataset.unit || ""); });
  }

  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
}
