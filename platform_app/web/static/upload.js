// Shows how far files are on their way. Without this script the same forms work, and show nothing meanwhile.
"use strict";

function refuse(form, text) {
  const said = form.querySelector("[data-said]");
  said.textContent = text;
  said.hidden = false;
}

function wait(form, on) {
  form.querySelector("progress").hidden = !on;
  for (const button of form.querySelectorAll("button")) button.disabled = on;
}

// What the page says that comes back instead; what was typed and chosen stays in this one.
function explain(form, answer) {
  const fault = answer.querySelector(".notice.bad") || answer.querySelector("main h1");
  const wrong = answer.querySelector("main [aria-invalid]");
  refuse(form, fault ? fault.textContent.trim() : "This did not work: try again.");
  if (wrong && form.elements[wrong.name]) form.elements[wrong.name].focus();
}

function send(form) {
  const bar = form.querySelector("progress");
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = event.loaded / event.total;
  });
  request.addEventListener("load", () => {
    if (request.status < 400) return window.location.assign(request.responseURL);
    wait(form, false);
    explain(form, new DOMParser().parseFromString(request.responseText, "text/html"));
  });
  request.addEventListener("error", () => {
    wait(form, false);
    refuse(form, "The connection broke off: try again.");
  });
  request.open("POST", form.action);
  request.send(new FormData(form));
  wait(form, true);
}

// Why files cannot be sent, in the words of the form.
function wrongWith(files, asked) {
  if (files.length > Number(asked.count || 1)) return asked.tooMany;
  if (files.some((file) => file.size > Number(asked.most))) return asked.tooLarge;
  return files.reduce((sum, file) => sum + file.size, 0) > Number(asked.all || asked.most) ? asked.allTooLarge : "";
}

document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (!form.matches("form.upload") || (button && (button.name || button.hasAttribute("formaction")))) return;
  const files = [...form.querySelector("input[type=file]").files];
  if (!files.length && "text" in form.dataset) return; // a text alone goes as any form does
  event.preventDefault();
  form.querySelector("[data-said]").hidden = true;
  const wrong = wrongWith(files, form.dataset);
  if (wrong) return refuse(form, wrong);
  send(form);
});
