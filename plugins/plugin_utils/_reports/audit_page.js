// Copyright (c) 2026, influxops contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

"use strict";
const headings = [...document.querySelectorAll("th")];
const body = document.querySelector("tbody");
const compare = new Intl.Collator("en", { numeric: true }).compare;
headings.forEach((heading, number) => heading.firstElementChild.addEventListener("click", () => {
  const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  headings.forEach((other) => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", direction);
  const key = (row) => row.children[number].dataset.key;
  const sign = direction === "ascending" ? 1 : -1;
  // What isn't there comes last in either direction.
  body.append(...[...body.children].sort((one, other) => {
    const [first, second] = [key(one), key(other)];
    return (first === "") - (second === "") || sign * compare(first, second);
  }));
}));
