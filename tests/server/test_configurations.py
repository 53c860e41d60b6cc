"""Configurations: versions, what is stored, and cloudflared's validation with its own words."""
import simulator

LAST = {"service": "http_status:404"}
BAD_ADDRESS = "{} is an invalid address, please make sure it has a scheme and a hostname"
HAS_PATH = ("{} is an invalid address, ingress rules don't support proxying to a different path on the origin service. "
            "The path will be the same as the eyeball request's path")
NOT_LAST = "The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)"
SHADOWS = ("Rule #{} is matching the hostname '{}', but this will match every hostname, meaning the rules which follow it "
           "will never be triggered.")
WILDCARD = ('Hostname patterns can have at most one wildcard character ("*") and it can only be used for subdomains, e.g. '
            '"*.example.com"')
FIELD = "json: cannot unmarshal {} into Go struct field {} of type {}"


class Configurations(simulator.Case):
    def setUp(self):
        super().setUp()
        self.tunnel = self.make_tunnel()
        self.path = self.tunnel_path(self.tunnel, "/configurations")

    def put(self, config):
        return self.call("PUT", self.path, {"config": config})

    def get(self):
        return self.call("GET", self.path).result

    def assertAccepted(self, *rules, **more):
        answer = self.put({"ingress": list(rules), **more})
        self.assertEqual(answer.status, 200, answer.text)

    def assertProblem(self, problem, *rules, **more):
        answer = self.put({"ingress": list(rules), **more})
        self.assertRefused(answer, 400, 1056)
        self.assertEqual(answer.message, "Bad Configuration: Validation failed: " + problem)


class Documents(Configurations):
    def test_before_any_put(self):
        self.assertEqual({k: self.get()[k] for k in ("config", "version", "source", "tunnel_id")},
                         {"config": None, "version": 0, "source": "local", "tunnel_id": self.tunnel["id"]})

    def test_versions(self):
        for version in (1, 2, 3):
            answer = self.put({"ingress": [LAST]})
            self.assertEqual((answer.result["version"], self.get()["version"]), (version, version))
        self.assertRefused(self.put({"ingress": [{"service": ""}]}), 400, 1056)
        self.assertEqual(self.get()["version"], 3)

    def test_put_migrates_a_local_tunnel(self):
        self.assertEqual(self.put({"ingress": [LAST]}).result["source"], "cloudflare")
        tunnel = self.call("GET", self.tunnel_path(self.tunnel)).result
        self.assertEqual((tunnel["config_src"], tunnel["remote_config"]), ("cloudflare", True))

    def test_what_is_stored(self):
        config = {"ingress": [{"hostname": "a.example.com", "path": "/", "service": "http://a", "x-mine": {"deep": [1, None]}},
                              {"hostname": "b.example.com", "service": "http://b", "originRequest": {"noTLSVerify": True, "new": 1}},
                              {"service": "http_status:404", "originRequest": None}],
                  "originRequest": {"connectTimeout": 10}, "unknown": ["kept"]}
        wanted = {**config, "ingress": [{**config["ingress"][0], "originRequest": {}}, config["ingress"][1],
                                        {"service": "http_status:404", "originRequest": {}}]}
        self.assertEqual(self.put(config).result["config"], wanted)
        self.assertEqual(self.get()["config"], {**wanted, "warp-routing": {"enabled": False}})

    def test_put_replaces_the_whole(self):
        self.put({"ingress": [LAST], "originRequest": {"noTLSVerify": True}, "warp-routing": {"enabled": True}})
        self.assertEqual(self.get()["config"]["warp-routing"], {"enabled": True})
        self.put({"ingress": [LAST]})
        self.assertEqual(self.get()["config"], {"ingress": [{**LAST, "originRequest": {}}], "warp-routing": {"enabled": False}})

    def test_empty(self):
        for config in ({}, {"ingress": []}, {"ingress": None}, None):
            self.assertEqual(self.put(config).status, 200, config)

    def test_bad_bodies(self):
        for body in (simulator.MARKER, [], "x", 1, None):
            self.assertRefused(self.call("PUT", self.path, body), 400, 9207)
        for config in ([], "x", 1, True):
            self.assertRefused(self.put(config), 400, 1056)

    def test_methods(self):
        for method in ("PATCH", "DELETE", "POST"):
            self.assertRefused(self.call(method, self.path, {}), 405, 10000)

    def test_large(self):
        rules = [{"hostname": f"h{i}.example.com", "path": f"^/p{i}(/.*)?$", "service": f"http://s{i}.ns.svc:80"}
                 for i in range(20000)]
        self.assertAccepted(*rules, LAST)
        self.assertEqual(len(self.get()["config"]["ingress"]), 20001)


class Validation(Configurations):
    def test_services(self):
        for service in ("http://a", "https://a:8443", "ws://a", "wss://a", "tcp://a:22", "ssh://a", "rdp://a", "smb://a", "foo://a",
                        "h2c://a", "http://a:", "http://a:0", "http://a:99999", "http://a?q=1", "http://a#f", "http://user:pw@a",
                        "HTTP://a", "http://[::1]:80", "unix:/run/x.sock", "unix:", "unix+tls:x", "http_status:100",
                        "http_status:999", "http_status:+404", "http_status:0404", "hello_world", "hello-world", "bastion",
                        "socks-proxy", "http://%C3%A4", "http://ä.example.com"):
            self.assertAccepted({"hostname": "a.example.com", "service": service}, LAST)

    def test_bad_addresses(self):
        for service in ("", "a", "a:80", "localhost:80", "http://", "http://:80", "http_status", "*", "//", "mailto:x", "/", "http://[]"):
            self.assertProblem(BAD_ADDRESS.format(service), {"service": service}, LAST)
        for service in ("http://a/", "http://a/x", "https://a:1/?q", "tcp://a/b#c"):
            self.assertProblem(HAS_PATH.format(service), {"service": service}, LAST)

    def test_addresses_that_do_not_parse(self):
        cases = {
            "127.0.0.1:80": 'parse "127.0.0.1:80": first path segment in URL cannot contain colon',
            "http://a:x": 'parse "http://a:x": invalid port ":x" after host',
            "http://a b": 'parse "http://a b": invalid character " " in host name',
            "http://a%20b": 'parse "http://a%20b": invalid URL escape "%20"',
            "http://a%zz": 'parse "http://a%zz": invalid URL escape "%zz"',
            "http://[::1": 'parse "http://[::1": missing \']\' in host',
            "http://[::1]x": 'parse "http://[::1]x": invalid port "x" after host',
            "://a": 'parse "://a": missing protocol scheme',
            "http://a/%": 'parse "http://a/%": invalid URL escape "%"',
            "http://a#%zz": 'parse "http://a#%zz": invalid URL escape "%zz"',
            "http://a\u007f": 'parse "http://a\u007f": net/url: invalid control character in URL',
            "http://u{@a": 'parse "http://u{@a": net/url: invalid userinfo',
        }
        for service, problem in cases.items():
            self.assertProblem(problem, {"service": service}, LAST)

    def test_status_codes(self):
        cases = {
            "1000": "1000", "99": "99", "-1": "-1", "4043": "4043", "abc": 'strconv.Atoi: parsing "abc": invalid syntax',
            "": 'strconv.Atoi: parsing "": invalid syntax', "4 04": 'strconv.Atoi: parsing "4 04": invalid syntax',
            "9" * 30: f'strconv.Atoi: parsing "{"9" * 30}": value out of range',
        }
        for text, problem in cases.items():
            self.assertProblem("invalid HTTP status code: " + problem, {"service": "http_status:" + text})

    def test_hostnames(self):
        for hostname in ("a.example.com", "*.example.com", "*example.com", "a:b:c", "[::1]", "a b.com", "a.com/path", "A.COM", "a.com.",
                         "xn--zzzzzz--", "bücher.example"):
            self.assertAccepted({"hostname": hostname, "service": "http://a"}, LAST)
        for hostname in ("a:80", "a:", ":80", "https://a", "[::1]:80"):
            self.assertProblem("Hostname cannot contain a port", {"hostname": hostname, "service": "http://a"}, LAST)
        for hostname in ("a*.b", "*.*.c", "**.c", "a.*"):
            self.assertProblem(WILDCARD, {"hostname": hostname, "service": "http://a"}, LAST)

    def test_the_last_rule(self):
        for rule in ({"hostname": "a.example.com"}, {"path": "/x"}, {"hostname": "*", "path": "/x"}):
            self.assertProblem(NOT_LAST, {**rule, "service": "http://a"})
        self.assertAccepted({"hostname": "*", "service": "http://a"})
        self.assertAccepted({"hostname": "", "path": "", "service": "http://a"})

    def test_a_catch_all_before_the_end(self):
        first = {"hostname": "a.example.com", "service": "http://a"}
        self.assertProblem(SHADOWS.format(1, ""), LAST, LAST)
        self.assertProblem(SHADOWS.format(2, "*"), first, {"hostname": "*", "service": "http://a"}, LAST)
        self.assertAccepted({"hostname": "*", "path": "/x", "service": "http://a"}, {"path": ".*", "service": "http://a"}, LAST)

    def test_duplicates(self):
        rule = {"hostname": "a.example.com", "path": "/x", "service": "http://a"}
        self.assertAccepted(rule, rule, LAST)

    def test_regexes(self):
        for path in ("/api", "^/api(/.*)?$", "(?i)x", r"\pL", "a{1,5}"):
            self.assertAccepted({"path": path, "service": "http://a"}, LAST)
        for path in ("(", "[", "a**", "(?=x)", r"\C", "a{2,1}", "*"):
            answer = self.put({"ingress": [{"hostname": "ok.example.com", "service": "http://a"}, {"path": path, "service": "http://a"}, LAST]})
            self.assertRefused(answer, 400, 1056)
            self.assertIn("Validation failed: Rule #2 has an invalid regex: error parsing regexp: ", answer.message)

    def test_bastion_overrides_any_service(self):
        self.assertAccepted({"service": "nonsense", "originRequest": {"bastionMode": True}})
        self.assertAccepted({"service": "nonsense"}, originRequest={"bastionMode": True})
        self.assertProblem(BAD_ADDRESS.format("nonsense"), {"service": "nonsense", "originRequest": {"bastionMode": False}},
                           originRequest={"bastionMode": True})

    def test_socks_proxy_rules(self):
        def rule(service, *ip_rules):
            return {"service": service, "originRequest": {"ipRules": list(ip_rules)}}
        self.assertAccepted(rule("socks-proxy", {"prefix": "10.0.0.0/8", "ports": [80, 443], "allow": True}, {"prefix": "::/0"}))
        self.assertAccepted(rule("http://a", {"prefix": "nonsense"}))
        before = "unable to create ip rule for socks-proxy: "
        self.assertProblem(before + "unable to parse cidr: nonsense", rule("socks-proxy", {"prefix": "nonsense"}))
        self.assertProblem(before + "unable to parse cidr: 10.0.0.0/33", rule("socks-proxy", {"prefix": "10.0.0.0/33"}))
        self.assertProblem(before + "no prefix provided", rule("socks-proxy", {}))

    def test_access(self):
        def rule(**access):
            return {"service": "http://a", "originRequest": {"access": access}}
        self.assertProblem("access.TeamName cannot be blank when access.audTags are present", rule(required=True, audTag=["x"]))
        self.assertAccepted(rule(required=True, audTag=["x"], teamName="t"))
        self.assertAccepted(rule(required=True))
        self.assertAccepted(rule(required=False, audTag=["x"]))
        self.assertAccepted({"service": "http://a"}, originRequest={"access": {"required": True, "audTag": ["x"]}})

    def test_the_order_of_checks(self):
        bad = {"hostname": "a:80", "path": "(", "service": "nonsense", "originRequest": {"access": {"required": True, "audTag": ["x"]}}}
        self.assertProblem(BAD_ADDRESS.format("nonsense"), bad, LAST)
        self.assertProblem("access.TeamName cannot be blank when access.audTags are present", {**bad, "service": "http://a"}, LAST)
        self.assertProblem("Hostname cannot contain a port", {"hostname": "a:80", "path": "(", "service": "http://a"}, LAST)

    def test_types(self):
        rule, origin = "UnvalidatedIngressRule.ingress.", "OriginRequestConfig.ingress.originRequest."
        self.assertProblem(FIELD.format("number", rule + "hostname", "string"), {"hostname": 1, **LAST})
        self.assertProblem(FIELD.format("array", rule + "service", "string"), {"service": []})
        self.assertProblem(FIELD.format("bool", rule + "path", "string"), {"path": True, **LAST})
        self.assertProblem(FIELD.format("string", "RemoteConfigJSON.ingress", "UnvalidatedIngressRule"), "rule")
        cases = {
            "noTLSVerify": ("yes", "string", "bool"), "http2Origin": (1, "number", "bool"), "httpHostHeader": (1, "number", "string"),
            "keepAliveConnections": (1.5, "number 1.5", "int"), "proxyPort": (-1, "number -1", "uint"),
            "access": ("x", "string", "AccessConfig"), "ipRules": ({}, "object", "IngressIPRule"),
        }
        for name, (value, kind, wanted) in cases.items():
            self.assertProblem(FIELD.format(kind, origin + name, wanted), {**LAST, "originRequest": {name: value}})
        self.assertProblem(FIELD.format("number", "AccessConfig.ingress.originRequest.access.audTag", "[]string"),
                           {**LAST, "originRequest": {"access": {"audTag": [1]}}})
        self.assertProblem(FIELD.format("string", "OriginRequestConfig.originRequest.noTLSVerify", "bool"), LAST,
                           originRequest={"noTLSVerify": "x"})

    def test_seconds_are_integers(self):
        for name in ("connectTimeout", "tlsTimeout", "tcpKeepAlive", "keepAliveTimeout"):
            self.assertAccepted({**LAST, "originRequest": {name: 30}})
            self.assertProblem(r'strconv.ParseInt: parsing "\"30s\"": invalid syntax', {**LAST, "originRequest": {name: "30s"}})
            self.assertProblem('strconv.ParseInt: parsing "1.5": invalid syntax', {**LAST, "originRequest": {name: 1.5}})
        self.assertProblem('strconv.ParseInt: parsing "true": invalid syntax', LAST, **{"warp-routing": {"connectTimeout": True}})

    def test_keys_compare_without_case_and_null_is_absent(self):
        self.assertProblem(BAD_ADDRESS.format("bad"), {"SERVICE": "bad"})
        self.assertProblem("Hostname cannot contain a port", {"HostName": "a:80", "service": "http://a"}, LAST)
        self.assertAccepted({"service": "http://a", "hostname": None, "path": None, "originRequest": {"connectTimeout": None}})
        self.assertProblem(BAD_ADDRESS.format(""), None)


if __name__ == "__main__":
    simulator.main()
