"""DNS records: the list, its filters, order and pages."""
import simulator


class Filters(simulator.Case):
    def setUp(self):
        super().setUp()
        self.path = f"/zones/{self.zone('paid.example')}/dns_records"
        records = [
            {"type": "A", "name": "a", "content": "192.0.2.1", "proxied": True, "comment": "adit:shop gw/main",
             "tags": ["managed-by:adit", "team:web"]},
            {"type": "A", "name": "b", "content": "192.0.2.2", "ttl": 300, "comment": "ADIT:other gw/x", "tags": ["Team:Ops", "owner"]},
            {"type": "AAAA", "name": "c", "content": "2001:db8::1", "ttl": 60},
            {"type": "CNAME", "name": "d", "content": "Target.Example.net", "proxied": True, "comment": "100% by_hand"},
            {"type": "TXT", "name": "e", "content": "Some Text", "tags": ["team:webmasters"]},
        ]
        for record in records:
            self.assertEqual(self.call("POST", self.path, {"ttl": 1, **record}).status, 200)

    def letters(self, query):
        return "".join(name[0] for name in self.names(self.call("GET", f"{self.path}?{query}")))

    def check(self, cases):
        for query, letters in cases.items():
            self.assertEqual("".join(sorted(self.letters(query))), letters, query)

    def test_names(self):
        self.check({
            "name=a.paid.example": "a", "name.exact=A.PAID.example.": "a", "name=a": "", "name.contains=PAID": "abcde",
            "name.contains=a.p": "a", "name.startswith=B.": "b", "name.startswith=paid": "", "name.endswith=.EXAMPLE": "abcde",
            "name.endswith=a": "", "name.contains=%25": "", "name.contains=_": "", "name=": "abcde", "name=..": "",
        })

    def test_contents(self):
        self.check({
            "content=192.0.2.1": "a", "content.exact=TARGET.example.NET": "d", "content.contains=0.2.": "ab", "content.startswith=192": "ab",
            "content.endswith=text": "e", "content.startswith=some": "e", "content.exact=some": "",
        })

    def test_comments(self):
        self.check({
            "comment=adit:shop gw/main".replace(" ", "+"): "a", "comment.exact=ADIT%3ASHOP%20GW%2Fmain": "a", "comment.contains=gw": "ab",
            "comment.startswith=adit%3A": "ab", "comment.endswith=hand": "d", "comment.present": "abd", "comment.present=": "abd",
            "comment.absent=": "ce", "comment.absent=true": "ce", "comment.contains=%25": "d", "comment.contains=_": "d",
            "comment.startswith=adit:shop": "a",
        })

    def test_tags(self):
        self.check({
            "tag=team:web": "a", "tag=TEAM:WEB": "a", "tag=team": "abe", "tag=owner": "b", "tag.present=team": "abe", "tag.present=managed-by": "a",
            "tag.absent=team": "cd", "tag.absent=owner": "acde", "tag.exact=team:ops": "b", "tag.exact=team": "", "tag.exact=owner": "b",
            "tag.contains=team:eb": "ae", "tag.contains=owner:x": "", "tag.startswith=team:web": "ae", "tag.startswith=team:o": "b",
            "tag.endswith=team:masters": "e", "tag.endswith=team:s": "be", "tag.endswith=team:web": "a",
            "tag=team&tag=owner": "b", "tag=team:web&tag=owner": "", "tag=team:web&tag=owner&tag_match=any": "ab",
            "tag.absent=team&tag=owner&tag_match=any": "bcd",
        })

    def test_others(self):
        self.check({
            "type=A": "ab", "type=a": "ab", "type=MX": "", "proxied=true": "ad", "proxied=false": "bce", "search=192.0": "ab", "search=HAND": "d",
            "search=masters": "e", "search=c.paid": "c", "search=nothing": "", "unknown=filter": "abcde",
        })

    def test_match(self):
        self.check({
            "type=A&proxied=true": "a", "type=A&proxied=true&match=all": "a", "type=A&proxied=true&match=any": "abd",
            "name=c.paid.example&comment.startswith=adit&match=any": "abc", "type=TXT&tag=owner&match=any": "be",
            "type=A&tag=team:web&tag=team:webmasters&tag_match=any": "a", "match=any": "abcde",
        })

    def test_bad_filters(self):
        for query in ("match=some", "tag_match=x", "tag=a&tag_match=x", "proxied=maybe", "order=size", "direction=up", "per_page=0",
                      "per_page=5000001", "page=0", "page=x"):
            self.assertRefused(self.call("GET", f"{self.path}?{query}"), 400, 1101)

    def test_order(self):
        cases = {"": "abcde", "order=name": "abcde", "order=name&direction=desc": "edcba", "order=type&direction=desc": "edcab",
                 "order=ttl": "adecb", "order=ttl&direction=desc": "bcade", "order=proxied": "bcead", "order=content": "abced"}
        for query, letters in cases.items():
            self.assertEqual(self.letters(query), letters, query)

    def test_paging(self):
        first = self.call("GET", f"{self.path}?per_page=2")
        self.assertEqual(first.json["result_info"], {"page": 1, "per_page": 2, "count": 2, "total_count": 5, "total_pages": 3})
        self.assertEqual(self.letters("per_page=2") + self.letters("per_page=2&page=2") + self.letters("per_page=2&page=3"), "abcde")
        last = self.call("GET", f"{self.path}?per_page=2&page=4")
        self.assertEqual((last.status, last.result, last.json["result_info"]["count"]), (200, [], 0))
        self.assertEqual(self.call("GET", self.path).json["result_info"]["per_page"], 100)
        self.assertEqual(self.letters("per_page=5000000"), "abcde")
        self.assertEqual(self.call("GET", f"{self.path}?per_page=1&type=A").json["result_info"]["total_count"], 2)

    def test_many_parameters(self):
        self.assertEqual(self.letters("&".join(["tag=team"] * 200)), "abe")


if __name__ == "__main__":
    simulator.main()
