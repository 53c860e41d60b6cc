"""Accounts and zones: lists, filters, paging, visibility."""
import simulator
from simulator import ACCOUNT, NOBODY, OTHER_ACCOUNT, TOKEN

SECOND = "a token for the other account".replace(" ", "-")


class Accounts(simulator.Case):
    OPTIONS = simulator.Case.OPTIONS + (
        "--account", f"{OTHER_ACCOUNT}=Zeta", "--zone", f"{OTHER_ACCOUNT}/zeta.example@enterprise",
        "--token", f"{SECOND}=account:read,zone:read,account/{OTHER_ACCOUNT}")

    def test_list_and_get(self):
        answer = self.call("GET", "/accounts")
        self.assertEqual(self.names(answer), ["Acme", "Zeta"])
        self.assertEqual(answer.json["result_info"], {"page": 1, "per_page": 20, "count": 2, "total_count": 2})
        self.assertEqual(self.names(self.call("GET", "/accounts?name=Zeta")), ["Zeta"])
        self.assertEqual(self.names(self.call("GET", "/accounts?direction=desc")), ["Zeta", "Acme"])
        self.assertEqual(self.call("GET", f"/accounts/{ACCOUNT}").result["name"], "Acme")

    def test_past_the_end(self):
        answer = self.call("GET", "/accounts?page=7")
        self.assertEqual((answer.status, answer.result, answer.json["result_info"]["count"]), (200, [], 0))
        self.assertEqual(answer.json["result_info"]["total_count"], 2)

    def test_page_sizes(self):
        for path in ("/accounts", "/zones"):
            for query in ("per_page=4", "per_page=51", "per_page=x", "per_page=1e1", "page=0", "page=-1", "page=x",
                          "page=99999999999999999999"):
                self.assertRefused(self.call("GET", f"{path}?{query}"), 400, 1101)
            for query in ("per_page=5", "per_page=50", "page=2147483647", "per_page="):
                self.assertEqual(self.call("GET", f"{path}?{query}").status, 200)

    def test_visibility(self):
        self.assertEqual(self.names(self.call("GET", "/accounts", token=SECOND)), ["Zeta"])
        self.assertEqual(self.names(self.call("GET", "/zones", token=SECOND)), ["zeta.example"])
        self.assertRefused(self.call("GET", f"/accounts/{ACCOUNT}", token=SECOND), 403, 10000)
        self.assertRefused(self.call("GET", f"/accounts/{NOBODY}", token=SECOND), 404, 7003)


class Zones(simulator.Case):
    OPTIONS = ("--account", f"{ACCOUNT}=Acme", "--account", f"{OTHER_ACCOUNT}=Zeta", "--token", TOKEN, "--plan", "pro",
               "--zone", "example.com@free", "--zone", "Example.ORG", "--zone", "shop.example.com@business",
               "--zone", f"{OTHER_ACCOUNT}/zeta.example@enterprise")

    def zones(self, query):
        return self.names(self.call("GET", "/zones?" + query))

    def test_fields(self):
        zone = self.call("GET", f"/zones/{self.zone()}").result
        self.assertEqual((zone["name"], zone["status"], zone["type"], zone["paused"]), ("example.com", "active", "full", False))
        self.assertEqual(zone["account"], {"id": ACCOUNT, "name": "Acme"})
        self.assertEqual(zone["plan"]["legacy_id"], "free")
        self.assertEqual(len(zone["id"]), 32)
        self.assertRegex(zone["created_on"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        plans = {z["name"]: z["plan"]["legacy_id"] for z in self.call("GET", "/zones").result}
        self.assertEqual(plans, {"example.com": "free", "example.org": "pro", "shop.example.com": "business",
                                 "zeta.example": "enterprise"})

    def test_name_operators(self):
        everything = ["example.com", "example.org", "shop.example.com", "zeta.example"]
        cases = {
            "name=example.com": ["example.com"], "name=EXAMPLE.com": ["example.com"], "name=example": [],
            "name=equal:example.com": ["example.com"], "name=not_equal:example.com": everything[1:],
            "name=starts_with:exa": ["example.com", "example.org"], "name=starts_with:EXA": ["example.com", "example.org"],
            "name=starts_with_case_sensitive:EXA": [], "name=ends_with:.com": ["example.com", "shop.example.com"],
            "name=ends_with_case_sensitive:.COM": [], "name=contains:example": everything,
            "name=contains_case_sensitive:Example": [], "name=contains:%25": [], "name=": everything,
        }
        for query, names in cases.items():
            self.assertEqual(self.zones(query), names, query)

    def test_filters_and_order(self):
        everything = ["example.com", "example.org", "shop.example.com", "zeta.example"]
        cases = {
            f"account.id={OTHER_ACCOUNT}": ["zeta.example"], "account.name=Zeta": ["zeta.example"],
            "account.name=starts_with:Ac": everything[:3], "status=active": everything, "status=pending": [],
            "type=full,partial": everything, "type=internal": [], "direction=desc": everything[::-1],
            "order=name&direction=asc": everything, "order=account.name&direction=desc": ["zeta.example"] + everything[:3],
            "order=plan.id": ["shop.example.com", "zeta.example", "example.com", "example.org"],
            "name=example.com&account.name=Zeta": [],
            "name=example.com&account.name=Zeta&match=any": ["example.com", "zeta.example"],
            "name=nothing&match=all": [], "match=any": everything,
        }
        for query, names in cases.items():
            self.assertEqual(self.zones(query), names, query)
        for query in ("status=x", "order=x", "direction=up", "match=some"):
            self.assertRefused(self.call("GET", "/zones?" + query), 400, 1101)

    def test_paging(self):
        for index in range(7):
            self.assertEqual(self.control("POST", "/zones", {"name": f"z{index}.test"}).status, 200)
        first = self.call("GET", "/zones?per_page=5")
        self.assertEqual(first.json["result_info"], {"page": 1, "per_page": 5, "count": 5, "total_count": 11, "total_pages": 3})
        seen = self.names(first) + self.zones("per_page=5&page=2") + self.zones("per_page=5&page=3")
        self.assertEqual(len(set(seen)), 11)
        last = self.call("GET", "/zones?per_page=5&page=4")
        self.assertEqual((last.result, last.json["result_info"]["count"], last.json["result_info"]["total_count"]), ([], 0, 11))

    def test_ids(self):
        self.assertRefused(self.call("GET", f"/zones/{NOBODY}"), 404, 7003)
        answer = self.call("GET", "/zones/nonsense")
        self.assertRefused(answer, 404, 7003)
        self.assertEqual(answer.message,
                         "Could not route to /client/v4/zones/nonsense, perhaps your object identifier is invalid?")


if __name__ == "__main__":
    simulator.main()
