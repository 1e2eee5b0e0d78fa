"""Requests made from openapi.json: good ones, and ones with a mistake."""

import string

ODD_TEXTS = ["", " ", "a" * 300, "ä\u2028ö", "\U0001f600", "../..", "%2e%2e", "{", "null", "\x7f", "' or 1=1 --", "-1",
             "\u202e", "a\nb", "𐀀" * 64]
TIMES = ["2030-01-31T12:00:00Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.9Z"]


class Generator:
    def __init__(self, contract, random, known=None):
        """`known`: good values by the name of a parameter or member."""
        self.contract = contract
        self.random = random
        self.known = known if known is not None else {}

    def text(self, name=""):
        good = self.known.get(name)
        if good and self.random.random() < 0.8:
            return self.random.choice(good)
        if self.random.random() < 0.3:
            return self.random.choice(ODD_TEXTS)
        return "".join(self.random.choices(string.ascii_lowercase + string.digits, k=self.random.randint(3, 20)))

    def value(self, schema, name="", depth=0, full=False):
        """What the schema takes. `full`: with every member."""
        schema = self.contract.resolve(schema)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object":
            return self.members(schema, depth, full)
        if kind == "array":
            many = 1 if full else self.random.choice([0, 1, 1, 2, 5])
            return [self.value(schema["items"], name.removesuffix("s"), depth + 1, full) for _ in range(many)]
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind == "integer":
            few = [schema["minimum"], schema["maximum"], 0, 1, 50]
            return self.random.choice([number for number in few if schema["minimum"] <= number <= schema["maximum"]])
        if kind == "number":
            return self.random.choice([0, -1.5, 1e300, 2**53])
        if schema.get("format") == "date-time":
            return self.random.choice(TIMES)
        if kind == "string":
            return self.text(name)
        return {"a": [1, "b", True]}  # anything goes

    def members(self, schema, depth, full):
        if "properties" not in schema:
            return {self.text(): self.random.choice([1, 0.5, "x", True, {"deep": [1]}])} if depth < 6 else {}
        if depth > 6:
            return {}
        exclusive = [set(rule["not"]["required"]) for rule in schema.get("allOf", [])]
        chosen = {}
        for name, member in self.random.sample(list(schema["properties"].items()), len(schema["properties"])):
            if any(name in pair and pair & chosen.keys() for pair in exclusive):
                continue
            if full or self.random.random() < 0.75:
                chosen[name] = self.value(member, name, depth + 1, full)
        return chosen

    def mistake(self, schema):
        """What the schema does not take; its root is an object."""
        schema = self.contract.resolve(schema)
        made = self.value(schema)
        name = self.random.choice(list(schema["properties"]))
        member = self.contract.resolve(schema["properties"][name])
        wrong = {"string": [1, True, {}, []], "integer": ["1", 1.5, -1.5, 2**40, {}], "boolean": ["true", 0],
                 "array": ["x", {}, 1], "object": ["x", 1, []]}.get(member.get("type"), [])
        if "enum" in member:
            wrong = [*wrong, "no_such_word", ""]
        if member.get("format") == "date-time":
            wrong = ["yesterday", "2030-01-31", "2030-02-30T00:00:00Z", "2030-01-31T12:00:00+01:00", 1]
        made[name] = self.random.choice([None, *wrong])
        if self.random.random() < 0.2:
            made = {**self.value(schema), "no_such_member": 1}
        return made
