// Shows how far a file is on its way. Without this script the same forms work, and show nothing meanwhile.
"use strict";

function refuse(form, text) {
  const said = form.querySelector("[data-said]");
  said.textContent = text;
  said.hidden = false;
}

function send(form) {
  const bar = form.querySelector("progress");
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = event.loaded / event.total;
  });
  request.addEventListener("load", () => {
    if (request.status < 400) return window.location.assign(request.responseURL);
    const answer = new DOMParser().parseFromString(request.responseText, "text/html");
    const fault = answer.querySelector(".notice.bad") || answer.querySelector("main h1");
    bar.hidden = true;
    refuse(form, fault ? fault.textContent.trim() : "This did not work: try again.");
    form.querySelector("button").disabled = false;
  });
  request.addEventListener("error", () => {
    bar.hidden = true;
    refuse(form, "The connection broke off: try again.");
    form.querySelector("button").disabled = false;
  });
  request.open("POST", form.action);
  bar.hidden = false;
  form.querySelector("button").disabled = true;
  request.send(new FormData(form));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form.upload")) return;
  event.preventDefault();
  const file = form.querySelector("input[type=file]").files[0];
  form.querySelector("[data-said]").hidden = true;
  if (file && file.size > Number(form.dataset.most)) return refuse(form, form.dataset.tooLarge);
  send(form);
});
