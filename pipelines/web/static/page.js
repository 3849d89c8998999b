// Send the filters as soon as one is chosen. Without this script the button does it.
"use strict";

const form = document.getElementById("filters");
const below = { district: ["street", "community"], street: ["community"] };

if (form) {
  form.addEventListener("change", (event) => {
    if (event.target.tagName !== "SELECT") return;
    for (const name of below[event.target.name] || []) {
      if (form.elements[name]) form.elements[name].value = "";
    }
    form.requestSubmit();
  });
  // Leave untouched fields out of the address, so that a shared link stays short.
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) {
      if (value === "") event.formData.delete(name);
    }
  });
}

const printer = document.getElementById("print");
if (printer) {
  printer.hidden = false;
  printer.addEventListener("click", () => window.print());
}
