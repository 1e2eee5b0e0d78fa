// Shows the openapi.json beside this page. Text of the document only ever becomes text, never markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const byId = (id) => document.getElementById(id);

// element("p", {class: "x"}, "text", otherElement)
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// `code` and "quoted" paths in a line of a comment.
function inline(text) {
  return text.split(/(`[^`]+`)/).filter(Boolean).map((part) =>
    part.startsWith("`") ? element("code", {}, part.slice(1, -1)) : part);
}

// The part of Markdown that the comments use: paragraphs and lists.
function prose(text) {
  const blocks = [];
  for (const block of (text || "").split(/\n\n+/)) {
    let lines = [], items = null;
    const end = () => { if (lines.length) blocks.push(element("p", {}, ...inline(lines.join(" ")))); lines = []; };
    for (const line of block.split("\n")) {
      if (line.startsWith("- ")) {
        if (!items) { end(); items = []; }
        items.push(line.slice(2));
      } else if (items) items[items.length - 1] += " " + line.trim();
      else lines.push(line);
    }
    end();
    if (items) blocks.push(element("ul", {}, ...items.map((item) => element("li", {}, ...inline(item)))));
  }
  return blocks;
}

class Api {
  constructor(description) { this.description = description; }

  resolve(node) {
    if (!node || !node.$ref) return node || {};
    const target = node.$ref.slice(2).split("/").reduce((at, key) => at[key.replace(/~1/g, "/").replace(/~0/g, "~")], this.description);
    return { ...target, ...Object.fromEntries(Object.entries(node).filter(([key]) => key !== "$ref")) };
  }

  operations() {
    const all = [];
    for (const [path, item] of Object.entries(this.description.paths))
      for (const method of METHODS) if (item[method]) all.push({ path, method, ...item[method] });
    return all;
  }

  // "string", "array of Status (link)"
  type(schema) {
    if (schema.$ref && schema.$ref.startsWith("#/components/schemas/")) {
      const name = schema.$ref.split("/").pop();
      return [element("a", { href: "#schema-" + name }, name)];
    }
    if (schema.type === "array") return ["array of ", ...this.type(schema.items || {})];
    if (schema.type === "object" && schema.additionalProperties === true) return ["any object"];
    const limits = schema.maximum === undefined || schema.maximum > 2147483646 ? "" : ` ${schema.minimum} to ${schema.maximum}`;
    return [(schema.type || "any") + limits + (schema.format ? ` (${schema.format})` : "")];
  }

  // A value that the schema takes; `name` helps it to look like one.
  example(schema, name = "", depth = 0) {
    const real = this.resolve(schema);
    if (real.enum) return real.enum[0];
    if (real.type === "array") return depth > 4 ? [] : [this.example(real.items || {}, name.replace(/s$/, ""), depth + 1)];
    if (real.type === "object") {
      if (!real.properties || depth > 4) return {};
      // Of members that exclude each other, the first.
      const left_out = new Set((real.allOf || []).map((rule) => rule.not && rule.not.required && rule.not.required[1]));
      return Object.fromEntries(Object.entries(real.properties).filter(([key]) => !left_out.has(key))
        .map(([key, value]) => [key, this.example(value, key, depth + 1)]));
    }
    if (real.type === "boolean") return true;
    if (real.type === "integer" || real.type === "number") return name === "page_size" ? 50 : 1;
    if (real.format === "date-time") return "2030-01-31T12:00:00Z";
    if (real.type === "string") return name === "email" ? "ada@example.org" : real.format === "password" ? "…" : name || "text";
    return {};
  }

  curl(operation) {
    const parameters = (operation.parameters || []).map((parameter) => this.resolve(parameter));
    const path = operation.path.replace(/\{([^}]+)\}/g, (_, name) => "$" + name.toUpperCase());
    const query = parameters.filter((parameter) => parameter.in === "query" && parameter.name === "page_size").map(() => "?page_size=50").join("");
    const lines = [`curl -X ${operation.method.toUpperCase()} "$SERVER${path}${query}"`];
    if (!isPublic(operation)) lines.push('-H "Authorization: Bearer $TOKEN"');
    const content = this.resolve(operation.requestBody).content;
    if (content) {
      const text = JSON.stringify(this.example(content["application/json"].schema), null, 2).replace(/'/g, "'\\''");
      lines.push("-H 'Content-Type: application/json'", `-d '${text}'`);
    }
    return lines.join(" \\\n  ");
  }
}

const isPublic = (operation) => Array.isArray(operation.security) && operation.security.length === 0;

function table(heads, rows) {
  return element("table", {}, element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, ...[].concat(cell)))))));
}

// Of a parameter; one that is JSON has it with its content.
function schemaOf(parameter) {
  return parameter.schema || (parameter.content ? parameter.content["application/json"].schema : {});
}

function notes(schema) {
  const words = [];
  if (schema.deprecated) words.push(element("span", { class: "badge" }, "deprecated"));
  if (schema.writeOnly || schema.readOnly) words.push(element("span", { class: "badge" }, "secret"));
  if (schema.enum) words.push(element("p", {}, ...schema.enum.flatMap((word, i) => [i ? ", " : "", element("code", {}, word)])));
  return words;
}

function members(api, schema) {
  const required = new Set(schema.required || []);
  const excluded = (schema.allOf || []).flatMap((rule) => rule.not?.required || []);
  const one_of = [...new Set(excluded)].flatMap((name, i) => [i ? ", " : "One of: ", element("code", {}, name)]);
  return element("div", {}, element("p", {}, ...one_of), table(["Member", "Type", ""], Object.entries(schema.properties || {}).map(([name, member]) => [
    [element("code", {}, name), required.has(name) ? " always" : ""], api.type(member), [...prose(member.description), ...notes(member)]])));
}

function content(api, media) {
  return Object.entries(media || {}).flatMap(([type, { schema }]) => [element("p", {}, element("code", {}, type), ": ", ...api.type(schema || {}))]);
}

function parametersOf(api, operation) {
  const parameters = (operation.parameters || []).map((parameter) => api.resolve(parameter));
  if (!parameters.length) return [];
  return [element("h3", {}, "Parameters"), table(["Name", "In", "Type", ""], parameters.map((parameter) => [
    element("code", {}, parameter.name), parameter.in, api.type(schemaOf(parameter)), [...prose(parameter.description), ...notes(schemaOf(parameter))]]))];
}

function bodyOf(api, operation) {
  const media = api.resolve(operation.requestBody).content;
  if (!media) return [];
  const schema = api.resolve(media["application/json"].schema);
  return [element("h3", {}, "Body"), schema.properties ? members(api, schema) : element("p", {}, ...api.type(schema))];
}

function answersOf(api, operation) {
  const rows = [], problems = [];
  for (const [status, reference] of Object.entries(operation.responses)) {
    const answer = api.resolve(reference);
    if (status >= "400") { problems.push(element("li", {}, element("code", {}, status), " ", ...inline(answer.description))); continue; }
    const headers = Object.keys(answer.headers || {}).flatMap((name, i) => [i ? ", " : "", element("code", {}, name)]);
    rows.push([element("code", {}, status), [...prose(answer.description), ...content(api, answer.content)], headers]);
  }
  const refused = element("details", {}, element("summary", {}, `Problems (${problems.length})`),
    element("div", {}, element("p", {}, "As ", element("a", { href: "#schema-Problem" }, "Problem"), ":"), element("ul", {}, ...problems)));
  return [element("h3", {}, "Answers"), table(["Status", "", "Headers"], rows), refused];
}

function exampleOf(api, operation) {
  const text = api.curl(operation);
  const copy = element("button", { type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  });
  return [element("h3", {}, "Example"), element("div", { class: "example" }, element("pre", { tabindex: "0" }, element("code", {}, text)), copy)];
}

function operationView(api, operation) {
  const view = element("details", { id: operation.operationId, class: "operation" + (operation.deprecated ? " deprecated" : "") },
    element("summary", {}, element("span", { class: "method " + operation.method }, operation.method.toUpperCase()),
      element("span", { class: "path" }, operation.path), isPublic(operation) ? element("span", { class: "badge" }, "no credential") : null,
      element("span", { class: "words" }, operation.summary)));
  view.dataset.words = [operation.operationId, operation.method, operation.path, operation.summary, operation.description].join(" ").toLowerCase();
  // What is inside is made when it is first looked at.
  view.addEventListener("toggle", () => {
    if (!view.open || view.childElementCount > 1) return;
    view.append(element("div", {}, ...prose(operation.description),
      operation["x-grpc-method"] ? element("p", {}, element("small", {}, "gRPC ", element("code", {}, operation["x-grpc-method"]))) : null,
      ...parametersOf(api, operation), ...bodyOf(api, operation), ...exampleOf(api, operation), ...answersOf(api, operation)));
  });
  return view;
}

function show(api) {
  const { info, tags } = api.description;
  byId("title").textContent = info.title;
  byId("version").textContent = info.version;
  byId("rules").append(...prose(info.description));
  byId("rules").hidden = false;
  const operations = api.operations();
  for (const tag of tags) {
    const own = operations.filter((operation) => operation.tags.includes(tag.name));
    const views = own.map((operation) => operationView(api, operation));
    byId("operations").append(element("section", { class: "tag" }, element("h2", { id: "tag-" + tag.name }, tag.name),
      element("div", { class: "text" }, ...prose(tag.description)), ...views));
    byId("contents").append(element("div", { class: "tag" }, element("h2", {}, tag.name), element("ul", {}, ...own.map((operation) =>
      element("li", { "data-for": operation.operationId }, element("a", { href: "#" + operation.operationId }, operation.summary))))));
  }
  for (const [name, schema] of Object.entries(api.description.components.schemas)) {
    byId("schemas").append(element("details", { id: "schema-" + name }, element("summary", {}, element("code", {}, name)),
      element("div", {}, ...prose(schema.description), ...(schema.enum ? notes(schema) : [members(api, schema)]))));
  }
  byId("schemas").hidden = false;
  byId("state").hidden = true;
}

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const view of document.querySelectorAll(".operation")) {
    view.hidden = !words.every((word) => view.dataset.words.includes(word));
    found += view.hidden ? 0 : 1;
    document.querySelector(`[data-for="${view.id}"]`).hidden = view.hidden;
  }
  for (const tag of document.querySelectorAll(".tag")) tag.hidden = !tag.querySelector(".operation:not([hidden]), li:not([hidden])");
  for (const other of [byId("rules"), byId("schemas")]) other.hidden = words.length > 0;
  byId("state").hidden = !words.length;
  byId("state").textContent = found === 1 ? "1 operation" : `${found} operations`;
}

// Opens what the address names, and says so in the contents.
function follow() {
  const view = byId(decodeURIComponent(location.hash.slice(1)));
  if (!view) return;
  if (view.tagName === "DETAILS") {
    if (view.hidden) { byId("search").value = ""; search(""); }
    view.open = true;
    view.querySelector("summary").focus({ preventScroll: true });
  }
  view.scrollIntoView();
  for (const link of document.querySelectorAll("#contents a"))
    link.getAttribute("href") === location.hash ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
}

function listen() {
  byId("search").addEventListener("input", (event) => search(event.target.value));
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.matches("input")) { event.preventDefault(); byId("search").focus(); }
    if (event.key === "Escape" && event.target === byId("search")) { byId("search").value = ""; search(""); }
  });
  // A link to what was opened by hand.
  byId("operations").addEventListener("click", (event) => {
    const view = event.target.closest(".operation > summary")?.parentElement;
    if (view && !view.open) history.replaceState(null, "", "#" + view.id);
  });
  addEventListener("beforeprint", () => { for (const view of document.querySelectorAll("details")) view.open = true; });
}

async function start() {
  try {
    const answer = await fetch("openapi.json");
    if (!answer.ok) throw new Error(`openapi.json: ${answer.status}`);
    show(new Api(await answer.json()));
    listen();
    follow();
  } catch (error) {
    byId("state").textContent = `The description of the API could not be shown. ${error.message}`;
  }
}

start();
