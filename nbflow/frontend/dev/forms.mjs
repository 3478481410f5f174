/** Schemas to look at: `?message=table&form=lists` asks one of them in place of the question. */

const text = { type: "string" };
const object = (properties, required = []) => ({ type: "object", properties, required });

const basics = {
  title: "What was seen at the colony?",
  schema: object(
    {
      observer: { title: "Observer", ...text, maxLength: 40 },
      nests: { title: "Nests", type: "integer", minimum: 0 },
      wind: { title: "Wind", description: "In metres a second.", type: "number" },
      snow: { title: "Snow on the ground", type: "boolean" },
      species: { title: "Species", enum: ["Adelie", "Chinstrap", "Gentoo"] },
      island: {
        title: "Island",
        enum: ["Anvers", "Biscoe", "Cormorant", "Dream", "Humble", "Torgersen"],
      },
      seen: {
        title: "Also seen",
        type: "array",
        uniqueItems: true,
        items: { enum: ["skua", "leopard seal", "giant petrel"] },
      },
      notes: { title: "Notes", ...text },
      more: { title: "Anything else" },
    },
    ["observer", "nests", "snow", "species", "island"],
  ),
  initial: { observer: "Kim", nests: 47, wind: 6.5, snow: true, species: "Adelie", seen: ["skua"] },
};

const formats = {
  title: "When and how shall the sensor be read?",
  schema: object(
    {
      start: { title: "First reading", type: "string", format: "date-time" },
      day: { title: "Delivered on", type: "string", format: "date" },
      time: { title: "Every day at", type: "string", format: "time" },
      every: { title: "Time between readings", type: "string", format: "duration" },
      mail: { title: "Report to", type: "string", format: "email" },
      page: { title: "Data sheet", type: "string", format: "uri" },
      serial: { title: "Serial number", type: "string", pattern: "^[A-Z]{2}-\\d{4}$" },
      gain: {
        title: "Gain",
        type: "number",
        minimum: 0.5,
        maximum: 8,
        multipleOf: 0.5,
        default: 1,
      },
      pin: { title: "PIN", type: "string", format: "password" },
      curve: { title: "Calibration", type: "string", contentEncoding: "base64" },
    },
    ["start", "every", "serial", "curve"],
  ),
  initial: {
    start: "2026-02-01T06:30:00+01:00",
    day: "2026-01-30",
    every: "PT10M",
    serial: "QX-0417",
    gain: 2,
    curve: "AAECAwQFBgcICQ==",
  },
};

const lists = {
  title: "In which order are the sites visited?",
  schema: object(
    {
      sites: {
        title: "Sites",
        type: "array",
        items: { type: "string", maxLength: 40 },
        minItems: 1,
        maxItems: 8,
      },
      team: {
        title: "Team",
        type: "array",
        items: object(
          {
            name: { title: "Name", ...text, maxLength: 40 },
            lead: { title: "Leads", type: "boolean" },
          },
          ["name"],
        ),
      },
      place: {
        title: "Meeting point",
        type: "array",
        prefixItems: [
          { title: "Latitude", type: "number", minimum: -90, maximum: 90 },
          { title: "Longitude", type: "number", minimum: -180, maximum: 180 },
        ],
        items: false,
      },
      gear: {
        title: "Gear",
        type: "array",
        uniqueItems: true,
        items: { enum: ["boat", "nets", "scales", "tags"] },
      },
      codes: { title: "Codes", type: "object", additionalProperties: { type: "integer" } },
    },
    ["sites", "team"],
  ),
  initial: {
    sites: ["Torgersen", "Biscoe", "Dream"],
    team: [{ name: "Kim", lead: true }, { name: "Robin" }],
    place: [-64.77, -64.05],
    gear: ["nets", "tags"],
    codes: { torgersen: 1, biscoe: 2 },
  },
};

const payment = {
  title: "How shall this be paid?",
  schema: {
    ...object(
      {
        who: {
          title: "Who pays",
          enum: ["person", "company"],
          "x-enumNames": ["A person", "A company"],
        },
        by: {
          title: "Paid by",
          oneOf: [
            {
              title: "Card",
              ...object(
                {
                  by: { const: "card" },
                  number: { title: "Number", ...text, pattern: "^\\d{16}$" },
                },
                ["by", "number"],
              ),
            },
            {
              title: "Transfer",
              ...object(
                { by: { const: "transfer" }, iban: { title: "IBAN", ...text, maxLength: 34 } },
                ["by", "iban"],
              ),
            },
            {
              title: "Later",
              ...object(
                { by: { const: "later" }, due: { title: "Due", type: "string", format: "date" } },
                ["by"],
              ),
            },
          ],
          discriminator: { propertyName: "by" },
        },
        note: { title: "Note", anyOf: [text, { type: "null" }] },
      },
      ["who", "by"],
    ),
    if: { properties: { who: { const: "company" } }, required: ["who"] },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
    then: object({ vat: { title: "VAT number", ...text, maxLength: 14 } }, ["vat"]),
  },
};

const values = {
  title: "Is this record right?",
  schema: object(
    {
      id: { title: "Record", type: "integer", readOnly: true },
      mass: { title: "Body mass", type: "integer", minimum: 2000, default: 4000, units: "g" },
      nickname: { title: "Nickname", ...text, maxLength: 30 },
      home: {
        title: "Nest",
        ...object(
          { row: { title: "Row", type: "integer" }, box: { title: "Box", type: "integer" } },
          ["row"],
        ),
      },
      extra: { title: "From another form", $ref: "https://example.org/extra.json" },
      sex: { title: "Sex", enum: ["male", "female"] },
      wing: { title: "Flipper", type: "number" },
    },
    ["mass"],
  ),
  initial: {
    id: 317,
    mass: 3800,
    nickname: "",
    home: { row: 4, box: 12 },
    extra: { ring: "blue" },
    sex: "unknown",
    wing: [181, 182],
  },
};

export const FORMS = { basics, formats, lists, payment, values };
