"""What `mobile_contract/` says of leaves: schema, catalogue, a page for every event, vectors with their digests.

Everything follows from the classes; ids, salts and times are fixed, so two runs give the same bytes.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from schemas.act import Act
from schemas.chain import entry_hash, genesis, leaf_digest, step
from schemas.disclosure import ChainHead, NotShown, chains_text, hidden_text
from schemas.leaf import Leaf, Place, leaf_bytes
from schemas.leaf_catalogue import catalogue, catalogue_bytes, leaf_schema, schema_bytes
from schemas.leaves import LEAVES
from schemas.leaves_case import CaseFile, CaseInvestigate, CaseOpen
from schemas.ticket import sign_ticket
from tests.leaf_examples import (
    TICKET_KID,
    TICKET_PUBLIC,
    TICKET_SEED,
    example,
    examples,
    sparse,
    thing,
)

_FOLDER = "vectors/leaf"


def leaf_contract() -> dict[str, bytes]:
    """Return every derived file about leaves: path below `mobile_contract/` → bytes."""
    made = {"leaf.schema.json": schema_bytes(), "catalogue.json": catalogue_bytes()}
    made |= {f"events/{name}.md": page.encode() for name, page in pages()}
    index = []
    for name, leaf in vectors():
        made[f"{_FOLDER}/{name}.leaf"] = leaf_bytes(leaf)
        index.append(_vector(name, leaf))
    made[f"{_FOLDER}/index.json"] = _json(
        {
            "note": "the ticket key is published here and therefore worthless",
            "ticket_key": {"kid": TICKET_KID, "public": TICKET_PUBLIC, "seed_hex": TICKET_SEED.hex()},
            "leaves": index,
        }
    )
    made[f"{_FOLDER}/chain.json"] = _json(chain_vector())
    made[f"{_FOLDER}/refused.json"] = _json({"refused": list(refused())})
    return made


def vectors() -> Iterator[tuple[str, Leaf]]:
    """Yield one leaf of every pair with all its members, and one with none that may be absent."""
    yield from examples()
    for name, leaf in sparse():
        yield f"{name}-sparse", leaf


def _vector(name: str, leaf: Leaf) -> dict[str, Any]:
    digest = leaf_digest(leaf_bytes(leaf))
    return {
        "file": f"{name}.leaf",
        "event": leaf.event,
        "ev": leaf.ev,
        "digest": digest,
        "entry_hash": entry_hash(digest),
        "heads": {place.of: step(place.prev, digest, leaf.event) for place in leaf.chains},
        "openings": {member: opening.decode() for member, opening in sorted(leaf.act.openings().items())},
        "ticket": sign_ticket(digest, TICKET_SEED),
    }


def chain_vector() -> dict[str, Any]:
    """Return three leaves of one case in order, the head after each, and the side files of a package of it."""
    of = thing("case")
    head, entries = genesis(of), []
    for n, kind in enumerate((CaseOpen, CaseFile, CaseInvestigate), start=1):
        leaf = replace(example(kind, is_full=True), chains=(Place(n=n, of=of, prev=head),))
        payload = leaf_bytes(leaf)
        head = step(head, leaf_digest(payload), leaf.event)
        entries.append({"n": n, "leaf": payload.decode(), "digest": leaf_digest(payload), "head": head})
    hidden = [
        NotShown(entries[1]["digest"], "*", "third-party"),
        NotShown(entries[0]["digest"], "place", "privacy"),
    ]
    return {
        "of": of,
        "genesis": genesis(of),
        "leaves": entries,
        "chains.txt": chains_text(
            [ChainHead(of, 3, head), ChainHead(thing("log"), 0, genesis(thing("log")))]
        ).decode(),
        "hidden.txt": hidden_text(hidden).decode(),
    }


def refused() -> Iterator[dict[str, str]]:
    """Yield bytes that no reader may take for a leaf, and why."""
    payload = leaf_bytes(example(CaseOpen, is_full=True)).decode()
    for name, note, old, new in (
        ("space", "one spelling only", '"v":1', '"v": 1'),
        ("newline", "nothing stands after the leaf", '"v":1}', '"v":1}\n'),
        ("order", "members are sorted", '{"actor"', '{"v":1,"actor"'),
        ("escape", "no escape exists", '"lead"', '"l\\u0065ad"'),
        ("not-ascii", "text enters as a commitment", '"lead"', '"线索"'),
        ("version-true", "true is not 1", '"v":1', '"v":true'),
        ("float", "integers only", '"ev":1', '"ev":1.0'),
        ("null", "absent is the only way to say nothing", '"to":"lead"', '"principal":null,"to":"lead"'),
        ("member-unknown", "the members of a class are closed", '"to":"lead"', '"to":"lead","x":1'),
        ("member-missing", "a required member cannot be absent", ',"to":"lead"', ""),
        ("state-other", "the state after is fixed", '"to":"lead"', '"to":"filed"'),
        ("clear-text", "a salted member is never clear", '"to":"lead"', '"party":"A","to":"lead"'),
        (
            "place-of-another",
            "the chain is the subject's",
            f'"of":"{thing("case")}"',
            f'"of":"{thing("audit")}"',
        ),
        ("time-without-ms", "a time has milliseconds", "33.417Z", "33Z"),
        (
            "upper-case",
            "ids are lower-case",
            f'"subject":"{thing("case")}',
            f'"subject":"{thing("case").upper()}',
        ),
    ):
        assert old in payload, name
        yield {"name": name, "note": note, "leaf": payload.replace(old, new, 1)}


def pages() -> Iterator[tuple[str, str]]:
    """Yield a page for every event, with all its versions."""
    schema = leaf_schema()
    told = {(one["event"], one["ev"]): one for one in catalogue()["events"]}
    by_event: dict[str, list[type[Act]]] = {}
    for (event, _), kind in LEAVES.items():
        by_event.setdefault(event, []).append(kind)
    for event, kinds in by_event.items():
        parts = [f"# {event}\n\n{kinds[-1].spec.words.zh} · {kinds[-1].spec.words.en}\n"]
        parts += [_page(kind, told[event, kind.spec.ev], schema) for kind in kinds]
        yield event.replace(":", "-"), "\n".join(parts)


def _page(kind: type[Act], told: dict[str, Any], schema: dict[str, Any]) -> str:
    spec = kind.spec
    name = f"{spec.event.replace(':', '-')}-{spec.ev}"
    rows = [
        ("subject", f"`{spec.noun}/…`"),
        ("chains", _chains(kind)),
        ("written by", f"{spec.by} · actor {', '.join(f'`{noun}/…`' for noun in spec.actors)}"),
        ("roles", ", ".join(told["roles"]) + (", or the account itself" if spec.by_itself else "") or "–"),
        ("only after", spec.follows),
        ("state", _step(told)),
        ("new ETag of", ", ".join(spec.versions) or "–"),
        ("leaves alone", ", ".join(spec.neutral) or "–"),
        ("vector", f"[`{name}.leaf`](../{_FOLDER}/{name}.leaf)"),
    ]
    lines = [f"## Version {spec.ev}", "", (kind.__doc__ or "").strip(), "", "| | |", "|---|---|"]
    lines += [f"| {left} | {right} |" for left, right in rows]
    return "\n".join([*lines, "", *_members(kind, told, schema), ""])


def _chains(kind: type[Act]) -> str:
    if not kind.spec.chains:
        return "none"
    named = ", ".join("the subject's" if noun == "*" else noun for noun in kind.spec.chains)
    return f"{named}; begins it" if kind.spec.opens else named


def _step(told: dict[str, Any]) -> str:
    rows = [f"{row['noun']}: {', '.join(row['from']) or 'nothing'} → {row['to']}" for row in told["steps"]]
    return "; ".join(rows) or "–"


def _members(kind: type[Act], told: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    branch = next(one for one in schema["oneOf"] if one["title"] == f"{kind.spec.event} {kind.spec.ev}")
    properties = branch["properties"]["facts"]["properties"]
    lines = ["| member | | is |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {presence} | {_kind(properties[name], schema)} |"
        for name, presence in told["facts"].items()
    ]
    lines += [f"| `{name}` | {presence} | salted |" for name, presence in told["salted"].items()]
    return lines if len(lines) > 2 else ["No members."]


def _kind(schema: dict[str, Any], root: dict[str, Any]) -> str:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(_kind(one, root) for one in schema["anyOf"])
    if schema["type"] in ("array", "object"):
        return _shape(schema, root)
    return _scalar(schema)


def _shape(schema: dict[str, Any], root: dict[str, Any]) -> str:
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'], root)}"
    if "properties" not in schema:
        return "names with their words"
    inner = (f"`{name}` {_kind(one, root)}" for name, one in schema["properties"].items())
    return "{" + "; ".join(inner) + "}"


_FORMS = {
    "^[0-9a-f]{64}$": "64 hex",
    "^[a-z][a-z0-9_-]{0,63}$": "slug",
}


def _scalar(schema: dict[str, Any]) -> str:
    pattern = schema.get("pattern", "")
    if schema["type"] == "integer":
        return f"integer from {schema['minimum']}"
    if schema["type"] == "boolean":
        return "true or false"
    if schema.get("format") == "date-time":
        return "time"
    return _FORMS.get(pattern) or _named(pattern)


def _named(pattern: str) -> str:
    noun, slash, rest = pattern.strip("^$").partition("/")
    if "[0-9a-f]{8}-" in rest:
        return " or ".join(f"`{one}/…`" for one in noun.strip("()").split("|"))
    if "[0-9a-f]{8}-" in noun and not slash:
        return "uuid"
    escaped = pattern.replace("|", "\\|")
    return f"`{escaped}`"


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
