"""Every kind of fault alone at every call of the scenario, and random mixtures of them."""

import os
import random
import unittest

import harness

SEEDS = int(os.environ.get("ADIT_FAULT_SEEDS", "500"))
STRENGTH = 0.3


class Fault(unittest.TestCase):
    def check(self, cases):
        results = harness.run_cases(cases)
        print(harness.summary(results))
        self.assertEqual([(step, faults, wrong) for step, faults, _, _, wrong in results if wrong], [])
        return results

    def alone(self, kinds):
        results = self.check(harness.enumerate_cases(kinds))
        self.assertEqual([(step, faults) for step, faults, _, hits, _ in results if hits != 1], [])
        return results


class Refused(Fault):
    """Answers that say no."""

    def test_every_call(self):
        self.assertGreater(len(self.alone([k for k in harness.KINDS if k[0].isdigit() or k == "failure"])), 900)


class Connection(Fault):
    """Answers that do not come, or not whole."""

    def test_every_call(self):
        kinds = ["refused", "refused,for=2m", "reset", "reset,executed=yes", "lost", "truncated", "stalled", "stalled,for=5s",
                 "content-type"]
        self.assertGreater(len(self.alone(kinds)), 500)


class Reading(Fault):
    """Lists that change while they are read, and reads that do not show the last write."""

    def test_every_call(self):
        self.assertGreater(len(self.alone([*harness.PAGED, harness.STALE])), 90)


class AllKinds(unittest.TestCase):
    def test_none_is_forgotten(self):
        alone = {k for k in harness.KINDS if k[0].isdigit() or k == "failure"}
        alone |= {"refused", "refused,for=2m", "reset", "reset,executed=yes", "lost", "truncated", "stalled", "content-type"}
        self.assertEqual(set(harness.KINDS) - alone, {*harness.PAGED, harness.STALE})


def mixture(seed):
    """Some kinds, together striking three calls in ten."""
    draw = random.Random(seed)
    kinds = draw.sample(harness.KINDS, draw.randint(2, 8))
    chance = 1 - (1 - STRENGTH) ** (1 / len(kinds))
    return [f"{kind},p={chance:.4f},seed={seed * 100 + number + 1}" for number, kind in enumerate(kinds)] + \
        (["small-pages=3"] if draw.random() < 0.5 else [])


class Mixtures(Fault):
    def test_mixtures(self):
        print(f"seeds 1 to {SEEDS}, each for all steps")
        results = self.check([(step, mixture(seed)) for seed in range(1, SEEDS + 1) for step, _ in harness.scenario.STEPS])
        self.assertGreater(sum(hits for *_, hits, _ in results), 2 * len(results))


class Twin(unittest.TestCase):
    """What must not be is planted, and must be reported."""

    def test_a_write_that_is_not_kept(self):
        """No client can know it from the answer: a run that ends well has left live other than it should be."""
        results = harness.run_cases([(step, ["drop-write,path=/zones/*,times=1"]) for step, _ in harness.scenario.STEPS])
        for step, _, code, hits, wrong in results:
            self.assertEqual((code, hits), (0, 1), step)
            self.assertTrue(any(w.startswith("live differs") for w in wrong), wrong)
            self.assertTrue(any(w.startswith(("a further plan has changes", "orphan")) for w in wrong), wrong)

    def test_a_run_that_ends_badly_without_a_word(self):
        class Done:
            returncode, stdout, stderr = 3, "Apply complete!", ""
        self.assertTrue(harness.check_end(Done))
        Done.stdout = "Applied in part. Resources: 1 added"
        self.assertFalse(harness.check_end(Done))
        Done.returncode = 4
        self.assertTrue(harness.check_end(Done))


if __name__ == "__main__":
    unittest.main()
