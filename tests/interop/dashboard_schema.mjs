// SPDX-License-Identifier: GPL-3.0-or-later
// Holds a dashboard against Grafana's own schema:
//
//     node dashboard_schema.mjs FOLDER DASHBOARD
//
// FOLDER is where npm put @grafana/schema, ts-json-schema-generator and ajv. Grafana publishes its
// schema as types of TypeScript, of which a JSON schema is made here: of the dashboard, and of the
// options and fields of each kind of panel in it. What is left out of options has a default, so that
// nothing is missing there. Ends with 1 and a line for each fault; planted ones must be found.
import fs from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const require = createRequire(`${folder}/node_modules/`);
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { createGenerator } = await load("ts-json-schema-generator");
const Ajv = require("ajv").default;
const types = `${folder}/node_modules/@grafana/schema/dist/types/raw`;

function withoutRequired(value) {
  if (Array.isArray(value)) {
    return value.map(withoutRequired);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => key !== "required" || !Array.isArray(inner))
      .map(([key, inner]) => [key, withoutRequired(inner)]),
  );
}

// A function that says what is wrong with a value of this type; null if the file does not name it.
function checker(path, type, partial) {
  if (!new RegExp(`(interface|type) ${type}\\b`).test(fs.readFileSync(path, "utf8"))) {
    return null;
  }
  const schema = createGenerator({ path, type, skipTypeCheck: true }).createSchema(type);
  const validate = new Ajv({ allErrors: true, strict: false }).compile(
    partial ? withoutRequired(schema) : schema,
  );
  return (value) =>
    validate(value)
      ? []
      : validate.errors.map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
}

const whole = checker(`${types}/dashboard/x/types.gen.d.ts`, "Dashboard", false);
const kinds = new Map();

function kind(type) {
  if (!kinds.has(type)) {
    const path = `${types}/composable/${type}/panelcfg/x/types.gen.d.ts`;
    kinds.set(
      type,
      fs.existsSync(path) && {
        options: checker(path, "Options", true),
        fields: checker(path, "FieldConfig", true),
      },
    );
  }
  return kinds.get(type);
}

function panelFaults(panel) {
  if (panel.type === "row") {
    return [];
  }
  if (!kind(panel.type)) {
    return [`panel "${panel.title}": Grafana has no kind "${panel.type}"`];
  }
  const { options, fields } = kind(panel.type);
  const custom = panel.fieldConfig?.defaults?.custom;
  const found = [
    ...(options ? options(panel.options ?? {}) : []),
    ...(fields && custom ? fields(custom) : []),
  ];
  return found.map((text) => `panel "${panel.title}": ${text}`);
}

function faults(dashboard) {
  const panels = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  return [...whole(dashboard), ...panels.flatMap(panelFaults)];
}

const text = fs.readFileSync(file, "utf8");
const found = faults(JSON.parse(text));
for (const fault of found) {
  console.log(fault);
}

// Each is a slip that an editor of the file could make.
const slips = {
  "a refresh that is a number": (d) => (d.refresh = 30),
  "a panel without a kind": (d) => delete d.panels.find((p) => p.type === "stat").type,
  "a place that is a text": (d) => (d.panels[0].gridPos.w = "24"),
  "a mode of colours that is none": (d) =>
    (d.panels.find((p) => p.type === "stat").fieldConfig.defaults.color.mode = "rainbow"),
  "a legend that nobody knows": (d) =>
    (d.panels.find((p) => p.type === "timeseries").options.legend.displayMode = "tower"),
  "a line of a style that is none": (d) =>
    (d.panels.find((p) => p.type === "timeseries").fieldConfig.defaults.custom.drawStyle = "ink"),
};
let missed = 0;
for (const [name, slip] of Object.entries(slips)) {
  const dashboard = JSON.parse(text);
  slip(dashboard);
  if (faults(dashboard).length <= found.length) {
    console.log(`not found: ${name}`);
    missed++;
  }
}
const known = [...kinds].filter(([, checks]) => checks).map(([name]) => name);
console.log(`kinds of panels: ${known.join(", ")}; planted faults: ${Object.keys(slips).length}`);
process.exit(found.length + missed > 0 ? 1 : 0);
