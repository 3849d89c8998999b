// Draw the chart whose specification stands in the page.
"use strict";

const holder = document.getElementById("chart");
const specification = JSON.parse(document.getElementById("chart-specification").textContent);
specification.config.font = getComputedStyle(document.body).fontFamily;

vegaEmbed(holder, specification, {
  mode: "vega-lite",
  renderer: "svg",
  actions: false,
  ast: true, // Vega's own interpreter instead of eval, as our content security policy demands
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
}).then(
  () => holder.setAttribute("data-drawn", "yes"),
  () => { holder.textContent = "图未能绘出，请看下面的逐周件数。"; },
);
