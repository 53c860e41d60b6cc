"""The rate limit: headers, the sliding window, the block that follows; latency."""
import time

import simulator
from simulator import TOKEN

OTHER = "another-token"


class Rate(simulator.Case):
    OPTIONS = ("--account", f"{simulator.ACCOUNT}=Acme", "--zone", "example.com", "--token", TOKEN, "--token", OTHER)

    def limit(self, calls, window_ms):
        self.assertEqual(self.control("POST", "/rate", {"calls": calls, "window_ms": window_ms}).status, 200)

    def left(self, answer):
        return int(answer.headers["ratelimit"].split(";")[1].removeprefix("r="))

    def test_headers(self):
        answer = self.call("GET", "/zones")
        self.assertEqual(answer.headers["ratelimit"], '"default";r=1199;t=300')
        self.assertEqual(answer.headers["ratelimit-policy"], '"default";q=1200;w=300')
        self.assertNotIn("retry-after", answer.headers)
        self.assertEqual(self.left(self.call("GET", "/nothing")), 1198)
        self.assertEqual(self.left(self.call("GET", "/zones/x")), 1197)

    def test_every_answer_has_them(self):
        for answer in (self.call("GET", "/zones", token="unknown"), self.call("GET", "/zones", token=None), self.call("PUT", "/zones")):
            self.assertIn("ratelimit", answer.headers)
            self.assertIn("ratelimit-policy", answer.headers)

    def test_too_many(self):
        self.limit(3, 300000)
        for left in (2, 1, 0):
            self.assertEqual(self.left(self.call("GET", "/zones")), left)
        refused = self.call("GET", "/zones")
        self.assertRefused(refused, 429, 10100)
        self.assertEqual(refused.message, "More than 3 requests per 300 seconds reached. Please wait and consider throttling your "
                                          "request speed")
        self.assertEqual(refused.headers["retry-after"], "300")
        self.assertEqual(self.left(refused), 0)

    def test_a_refused_write_writes_nothing(self):
        self.limit(1, 300000)
        self.call("GET", "/zones")
        self.assertRefused(self.call("POST", f"/accounts/{simulator.ACCOUNT}/cfd_tunnel", {"name": "x"}), 429, 10100)
        self.limit(100, 300000)
        self.assertEqual(self.call("GET", f"/accounts/{simulator.ACCOUNT}/cfd_tunnel").result, [])

    def test_tokens_are_apart(self):
        self.limit(1, 300000)
        self.call("GET", "/zones")
        self.assertRefused(self.call("GET", "/zones"), 429, 10100)
        self.assertEqual(self.call("GET", "/zones", token=OTHER).status, 200)
        self.assertRefused(self.call("GET", "/zones", token="unknown"), 401, 1000)
        self.assertRefused(self.call("GET", "/zones", token="unknown"), 429, 10100)

    def test_control_is_not_counted(self):
        self.limit(1, 300000)
        for _ in range(5):
            self.assertEqual(self.control("GET", "/dump").status, 200)
        self.assertEqual(self.call("GET", "/zones").status, 200)

    def test_bad_limits(self):
        for calls, window_ms in ((0, 1000), (-1, 1000), (1, 0), (1000001, 1000), (1, 10 ** 12)):
            self.assertEqual(self.control("POST", "/rate", {"calls": calls, "window_ms": window_ms}).status, 400)
        self.assertEqual(self.control("POST", "/rate", {}).status, 400)


class Windows(Rate):
    """With a time scale of 1,000, so that five minutes pass in 0.3 seconds."""
    ENV = {"ADIT_TEST_TIME_SCALE": "1000"}

    def until(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline)

    def test_the_block_lasts_a_window_and_ends(self):
        self.limit(5, 300000)
        self.until(lambda: self.call("GET", "/zones").status == 429)
        answers = []
        self.until(lambda: answers.append(self.call("GET", "/zones")) or answers[-1].status == 200)
        waits = [int(answer.headers["retry-after"]) for answer in answers[:-1]]
        self.assertEqual(waits, sorted(waits, reverse=True))
        self.assertGreater(len(set(waits)), 1)
        self.assertEqual(self.left(answers[-1]), 4)

    def test_the_window_slides(self):
        # Slower than the limit for several windows: never refused, however many calls it is in all.
        self.limit(100000, 2000)
        statuses = {self.call("GET", "/zones").status for _ in range(50)}
        self.assertEqual(statuses, {200})
        self.assertGreaterEqual(self.left(self.call("GET", "/zones")), 100000 - 51)

    test_headers = test_too_many = None


class Latency(simulator.Case):
    OPTIONS = Rate.OPTIONS + ("--latency", "600000")
    ENV = {"ADIT_TEST_TIME_SCALE": "1000"}

    def test_latency_delays_the_api_alone(self):
        start = time.monotonic()
        self.assertEqual(self.call("GET", "/zones").status, 200)
        self.assertGreaterEqual(time.monotonic() - start, 0.55)

    def test_one_caller_does_not_wait_for_another(self):
        connections = [self.sim.connect() for _ in range(20)]
        start = time.monotonic()
        for connection in connections:
            connection.request("GET", "/client/v4/zones", headers={"Authorization": "Bearer " + TOKEN})
        for connection in connections:
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
        self.assertLess(time.monotonic() - start, 20 * 0.6 / 2)


if __name__ == "__main__":
    simulator.main()
