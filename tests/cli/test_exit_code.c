/* Exit codes: the first that applies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/exit_code.h"

struct exit_case {
	enum rc rc;
	struct verdict verdict;
	int code;
};

static void test_cases(void **state)
{
	static const struct exit_case cases[] = {
		{ RC_OK, { 0 }, 0 },
		{ RC_OK, { .differs = true }, 2 },
		{ RC_OK, { .partial = true, .differs = true }, 3 },
		{ RC_OK, { .stale = true, .partial = true }, 5 },
		{ RC_OK, { .refused = true, .stale = true, .differs = true }, 4 },
		{ RC_OK, { .error = true, .refused = true }, 1 },
		{ RC_OK, { .usage = true, .error = true }, 64 },
		{ RC_OK, { .interrupted = true, .usage = true, .error = true }, 130 },
		{ RC_INVALID, { 0 }, 4 },
		{ RC_LIMIT, { 0 }, 4 },
		{ RC_STALE, { 0 }, 5 },
		{ RC_CANCELLED, { 0 }, 130 },
		{ RC_CANCELLED, { .error = true }, 1 },
		{ RC_CONFLICT, { 0 }, 1 },
		{ RC_CONFLICT, { .stale = true }, 5 },
		{ RC_INVALID, { .usage = true }, 64 },
		{ RC_NOTFOUND, { 0 }, 1 },
		{ RC_NOMEM, { 0 }, 1 },
		{ RC_DENIED, { .differs = true }, 1 },
		{ RC_UNAVAILABLE, { .partial = true }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(exit_code(cases[i].rc, &cases[i].verdict), cases[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
