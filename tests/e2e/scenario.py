"""One scenario for the harnesses: it creates, updates, moves hostnames between Gateways and deletes, across two tunnels,
three zones and ten hostnames; and what must be so after each step."""

import json

import lab

ZONES = ["example.com", "example.net", "example.org"]


def both_gateways():
    return lab.gateway("a") + "---\n" + lab.gateway("b")


def prefix(path, service, port=80):
    return (path, "PathPrefix", service, port)


def created():
    """Ten hostnames on two Gateways."""
    return {
        "gateways.yaml": both_gateways(),
        "shop.json": lab.route("shop", ["shop.example.com", "www.example.com"], [prefix("/", "web"), prefix("/cart", "cart")],
                               gateway="a"),
        "net.json": lab.route("net", ["api.example.net", "docs.example.net", "old.example.net"], [prefix("/", "api", 8080)],
                              gateway="a"),
        "org.json": lab.route("org", ["a.example.org", "b.example.org"], [prefix("/", "org")], gateway="b"),
        "com.json": lab.route("com", ["one.example.com", "two.example.com", "old.example.com"], [prefix("/", "com")],
                              gateway="b"),
    }


def changed():
    """Hostnames added, moved from a to b and from b to a, given another backend, and taken away."""
    return {
        "gateways.yaml": both_gateways(),
        "shop.json": lab.route("shop", ["shop.example.com", "new.example.com"], [prefix("/", "web", 8080), prefix("/cart", "cart")],
                               gateway="a"),
        "moved.json": lab.route("moved", ["www.example.com"], [prefix("/", "web"), prefix("/cart", "cart")], gateway="b"),
        "net.json": lab.route("net", ["api.example.net"], [prefix("/", "api", 8080)], gateway="a"),
        "docs.json": lab.route("docs", ["docs.example.net", "new.example.net"], [prefix("/", "api", 8080)], gateway="b"),
        "org.json": lab.route("org", ["a.example.org"], [prefix("/", "org")], gateway="a"),
        "b.json": lab.route("b", ["b.example.org"], [prefix("/", "org", 81)], gateway="b"),
        "com.json": lab.route("com", ["one.example.com", "two.example.com"], [prefix("/v2", "com"), prefix("/", "com")],
                              gateway="b"),
    }


def merged():
    """One Gateway left, with two hostnames: the other one's tunnel goes."""
    return {
        "gateways.yaml": lab.gateway("a"),
        "shop.json": lab.route("shop", ["shop.example.com", "api.example.net"], [prefix("/", "web")], gateway="a"),
    }


STEPS = [("create", created), ("change", changed), ("merge", merged)]
"""Each applied to what the one before left."""


def normal(dump):
    """The live state without ids, versions and times: tunnels by name, records by what they point at."""
    live = {t["id"]: t["name"] for t in dump["tunnels"] if not t.get("deleted_at")}
    configs = {c["tunnel_id"]: c["config"] for c in dump["configurations"]}
    records = []
    for record in dump["records"]:
        target = record["content"].removesuffix(".cfargotunnel.com")
        records.append((record["name"], record["type"], live.get(target, record["content"]), record["proxied"],
                        record.get("comment") or ""))
    return {
        "tunnels": sorted((name, json.dumps(configs.get(id), sort_keys=True)) for id, name in live.items()),
        "records": sorted(records),
    }


def faults(dump, state):
    """What must never be, whatever happened: two of a kind, a CNAME without its tunnel, a state that is not as live is."""
    found = []
    live = {t["id"]: t["name"] for t in dump["tunnels"] if not t.get("deleted_at")}
    names = sorted(live.values())
    found += [f"two tunnels {a}" for a, b in zip(names, names[1:]) if a == b]
    records = sorted((r["name"], r["type"]) for r in dump["records"])
    found += [f"two records {a}" for a, b in zip(records, records[1:]) if a == b]
    for record in dump["records"]:
        target = record["content"].removesuffix(".cfargotunnel.com")
        if target != record["content"] and target not in live:
            found.append(f"{record['name']} points at no tunnel")
    recorded = {r["id"]: r["address"] for r in state["resources"] if r["kind"] != "rule"}
    things = set(live) | {r["id"] for r in dump["records"] if (r.get("comment") or "").startswith("adit:")}
    found += [f"orphan {id}" for id in sorted(things - set(recorded))]
    found += [f"stale {recorded[id]}" for id in sorted(set(recorded) - things)]
    rules = {(r["address"]) for r in state["resources"] if r["kind"] == "rule"}
    made = sum(len((c["config"] or {}).get("ingress", [])) for c in dump["configurations"] if c["tunnel_id"] in live)
    if len(rules) != made:
        found.append(f"{len(rules)} rules recorded, {made} live")
    return found
